"""An ear in a process of its own: a sound system that hangs, or chatters on the terminal, harms nobody else."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Self

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    Said = queue.Queue[dict[str, Any] | None]

COMMAND = (sys.executable, "-P", "-m", "voicego.app.ear")
"""`-P`: what lies in the current folder is never imported."""

RESTART = "restart the sound server, or log in again"

MOST_KEPT = 1_000
"""Messages that wait for a reader; the ear says about twelve a second."""


class Silent(VoicegoError):  # noqa: N818  # it reads as what happened
    """The ear did not answer in time: PortAudio, or the sound server behind it, hangs."""


class Broken(VoicegoError):  # noqa: N818
    """The ear's process ended by itself."""


class Ear:
    """`with Ear() as ear:`; its process is started by the first question, and ended at the end, however it hangs.

    What to ask and what comes: see `voicego.app.ear.__main__`.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._said: Said = queue.Queue(MOST_KEPT)
        self._thread: threading.Thread | None = None
        self._number = 0
        self._hangs = False

    def __enter__(self) -> Self:
        return self

    def _start(self) -> subprocess.Popen[bytes]:
        said: Said = queue.Queue(MOST_KEPT)
        self._said = said
        try:
            self._process = process = subprocess.Popen(  # noqa: S603 -- voicego itself
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # ALSA tells it about every device that it could not open
            )
        except OSError as error:
            raise Broken(f"the process that listens cannot be started: {error.strerror or error}") from error
        self._thread = threading.Thread(target=_read, args=(process, said), name="voicego-ear", daemon=True)
        self._thread.start()
        return process

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, what: str, **arguments: object) -> None:
        """Ask for something; what was under way ends. A process that ended is started anew.

        Raises:
            Broken: its process cannot be started, or has ended.
        """
        if self._process is not None and self._process.poll() is not None:
            self.close()
        process = self._process or self._start()
        assert process.stdin is not None  # noqa: S101 -- it was asked for
        self._number += 1
        request = {"do": what, "number": self._number} | arguments
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
        except OSError as error:
            raise Broken("the process that listens has ended") from error

    def next(self, timeout_s: float) -> dict[str, Any] | None:
        """Wait for what it says; None: nothing came in time.

        Raises:
            Broken: its process ended.
            Silent: the sound server hangs.
            VoicegoError: it could not do as asked, and says why.
        """
        give_up = time.monotonic() + timeout_s
        while True:
            try:
                said = self._said.get(timeout=max(0.0, give_up - time.monotonic()))
            except queue.Empty:
                return None
            if said is None:
                _put(self._said, None)  # for whoever asks again
                raise Broken("the process that listens has ended")
            if said.get("number") != self._number:  # of a request before this one
                continue
            if said.get("hangs"):
                self._hangs = True
                raise Silent(f"{said['error']}; {RESTART}")
            if "error" in said:
                raise VoicegoError(str(said["error"]))
            return said

    def answer(self, what: str, timeout_s: float, **arguments: object) -> dict[str, Any]:
        """Ask and wait for the one answer.

        Raises:
            Silent: there was none in time, or to a question before this one.
            VoicegoError: as for `next`.
        """
        if self._hangs:
            raise Silent(f"the sound system does not answer; {RESTART}")
        self.ask(what, **arguments)
        said = self.next(timeout_s)
        if said is None:
            self._hangs = True
            raise Silent(f"the sound system gave no answer within {timeout_s:g} s; {RESTART}")
        return said

    def close(self) -> None:
        """End the process at once; it holds nothing but the microphone, which the system takes from it."""
        self._hangs = False
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        if self._thread is not None:
            self._thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # a request that could not be delivered any more
                    continue
        self._process = None


def _read(process: subprocess.Popen[bytes], said: Said) -> None:
    """Take in what it says; None at its end. Of what nobody reads the oldest is dropped."""
    assert process.stdout is not None  # noqa: S101 -- it was asked for
    for line in process.stdout:
        try:
            message = json.loads(line)
        except ValueError:  # a library wrote on standard output
            continue
        _put(said, message)
    _put(said, None)


def _put(said: Said, message: dict[str, Any] | None) -> None:
    while True:
        try:
            said.put_nowait(message)
        except queue.Full:
            try:
                said.get_nowait()
            except queue.Empty:
                continue
        else:
            return
