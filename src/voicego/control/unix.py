"""The control socket on Linux and macOS: a Unix socket that only its owner can use."""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
import time
from typing import TYPE_CHECKING

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from pathlib import Path


def dial(path: Path, timeout_s: float) -> socket.socket:
    """Connect; the limit holds for connecting and for each later call.

    Raises:
        OSError: nobody answers (FileNotFoundError, ConnectionRefusedError), or not in time (TimeoutError).
        VoicegoError: it is another user's.
    """
    give_up = time.monotonic() + timeout_s
    while True:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            channel.settimeout(timeout_s)
            channel.connect(os.fspath(path))
        except BlockingIOError:
            # The queue of those who wait to be accepted is full. A socket without a time limit would be kept waiting
            # by the system; with one, Linux leaves the waiting to us.
            channel.close()
            if time.monotonic() > give_up:
                raise TimeoutError from None
            time.sleep(0.02)
            continue
        except BaseException:
            channel.close()
            raise
        if not same_user(channel):
            channel.close()
            raise VoicegoError(f"another user's program answers at {path}; nothing was asked of it")
        return channel


def same_user(channel: socket.socket) -> bool:
    """Say whether the other end runs as this user; True where the system cannot tell."""
    if sys.platform == "linux":
        found = channel.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _, uid, _ = struct.unpack("3i", found)
    elif sys.platform == "darwin":
        # struct xucred of <sys/ucred.h>: version, uid, number of groups, 16 groups. SOL_LOCAL is 0, LOCAL_PEERCRED 1.
        found = channel.getsockopt(0, 1, struct.calcsize("IIh16I"))
        _, uid, *_ = struct.unpack("IIh16I", found)
    else:
        return True
    return bool(uid == os.geteuid())


def listen(path: Path, backlog: int) -> socket.socket:
    """Make the socket for its owner alone; one that was left by a killed daemon is replaced.

    For whoever holds the lock: of two that start at once, each could take the other's for a left one.

    Raises:
        VoicegoError: something else is in its place, or somebody answers there.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(path)
        if sys.platform == "linux":
            os.fchmod(listener.fileno(), 0o600)  # before it has a name; elsewhere the folder guards this moment
        listener.bind(os.fspath(path))
        path.chmod(0o600)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise VoicegoError(f"cannot make the control socket {path}: {error.strerror or error}") from error
    except BaseException:
        listener.close()
        raise
    return listener


def _clear(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise VoicegoError(f"{path} is in the place of voicego's control socket, and is none; move it away")
    if found.st_uid != os.geteuid():
        raise VoicegoError(f"the control socket {path} belongs to another user")
    try:
        dial(path, timeout_s=1.0).close()
    except ConnectionRefusedError:
        path.unlink()
        return
    except TimeoutError:  # somebody holds it, or it would have been refused
        pass
    raise VoicegoError(f"another program answers at the control socket {path}; end it first")
