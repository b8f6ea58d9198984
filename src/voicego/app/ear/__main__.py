"""The ear's own process: reads requests, a JSON object a line, and says what it hears in the same way.

| request | what it says |
|---|---|
| `{"do": "about"}` | `{"portaudio": version, "host_apis": [names], "server": name}` |
| `{"do": "list"}` | `{"microphones": [fields of a `hearing.choosing.Device`]}`, the best first |
| `{"do": "measure", "names": [...], "channel": n}` | `{"sound": ...}`, see `measuring.measure` |
| `{"do": "level", "names": [...], "channel": n}` | `{"open": name}`, then `{"level_db": rms}` twelve times a second |
| `{"do": "words", "names": [...], "rules": file}` | the same, and what a word scores, see `words.follow` |

Whatever goes wrong is `{"error": sentence}`, with `"hangs": true` where the sound server answers nobody. Each request
has a `number`, which all that is said about it carries too. A request ends the one before. The process ends with its
standard input.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from voicego.app.ear import measuring, words
from voicego.errors import VoicegoError
from voicego.hearing.sound_server import ServerHangs

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

ENDS_S = 4.0
"""Seconds that a request has to end in; a microphone is closed within one."""

SAY = threading.Lock()


def main() -> None:
    """Answer until standard input ends."""
    current: Turn | None = None
    for line in sys.stdin:
        if current is not None:
            current.end()
        current = Turn(json.loads(line))
        current.start()
    sys.stdout.flush()
    os._exit(0)  # PortAudio takes its leave at Python's end, and may hang


class Turn:
    """One request, carried out on a thread of its own: the next one may come while this one hangs in PortAudio."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._request = request
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="voicego-ear-turn", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Say nothing more, and wait until the microphone is closed; where PortAudio hangs, this process is lost."""
        self._over.set()
        self._thread.join(ENDS_S)
        if self._thread.is_alive():
            os._exit(1)

    def _run(self) -> None:
        kinds: dict[str, Callable[..., Generator[dict[str, Any]]]] = {
            "about": measuring.about,
            "list": measuring.listed,
            "measure": measuring.measured,
            "level": measuring.levels,
            "words": words.follow,
        }
        arguments = dict(self._request)
        number = arguments.pop("number")
        steps = kinds[arguments.pop("do")](**arguments)
        try:
            for said in steps:
                if self._over.is_set():
                    break
                _say(number, said)
        except VoicegoError as error:
            _say(number, {"error": str(error), "hangs": isinstance(error, ServerHangs)})
        except Exception as error:  # noqa: BLE001 -- the thread's one: who asked is told
            _say(number, {"error": f"{type(error).__name__}: {error}"})
        finally:
            steps.close()


def _say(number: int, message: dict[str, Any]) -> None:
    with SAY:
        sys.stdout.write(json.dumps(message | {"number": number}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
