"""The big model's process, `python -m voicego.confirming MODEL ENGINE THREADS`: see `child`, which starts it."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from voicego.confirming.child import LENGTH
from voicego.errors import Exit, VoicegoError
from voicego.flow import Engine
from voicego.spotting import engines
from voicego.spotting.checkpoint import find

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.seams import Classifier


def main(model: str, engine: str, threads: str) -> None:
    """Load and answer until standard input ends."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a terminal and systemd tell all; this one ends with the daemon
        signal.signal(number, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer

    def say(**answer: object) -> None:
        answers.write(json.dumps(answer).encode() + b"\n")

    windows: SimpleQueue[bytes] = SimpleQueue()
    work = threading.Thread(
        target=_work,
        args=(lambda: engines.load(find(model), int(threads), Engine(engine)), windows, say),
        name="voicego-confirming-work",
        daemon=True,
    )
    work.start()
    while (sound := _request(sys.stdin.buffer)) is not None:
        windows.put(sound)
    os._exit(Exit.OK)  # the daemon has gone, or has had enough; loading may be under way and has nothing to tidy


def _request(stream: BinaryIO) -> bytes | None:
    """Read the next window's bytes, which may be none; None at the end."""
    length = stream.read(LENGTH.size)
    return stream.read(LENGTH.unpack(length)[0]) if len(length) == LENGTH.size else None


def _work(load: Callable[[], Classifier], windows: SimpleQueue[bytes], say: Callable[..., None]) -> None:
    try:
        while True:
            _answer(load(), windows, say)
            gc.collect()  # torch's modules hold each other
            windows.get()
    except VoicegoError as error:
        say(error=str(error))
    except Exception as error:  # noqa: BLE001 -- the thread's one boundary; the daemon logs what is said
        say(error=f"a surprise, {type(error).__name__}: {error}")
    os._exit(Exit.FAILED)


def _answer(classifier: Classifier, windows: SimpleQueue[bytes], say: Callable[..., None]) -> None:
    """Score windows until an empty one comes."""
    say(ready={"labels": classifier.labels, "engine": classifier.engine, "file": classifier.file})
    while window := windows.get():
        say(scores=classifier.score(np.frombuffer(window, "<f4")[None])[0].tolist())


if __name__ == "__main__":
    main(*sys.argv[1:])
