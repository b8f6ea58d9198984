"""The control socket on Windows: a named pipe. The project's tests run on Unix, and reach this only by its seam."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import os

    class Pipe:
        """A pipe opened like a file, with the few methods of a socket that the client uses."""

        def __init__(self, descriptor: int) -> None:
            self._descriptor = descriptor

        def settimeout(self, timeout_s: float | None, /) -> None:
            """Windows has no time limit for a pipe opened so; the daemon's own limits end a wait."""

        def sendall(self, data: bytes, /) -> None:
            while data:
                data = data[os.write(self._descriptor, data) :]

        def recv(self, size: int, /) -> bytes:
            return os.read(self._descriptor, size)

        def close(self) -> None:
            os.close(self._descriptor)

    def dial(path: Path, timeout_s: float) -> Pipe:
        """Connect.

        Raises:
            OSError: nobody answers (FileNotFoundError), or not in time (TimeoutError).
        """
        give_up = time.monotonic() + timeout_s
        while True:
            try:
                return Pipe(os.open(path, os.O_RDWR | os.O_BINARY))
            except FileNotFoundError:
                raise
            except OSError as error:  # ERROR_PIPE_BUSY, which os.open reports as EINVAL: all ends are in use
                if time.monotonic() > give_up:
                    raise TimeoutError from error
                time.sleep(0.02)
