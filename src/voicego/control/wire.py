"""What travels over the socket: one JSON object a line; a request has a `verb`, its reply says `ok` or an error."""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

from voicego.errors import Exit, VoicegoError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_LINE = 65_536
"""Bytes of a request, its end included."""


class Refused(VoicegoError):  # noqa: N818  # it reads as what happened
    """What the daemon said when it could not do as asked; text and exit code are the daemon's own."""

    def __init__(self, sentence: str, code: object) -> None:
        super().__init__(sentence)
        self.exit_code = next((known for known in Exit if known == code), Exit.FAILED)


def encode(message: Mapping[str, object]) -> bytes:
    """Write one line; dataclasses become objects, enums their values, numpy's numbers plain ones."""
    return json.dumps(message, default=_plain, separators=(",", ":")).encode("ascii") + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Read one line.

    Raises:
        VoicegoError: it holds no JSON object.
    """
    try:
        message = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # RecursionError: a line of brackets
        raise VoicegoError("that was no line of JSON") from error
    if not isinstance(message, dict):
        raise VoicegoError('that was JSON, but no object such as {"verb": "status"}')
    return message


def failure(error: VoicegoError) -> dict[str, object]:
    """Make the reply that carries an error to whoever asked."""
    return {"ok": False, "error": str(error), "exit": int(error.exit_code)}


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    item = getattr(value, "item", None)  # numpy's numbers, without importing numpy
    return item() if callable(item) else str(value)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
