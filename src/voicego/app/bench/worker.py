"""One contender in a process of its own, so that its CPU time and its memory are its own: `python -m` this module NAME.

Each line on standard input is a question, each on standard output an answer, in JSON; the first answer comes when it is
ready to listen.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicego.app.bench.contenders import Voicego, enter
from voicego.app.bench.latency import delays
from voicego.app.bench.machine import resident_mb
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from voicego.app.bench.contenders import Contender


def serve(name: str) -> None:
    """Answer until nobody asks any more."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # what libraries print is no answer

        def answer(found: dict[str, Any]) -> None:
            answers.write(json.dumps(found) + "\n")
            answers.flush()

        try:
            contender = enter(name)
        except VoicegoError as error:
            answer({"absent": str(error)})
            return
        answer({"about": contender.about})
        for line in sys.stdin:
            answer(_answered(contender, json.loads(line)))


def _answered(contender: Contender, question: dict[str, Any]) -> dict[str, Any]:
    path = Path(question["path"])
    if question["ask"] == "delays":
        if not isinstance(contender, Voicego):
            raise TypeError("only voicego's own detections are judged here")
        return {"delays": [delay.as_ms() for delay in delays(contender, path, question["shifts"])]}
    before = time.process_time()
    counted = contender.hear(path, question["seconds"])
    spent = time.process_time() - before
    return {"cpu_s": spent, "counted": dict(counted), "resident_mb": resident_mb()}


if __name__ == "__main__":
    serve(sys.argv[1])
