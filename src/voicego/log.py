"""The diary: a rotating file that only its owner can read, and a short form of it for a terminal."""

from __future__ import annotations

import logging
import os
import stat
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, TextIO

from voicego.errors import VoicegoError
from voicego.paths import make_private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import TextIOWrapper
    from pathlib import Path

LARGEST = 1_000_000
"""Bytes in one file."""
OLDER = 2
"""Files kept beside the newest: 3 MB in all."""

log = logging.getLogger(__name__)

_FILE_FORMAT = "%(asctime)s.%(msecs)03d %(levelname)-7s %(threadName)s %(name)s: %(message)s"
_OURS = ("voicego file", "voicego terminal")


def start_logging(
    path: Path | None, *, verbose: bool = False, to_terminal: bool = False, errors_told: bool = False
) -> Path | None:
    """Write the diary to `path`, and in short to standard error when `to_terminal`; may be called again.

    With `errors_told` standard error gets the errors in any case: a script, or systemd's journal, is told why it ended.

    Returns:
        Where it goes; None when the file cannot be written, which one sentence on standard error says.
    """
    stop_logging()
    handlers: list[logging.Handler] = []
    if path is not None:
        try:
            handlers.append(_file(path))
        except (OSError, VoicegoError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            _tell(f"voicego: cannot write the log {path} ({why}); going on without it")
            path = None
    if (to_terminal or errors_told) and sys.stderr is not None:  # there is none under pythonw
        handlers.append(_terminal(logging.NOTSET if to_terminal else logging.ERROR))
    root = logging.getLogger()
    for handler in handlers:
        root.addHandler(handler)
    # Other people's libraries speak only when something is wrong, unless one is looking for it.
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    logging.getLogger("voicego").setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_died
    return path


def stop_logging() -> None:
    """Take down what `start_logging` put up."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if handler.name in _OURS]:
        root.removeHandler(handler)
        with suppress(OSError, ValueError):  # what could not be written to a full disk still cannot
            handler.close()
    logging.captureWarnings(capture=False)


def tail(
    path: Path, lines: int, *, follow: bool = False, wait: Callable[[], object] = lambda: time.sleep(0.25)
) -> Iterator[str]:
    """Yield the last `lines` lines, without their ends; with `follow` also those to come, through rotations.

    `wait` is called when there is nothing new; what it raises ends the following.

    Raises:
        VoicegoError: there is no log, or it cannot be read.
    """
    last, stream = _last(path, lines)
    try:
        part = last.pop() if follow and last and not last[-1].endswith("\n") else ""
        yield from (line.rstrip("\n") for line in last)
        while follow:
            # Asked before reading: what is written to the old file until it is turned over is read to its end.
            turned_over = _turned_over(stream, path)
            for piece in stream:
                part += piece
                if part.endswith("\n"):
                    yield part.rstrip("\n")
                    part = ""
            if turned_over:
                stream.close()
                stream = _open_log(path)
            else:
                wait()
    finally:
        stream.close()


def _last(path: Path, lines: int) -> tuple[deque[str], TextIOWrapper]:
    """Read the last lines, from the older file too when this one was begun a moment ago; return the file at its end."""
    stream = _open_log(path)
    last = deque(stream, maxlen=lines)
    older = path.with_name(f"{path.name}.1")
    if len(last) < lines and older.exists():
        with _open_log(older) as before:
            last.extendleft(reversed(deque(before, maxlen=lines - len(last))))
    return last, stream


class _OwnersFile(RotatingFileHandler):
    """Readable by its owner alone; a full disk costs lines, never more, and the log says so afterwards."""

    lost = 0
    """Lines that failed since the last that was written."""

    def _open(self) -> TextIOWrapper:
        return open(self.baseFilename, "a", encoding="utf-8", errors="backslashreplace", opener=_private)

    def emit(self, record: logging.LogRecord) -> None:
        lost = self.lost
        super().emit(record)
        if lost and self.lost == lost:
            self.lost = 0
            super().emit(_note("%d lines before this one met a full or broken disk; some are missing", lost))

    def doRollover(self) -> None:  # noqa: N802  # the name is logging's
        try:
            super().doRollover()
        except OSError:  # on Windows whoever reads the file keeps it from being renamed; it grows until they end
            self.stream = self._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if isinstance(sys.exc_info()[1], OSError):
            self.lost += 1
        else:
            super().handleError(record)  # a mistake in a logging call; the tests see it on standard error


class _Terminal(logging.StreamHandler[TextIO]):
    """A closed terminal or a broken pipe is no reason to stop."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handleError(record)


class _Short(logging.Formatter):
    """What a person wants to see go by: no level unless it is bad news, no traceback, for which there is the file."""

    def format(self, record: logging.LogRecord) -> str:
        at = self.formatTime(record, "%H:%M:%S")
        level = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        error = record.exc_info[1] if record.exc_info else None
        cause = f" ({type(error).__name__}: {error})" if error else ""
        return f"{at} {level}{record.getMessage()}{cause}"


def _file(path: Path) -> logging.Handler:
    make_private(path.parent)
    handler = _OwnersFile(path, maxBytes=LARGEST, backupCount=OLDER)
    handler.setFormatter(logging.Formatter(_FILE_FORMAT, "%Y-%m-%d %H:%M:%S"))
    handler.name = _OURS[0]
    return handler


def _terminal(level: int) -> logging.Handler:
    handler = _Terminal(sys.stderr)
    handler.setLevel(level)
    handler.setFormatter(_Short())
    handler.name = _OURS[1]
    return handler


def _private(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, 0o600)
    if sys.platform != "win32":
        found = os.fstat(descriptor)
        # One that was there already may be open to others; what is no file (/dev/stderr) is not ours to change.
        if stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) != 0o600:  # noqa: PLR2004
            os.fchmod(descriptor, 0o600)
    return descriptor


def _note(message: str, *args: object) -> logging.LogRecord:
    return logging.LogRecord(__name__, logging.WARNING, __file__, 0, message, args, None)


def _thread_died(args: threading.ExceptHookArgs) -> None:
    """Python would print it to standard error, where nobody looks."""
    if args.exc_type is not SystemExit and args.exc_value is not None:
        name = args.thread.name if args.thread else "?"
        log.critical("the thread %s died", name, exc_info=args.exc_value)


def _tell(sentence: str) -> None:
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{sentence}\n")


def _open_log(path: Path) -> TextIOWrapper:
    try:
        return path.open(encoding="utf-8", errors="replace", newline="\n")
    except FileNotFoundError as error:
        raise VoicegoError(f"there is no log yet at {path}; `voicego run` writes it") from error
    except OSError as error:
        raise VoicegoError(f"cannot read the log {path}: {error.strerror}") from error


def _turned_over(stream: TextIOWrapper, path: Path) -> bool:
    """Say whether another file lies at `path` by now. Between the two renames of a rotation there may be none."""
    try:
        return not os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except OSError:
        return False
