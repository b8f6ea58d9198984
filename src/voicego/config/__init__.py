"""The rules file: read, checked, resolved. Every mistake is named at once, with its place."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from voicego.config.trust import distrusted
from voicego.errors import Problem, RulesError

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.wanted import Setup

LARGEST = 1_000_000
"""Bytes; a thousand rules are a tenth of it."""

EXAMPLE = "voicego.example.yaml"


def load(path: Path, hears: Callable[[str], tuple[str, ...]]) -> Setup:
    """Read a rules file; `hears` returns the keywords of a model, or raises VoicegoError.

    Raises:
        RulesError: it is not there, cannot be read, is not to be trusted, or is wrong; every mistake is in it.
    """
    return parse(text_of(path), str(path), hears)


def text_of(path: Path) -> str:
    """Read a rules file as it stands.

    Raises:
        RulesError: it is not there, cannot be read, or others could have written it.
    """
    try:
        if path.is_dir():  # asked first: Windows says "permission denied" where others say "a directory"
            raise _whole(path, "this is a folder; name the file in it")
        if path.exists() and not path.is_file():
            raise _whole(path, "this is no file but a pipe or a device")
        with open(path, "rb", opener=_opened) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):  # it was another a moment ago
                raise _whole(path, "this is no file but a pipe or a device")
            if why := distrusted(path, found):
                raise _whole(path, why)
            raw = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise _whole(path, "there is no such file; `voicego init` writes one to begin with") from error
    except OSError as error:
        raise _whole(path, f"cannot be read: {error.strerror or error}") from error
    if len(raw) > LARGEST:
        raise _whole(path, "larger than 1 MB; this is no rules file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()  # up to there it is good; without a byte order mark
        place = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise _whole(path, "this is no text in UTF-8; save it as UTF-8", *place) from error
    return text


def parse(text: str, where: str, hears: Callable[[str], tuple[str, ...]], platform: str = sys.platform) -> Setup:
    """Read rules from a text; `where` names it in messages, `platform` is as in `sys.platform`.

    Raises:
        RulesError: as `load`.
    """
    from voicego.config import checking, places  # noqa: PLC0415 -- yaml and voluptuous take 20 ms, and `status` reads no rules

    return checking.checked(places.read(text, where), hears, platform)


def starter() -> str:
    """Return the commented example that a person begins with."""
    from importlib.resources import files  # noqa: PLC0415 -- 5 ms that reading rules does not need

    packaged = files("voicego") / EXAMPLE
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    # An editable install runs from the checkout, where it has its place in config/.
    return (Path(__file__).parents[3] / "config" / EXAMPLE).read_text(encoding="utf-8")


def _opened(path: str, flags: int) -> int:
    """Open without waiting for whoever writes into a pipe."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _whole(path: Path, text: str, *place: int) -> RulesError:
    return RulesError((Problem(":".join(map(str, (path, *place))), text),))
