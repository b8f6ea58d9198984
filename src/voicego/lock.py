"""One voicego at a time for each user: a lock that the system itself lets go, however the holder ended."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from voicego.errors import VoicegoError
from voicego.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class AlreadyRunning(VoicegoError):  # noqa: N818  # it reads as what happened
    """Another voicego holds the lock."""

    def __init__(self, pid: int | None) -> None:
        who = f" (process {pid})" if pid else ""
        super().__init__(f"voicego is already running{who}; see `voicego status`, end it with `voicego stop`")
        self.pid = pid


@contextmanager
def single_instance(path: Path) -> Iterator[None]:
    """Be the only one inside; the folder of `path` must exist.

    Raises:
        AlreadyRunning: another process is inside.
        VoicegoError: the lock's file cannot be used.
    """
    # The number goes into a file beside it: on Windows a locked file cannot be read, and older versions of filelock
    # empty it at every try.
    pid = path.with_suffix(".pid")
    lock = FileLock(path, timeout=0, mode=0o600, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise AlreadyRunning(_read(pid)) from None
    except OSError as error:
        raise VoicegoError(f"cannot use the lock {path}: {error.strerror or error}") from error
    try:
        with suppress(OSError):  # a full disk: the others are told no number, which is no reason not to run
            write_whole(pid, f"{os.getpid()}\n".encode("ascii"), private=True)
        yield
    finally:
        with suppress(OSError):
            pid.unlink()
        lock.release()


def holder(path: Path) -> int | None:
    """Tell who holds the lock: the number of its process, 0 where that is not known; None: nobody.

    Raises:
        VoicegoError: the lock's file cannot be used.
    """
    if not path.exists():
        return None
    try:
        FileLock(path, timeout=0, mode=0o600, thread_local=False).acquire().lock.release()
    except Timeout:
        return _read(path.with_suffix(".pid")) or 0
    except OSError as error:
        raise VoicegoError(f"cannot use the lock {path}: {error.strerror or error}") from error
    return None


def _read(pid: Path) -> int | None:
    try:
        return int(pid.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
