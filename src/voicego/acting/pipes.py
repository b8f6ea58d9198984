"""Talk with a running program: give it its input, read all it says, keep only the end."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import sys
import threading
from typing import IO, Protocol

KEPT = 2_048
"""Bytes of output that are kept: the last ones, where the reason usually stands."""

CHUNK = 65_536
MOST_CHUNKS_LEFT = 32
"""Read after a program's end. A pipe holds less, so whoever still writes is another, and is not waited for."""

ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[@-Z\\^_])")


class Tail:
    """The last bytes of an output, however long it is."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._bytes = b""
        self._cut = False

    def add(self, chunk: bytes) -> None:
        self._cut = self._cut or len(self._bytes) + len(chunk) > self._kept
        self._bytes = (self._bytes + chunk)[-self._kept :]

    def text(self) -> str:
        """As a person may see it in a log or a terminal: no escape sequences, no control characters."""
        text = ESCAPES.sub("", self._bytes.decode("utf-8", errors="replace"))
        clean = "".join(letter for letter in text if letter.isprintable() or letter in "\n\t").strip()
        return f"… {clean}" if self._cut else clean


class Pipes(Protocol):
    """Both ends that voicego holds."""

    @property
    def open(self) -> bool:
        """Somebody may still write."""
        ...

    def attend(self, wait_s: float) -> bool:
        """Pass on what there is, waiting at most `wait_s`; whether anything moved."""
        ...

    def drain(self) -> None:
        """Read what is left after the program's end, without waiting for others that hold the pipe."""
        ...

    def close(self) -> None: ...


def pipes_for(stdin: IO[bytes] | None, text: bytes, stdout: IO[bytes], tail: Tail) -> Pipes:
    """Choose what this system can do: Windows cannot wait on a pipe together with a clock."""
    if sys.platform == "win32":
        return ThreadPipes(stdin, text, stdout, tail)
    return PollPipes(stdin, text, stdout, tail)


class PollPipes:
    """In the caller's thread. A grandchild that keeps the pipe cannot hold anything up."""

    def __init__(self, stdin: IO[bytes] | None, text: bytes, stdout: IO[bytes], tail: Tail) -> None:
        self._stdin = stdin
        self._stdout = stdout
        self._tail = tail
        self._left = memoryview(text)
        self._selector = selectors.DefaultSelector()
        self._selector.register(stdout, selectors.EVENT_READ)
        if stdin is not None:
            os.set_blocking(stdin.fileno(), False)
            self._selector.register(stdin, selectors.EVENT_WRITE)
        self.open = True

    def attend(self, wait_s: float) -> bool:
        ready = self._selector.select(wait_s)
        for key, _ in ready:
            if key.fileobj is self._stdout:
                self._read()
            else:
                self._write()
        return bool(ready)

    def drain(self) -> None:
        for _ in range(MOST_CHUNKS_LEFT):
            if not self.open or not self.attend(0.0):
                break

    def close(self) -> None:
        self._selector.close()
        for end in (self._stdin, self._stdout):
            if end is not None:
                end.close()

    def _read(self) -> None:
        chunk = os.read(self._stdout.fileno(), CHUNK)
        self._tail.add(chunk)
        if not chunk:
            self._selector.unregister(self._stdout)
            self.open = False

    def _write(self) -> None:
        if self._stdin is None:
            return
        try:
            self._left = self._left[os.write(self._stdin.fileno(), self._left[:CHUNK]) :]
        except BrokenPipeError:  # it reads no more: its right
            self._left = self._left[:0]
        if not self._left:
            self._selector.unregister(self._stdin)
            self._stdin.close()
            self._stdin = None


class ThreadPipes:
    """With a thread each way, for Windows. A thread held up by a grandchild ends when that one does."""

    def __init__(self, stdin: IO[bytes] | None, text: bytes, stdout: IO[bytes], tail: Tail) -> None:
        self._stdin = stdin
        self._text = text
        self._stdout = stdout
        self._tail = tail
        self._reader = threading.Thread(target=self._read, name="voicego-output", daemon=True)
        self._reader.start()
        if stdin is not None:
            threading.Thread(target=self._write, name="voicego-input", daemon=True).start()

    @property
    def open(self) -> bool:
        return self._reader.is_alive()

    def attend(self, wait_s: float) -> bool:
        self._reader.join(wait_s)
        return not self.open

    def drain(self) -> None:
        self._reader.join(0.2)

    def close(self) -> None:
        # The reader closes its own end: closing it under a blocked read would block as well.
        pass

    def _read(self) -> None:
        with self._stdout, contextlib.suppress(OSError):
            while chunk := os.read(self._stdout.fileno(), CHUNK):
                self._tail.add(chunk)

    def _write(self) -> None:
        # Closing flushes, and a closed pipe may complain again there.
        with contextlib.suppress(OSError), self._stdin or contextlib.nullcontext() as end:
            if end is not None:
                end.write(self._text)
