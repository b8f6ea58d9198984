"""Ask a running voicego. Light to import: every `voicego status` pays for it."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from voicego.control.wire import Refused, decode, encode
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST_REPLY = 4_000_000
"""Bytes; a program that never ends its line is not voicego."""


class NotRunning(VoicegoError):  # noqa: N818  # it reads as what happened
    """Nobody answers at the socket."""

    def __init__(self) -> None:
        super().__init__("voicego is not running; start it with `voicego run`")


def ask(path: Path, verb: str, *, timeout_s: float = 5.0, **arguments: object) -> dict[str, Any]:
    """Ask one thing; returns the reply, which holds `status` or, for `do`, `runs`.

    Raises:
        NotRunning: there is no daemon.
        Refused: the daemon could not do it; text and exit code are its own.
        VoicegoError: no answer within `timeout_s`, or none that can be understood.
    """
    with _dialled(path, timeout_s) as channel:
        return _asked(channel, _lines(channel), {"verb": verb} | arguments)


def events(
    path: Path, *, timeout_s: float = 5.0, levels: bool = False, scores: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield what happens in the daemon until it ends; `timeout_s` is for being let in.

    `levels` and `scores` ask for those, too; scores make the daemon compute more.

    Raises:
        VoicegoError: as for `ask`.
    """
    with _dialled(path, timeout_s) as channel:
        lines = _lines(channel)
        _asked(channel, lines, {"verb": "subscribe", "levels": levels, "scores": scores})
        channel.settimeout(None)
        yield from map(decode, lines)


class _Channel(Protocol):
    def settimeout(self, timeout_s: float | None, /) -> None: ...
    def sendall(self, data: bytes, /) -> None: ...
    def recv(self, size: int, /) -> bytes: ...
    def close(self) -> None: ...


@contextmanager
def _dialled(path: Path, timeout_s: float) -> Iterator[_Channel]:
    try:
        channel = _dial(path, timeout_s)
        try:
            yield channel
        finally:
            channel.close()
    except TimeoutError as error:
        raise VoicegoError(
            f"voicego did not answer within {timeout_s:g} s; `voicego log` may say why, `voicego stop` ends it"
        ) from error
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError) as error:
        raise NotRunning from error
    except PermissionError as error:
        raise VoicegoError(f"{path} is not for this user") from error
    except OSError as error:
        raise VoicegoError(f"cannot talk to voicego at {path}: {error.strerror or error}") from error


def _dial(path: Path, timeout_s: float) -> _Channel:
    if sys.platform == "win32":
        from voicego.control import pipe  # noqa: PLC0415  # each platform has the one or the other

        return pipe.dial(path, timeout_s)
    from voicego.control import unix  # noqa: PLC0415

    return unix.dial(path, timeout_s)


def _lines(channel: _Channel) -> Iterator[bytes]:
    """Yield lines until the other end closes; what has no end of line by then is dropped."""
    part = b""
    while len(part) < _LONGEST_REPLY:
        try:
            found = channel.recv(65_536)
        except (BrokenPipeError, ConnectionResetError):
            return
        if not found:
            return
        *whole, part = (part + found).split(b"\n")
        yield from whole


def _asked(channel: _Channel, lines: Iterator[bytes], request: dict[str, object]) -> dict[str, Any]:
    # A daemon that has heard enough answers and closes before all was sent: what it said still waits to be read.
    with suppress(BrokenPipeError, ConnectionResetError):
        channel.sendall(encode(request))
    line = next(lines, None)
    if line is None:
        raise VoicegoError("voicego ended before it answered; `voicego log` may say why")
    reply = decode(line)
    if not reply.get("ok"):
        raise Refused(str(reply.get("error", "voicego refused and said no reason")), reply.get("exit"))
    return reply
