"""What may stand behind a key: each function takes a plain YAML value and returns it checked, or says what is wrong.

A sentence that is raised continues `"threshold" …`.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from voicego.config.durations import in_seconds
from voicego.config.placeholders import check
from voicego.config.words import found, listed, nearest, quoted
from voicego.wanted import Rate

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

Word = TypeVar("Word", bound="StrEnum")

DAY_S = 86_400.0

MOST = 1000
"""Times that a limit may allow."""

YES = "yes"
"""What `ask: true` waits for."""

_RATE = re.compile(r"(?P<count>\d{1,9}) +in +(?P<within>\S.*)", re.ASCII)


def boolean(value: object) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"is {found(value)}; write true or false")  # noqa: TRY004 -- what a value is not, all say alike
    return value


def fraction(value: object) -> float:
    """Take a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= 1:
        raise ValueError(f"is {found(value)}; a number from 0 to 1 is wanted, such as 0.9")
    return float(value)


def threshold(value: object) -> float:
    """Take a number above 0: at 0 every sound would do."""
    number = fraction(value)
    if number == 0:
        raise ValueError("is 0, which every sound reaches; write a number above 0, such as 0.9")
    return number


def word_of(kind: type[Word]) -> Callable[[object], Word]:
    """Make a function that takes one of the words of `kind`."""

    def checked(value: object) -> Word:
        word = value if isinstance(value, str) else ""
        if word in set(kind):
            return kind(word)
        meant = nearest(word, kind)
        hint = f'. Did you mean "{meant}"?' if meant else ""
        raise ValueError(f"is {found(value)}; it may be {listed(kind)}{hint}")

    return checked


def words_of(kind: type[Word]) -> Callable[[object], tuple[Word, ...]]:
    """Make a function that takes one of the words of `kind`, or a list of them, whose order says nothing."""
    checked_word = word_of(kind)

    def checked(value: object) -> tuple[Word, ...]:
        if value == []:
            raise ValueError("is an empty list; write a word, or leave the key out")
        if not isinstance(value, list):
            return (checked_word(value),)
        for one in value:
            try:
                checked_word(one)
            except ValueError as error:
                raise ValueError(f"holds {_told(one)}{str(error).removeprefix(f'is {found(one)}')}") from error
        return tuple(word for word in kind if word in value)

    return checked


def threads(value: object) -> int:
    """Take a number of CPU threads."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 64:  # noqa: PLR2004
        raise ValueError(f"is {found(value)}; a whole number from 1 to 64 is wanted")
    return int(value)  # without what the file's reader remembers of it


def channel(value: object) -> int | None:
    """Take a channel's number, or `mix`."""
    if value == "mix":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 64:  # noqa: PLR2004
        raise ValueError(f"is {found(value)}; write mix, or the channel's number from 1")
    return int(value)


def text(value: object) -> str:
    """Take a text that is not empty."""
    if not isinstance(value, str):
        hint = f'; put it in quotes: "{found(value)}"' if isinstance(value, int | float) else ""
        raise ValueError(f"is {found(value)}; a text is wanted{hint}")  # noqa: TRY004
    if not value.strip():
        raise ValueError("is empty; a text is wanted")
    return value


def filled(value: object) -> str:
    """Take a text in which `{keyword}`, `{score}` and `{time}` may stand."""
    checked = text(value)
    check(checked)
    return checked


def names(value: object) -> tuple[str, ...]:
    """Take a name, or a list of names."""
    if isinstance(value, list):
        if not value:
            raise ValueError("is an empty list; write a name, or leave the key out")
        if strange := [one for one in value if not isinstance(one, str) or not one.strip()]:
            raise ValueError(f"holds {_told(strange[0])}; each name must be a text, in quotes if need be")
        return tuple(value)
    return (text(value),)


def arguments(value: object) -> tuple[str, ...]:
    """Take a program and its arguments as a list; numbers may stand without quotes."""
    if not isinstance(value, list) or not value:
        told = "an empty list" if value == [] else found(value)
        raise ValueError(f"is {told}; a list is wanted, such as [playerctl, pause]")
    if strange := [one for one in value if one is None or isinstance(one, bool | list | dict)]:
        raise ValueError(f"holds {_told(strange[0])}; each argument must be a text, in quotes if need be")
    found_ = tuple(str(getattr(one, "written", one)) for one in value)
    for one in found_:
        check(one)
    if not found_[0].strip():
        raise ValueError("begins with an empty text; the program comes first")
    return found_


def command(value: object) -> str | tuple[str, ...]:
    """Take a list, or one string for a shell, in which braces may mean anything."""
    return text(value) if isinstance(value, str) else arguments(value)


def application(value: object) -> tuple[str, ...]:
    """Take an application's name, or a list of it and its arguments."""
    return arguments(value) if isinstance(value, list) else (filled(value),)


def pause(value: object) -> float | None:
    """Take true, or how long."""
    if value is True:
        return None
    if isinstance(value, bool | list | dict | None) or (isinstance(value, str) and value[:1].isalpha()):
        raise ValueError(f"is {found(value)}; write true, or how long, such as 15m")
    return in_seconds(value, 1.0, 7 * DAY_S)


def duration(low: float, high: float) -> Callable[[object], float]:
    """Make a function that takes a duration between `low` and `high` seconds."""

    def checked(value: object) -> float:
        return in_seconds(value, low, high)

    return checked


def rate(value: object) -> Rate:
    """Take how many in how long: `3 in 1m`."""
    form = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if form is None:
        raise ValueError(f"is {found(value)}; how many in how long is wanted, such as 3 in 1m")
    if not 1 <= int(form["count"]) <= MOST:
        raise ValueError(f"is {found(value)}; it may be from 1 to {MOST} in a time")
    try:
        return Rate(int(form["count"]), in_seconds(form["within"], 1.0, DAY_S))
    except ValueError as error:
        raise ValueError(f"is {found(value)}; the time {error}") from error


def answer(value: object) -> str:
    """Take true, false, or the word that is the answer."""
    if isinstance(value, bool):
        return YES if value else ""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f'is {found(value)}; write true, which waits for "{YES}", or another word')
    return value


def model(value: object) -> str:
    """Take `embedded`, a folder or a hub id."""
    checked = text(value)
    if not checked.isprintable():
        raise ValueError(f"is {quoted(checked)}; write embedded, a folder, or a hub id such as owner/name")
    try:
        Path(checked).expanduser()
    except RuntimeError as error:
        raise ValueError(f"is {quoted(checked)}; there is no such user on this computer") from error
    return checked


def _told(value: object) -> str:
    """Name what stands in a list, where nothing at all is hard to see."""
    return "an empty place" if value is None else found(value)
