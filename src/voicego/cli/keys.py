"""Single keys from a terminal, as they are pressed."""

from __future__ import annotations

import os
import re
import sys
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMED = {
    "\r": "enter",
    "\n": "enter",
    "\x1b[A": "up",
    "\x1bOA": "up",
    "\x1b[B": "down",
    "\x1bOB": "down",
    "\x00H": "up",
    "\xe0H": "up",
    "\x00P": "down",
    "\xe0P": "down",
}
"""What terminals send (ECMA-48, and `getwch` of Windows), and what it is called here."""

ONE = re.compile("\x1b[\\[O][0-9;]*.|[\x00\xe0].|.", re.DOTALL)


class Keys(Protocol):
    """Whoever is asked for keys."""

    def next(self, wait_s: float) -> str:
        """Take the next key that is pressed within a time; empty if none is."""
        ...


class Pressed:
    """Keys that were read and not taken yet."""

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()

    def add(self, text: str) -> None:
        """Take in what the terminal sent."""
        self._waiting.extend(NAMED.get(one, one) for one in ONE.findall(text))

    def take(self) -> str:
        """Give the next one."""
        return self._waiting.popleft() if self._waiting else ""


if sys.platform == "win32":
    import msvcrt
    import time

    class _Keys:
        def __init__(self) -> None:
            self._pressed = Pressed()

        def next(self, wait_s: float) -> str:
            if not msvcrt.kbhit():
                time.sleep(wait_s)
            while msvcrt.kbhit():
                found = msvcrt.getwch()
                self._pressed.add(found + msvcrt.getwch() if found in "\x00\xe0" else found)
            return self._pressed.take()

    @contextmanager
    def keys() -> Iterator[Keys]:
        """Read keys inside."""
        yield _Keys()

else:
    import select
    import termios
    import tty

    class _Keys:
        def __init__(self, descriptor: int) -> None:
            self._descriptor = descriptor
            self._pressed = Pressed()

        def next(self, wait_s: float) -> str:
            if select.select([self._descriptor], [], [], wait_s)[0]:
                found = os.read(self._descriptor, 256)
                if not found:  # the terminal went away
                    raise KeyboardInterrupt
                self._pressed.add(found.decode(errors="ignore"))
            return self._pressed.take()

    @contextmanager
    def keys() -> Iterator[Keys]:
        """Read keys inside, each as it is pressed and without its echo; Ctrl-C interrupts as ever."""
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        try:
            tty.setcbreak(descriptor)
            yield _Keys(descriptor)
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
