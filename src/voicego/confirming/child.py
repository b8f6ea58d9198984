"""The big model's process, from the daemon's side. Alone in starting it.

A process, because one that ends gives back all of its memory, libraries and all, and because the daemon then imports
none of them. It ends by itself when its standard input does, and so with the daemon, however that ends.

Over its pipes go: down, a length (four bytes, little-endian) and as many bytes of float32 samples, one window, or none:
the first time that lets the weights go, the next time it has them loaded again. Up, a line of JSON each: `{"ready": …}`
when they are loaded, `{"scores": […]}` for each window, `{"error": …}` before it ends for a reason.
"""

from __future__ import annotations

import json
import signal
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voicego.flow import ConfirmWith, Engine, Samples

LENGTH = struct.Struct("<I")
CREATE_NO_WINDOW = 0x0800_0000
"""Windows' flag by number: subprocess names it on Windows only."""
GRACE_S = 0.5
"""Seconds that it is given to end by itself."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded."""

    labels: tuple[str, ...]
    engine: str
    file: str


@dataclass(frozen=True, slots=True)
class Scored:
    """Posteriors of the window that was asked about, one for each label."""

    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """The process has come to its end."""

    why: str


Message = Ready | Scored | Ended


def command_for(confirm_with: ConfirmWith, engine: Engine, threads: int) -> tuple[str, ...]:
    """Name the program that computes a big model. `-P`: what lies in the current folder is never imported."""
    return (sys.executable, "-P", "-m", "voicego.confirming", confirm_with.model, engine, str(threads))


class Child:
    """One process. What it says is told by a thread of its own; `Ended` comes last, and comes in any case."""

    def __init__(self, command: Sequence[str], tell: Callable[[Message], None]) -> None:
        self._command = command
        self._tell = tell
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._read, name="voicego-confirming-child", daemon=True)

    @property
    def pid(self) -> int | None:
        """Its number, once started."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start it; `Ready` follows when the model is loaded.

        Raises:
            OSError: the system has no process to give.
        """
        self._process = subprocess.Popen(  # noqa: S603 -- voicego itself
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=CREATE_NO_WINDOW if sys.platform == "win32" else 0,
        )
        self._thread.start()

    def score(self, window: Samples) -> None:
        """Ask about one window, of shape `(window,)`; `Scored` or `Ended` follows."""
        self._send(window.astype("<f4", copy=False).tobytes())

    def rest(self) -> None:
        """Let it give back the memory of its weights, and keep its libraries; for who is ready."""
        self._send(b"")

    def wake(self) -> None:
        """Have it load its weights again; `Ready` or `Ended` follows. For who rests."""
        self._send(b"")

    def end(self) -> None:
        """End it, whatever it does, and wait until it has."""
        if self._process is None or self._process.stdin is None:
            return
        with suppress(OSError):  # what it never read
            self._process.stdin.close()
        try:
            self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._thread.join(GRACE_S)

    def _send(self, sound: bytes) -> None:
        assert self._process is not None, "it was started"  # noqa: S101
        assert self._process.stdin is not None  # noqa: S101 -- it was asked for
        with suppress(OSError):  # it has ended, which its thread tells
            self._process.stdin.write(LENGTH.pack(len(sound)) + sound)
            self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process is not None  # noqa: S101 -- started before this thread
        assert self._process.stdout is not None  # noqa: S101
        why = ""
        with self._process.stdout as lines:
            for line in lines:
                said = _read_line(line)
                if found := said.get("ready"):
                    self._tell(Ready(tuple(found["labels"]), found["engine"], found["file"]))
                elif "scores" in said:
                    self._tell(Scored(tuple(said["scores"])))
                else:
                    why = said.get("error", "")
        self._tell(Ended(why or _how(self._process.wait())))


def _read_line(line: bytes) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError:  # cut short by its end
        return {}
    return said


def _how(code: int) -> str:
    """Say how a process ended that gave no reason."""
    if code >= 0:
        return f"its process ended with exit code {code}"
    name = next((one.name for one in signal.Signals if one == -code), str(-code))
    hint = "; was there too little memory?" if name == "SIGKILL" else ""
    return f"its process was ended by {name}{hint}"
