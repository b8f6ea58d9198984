"""A terminal for a program that somebody sits in front of: what it shows, and the keys that are pressed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

WAIT_S = 60.0
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
SIZE = struct.pack("HHHH", 24, 80, 0, 0)


class Terminal:
    """`with Terminal(env, "init") as terminal:` runs a verb of voicego on 24 lines of 80 columns."""

    def __init__(self, env: Mapping[str, str], *words: str) -> None:
        self._env = dict(env) | {"TERM": "xterm", "LC_ALL": "C.UTF-8"}
        self._env.pop("NO_COLOR", None)
        self._words = words
        self.shown = ""
        """Everything that it wrote, without colours and movements of the cursor."""

    def __enter__(self) -> Self:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, SIZE)
        self.before = termios.tcgetattr(theirs)
        self._theirs = theirs
        self.process = subprocess.Popen(
            [sys.executable, "-m", "voicego", *self._words],
            env=self._env,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            preexec_fn=_own_terminal,  # noqa: PLW1509 -- so that its Ctrl-C is this one's alone
        )
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)
        print(self.shown[-4000:])  # noqa: T201 -- pytest shows it with a failure

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def until(self, pattern: str, since: int = 0) -> re.Match[str]:
        """Wait until something is shown, from character `since` on."""
        deadline = time.monotonic() + WAIT_S
        while not (found := re.compile(pattern).search(self.shown, since)):
            if time.monotonic() > deadline or not self._read():
                raise AssertionError(f"never shown: {pattern}; but:\n{self.shown[-2000:]}")
        return found

    def ended(self) -> int:
        """Wait for its end; returns the exit code."""
        while self.process.poll() is None:
            self._read(0.1)
        while self._read(0.0):
            pass
        return self.process.returncode

    def restored(self) -> bool:
        """Whether it left the terminal as it was."""
        return termios.tcgetattr(self._theirs) == self.before

    def _read(self, wait_s: float = 5.0) -> bool:
        if not select.select([self._ours], [], [], wait_s)[0]:
            return wait_s > 0 and self.process.poll() is None
        self.shown += ESCAPES.sub("", os.read(self._ours, 65_536).decode(errors="replace"))
        return True


def _own_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
