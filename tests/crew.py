"""What worker processes of a test do: named by a word, so that they can be handed to a fresh interpreter."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def ready() -> Callable[[str], Iterator[str]]:
    return _do


def refusing() -> Callable[[str], Iterator[str]]:
    raise VoicegoError("there is no such model")


def dying() -> Callable[[str], Iterator[str]]:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _do(task: str) -> Iterator[str]:
    match task.split():
        case ["die"]:
            yield "before"
            os.kill(os.getpid(), signal.SIGKILL)
        case ["stumble"]:
            raise ZeroDivisionError(task)
        case ["count", many]:
            yield from map(str, range(int(many)))
        case ["who"]:
            yield str(os.getpid())
        case ["after", file]:
            while not Path(file).exists():
                time.sleep(0.01)
            yield "after"
        case ["touch", file]:
            Path(file).touch()
            yield "touched"
        case ["ever"]:
            while True:
                time.sleep(0.01)
                yield str(os.getpid())
