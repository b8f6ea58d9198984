"""Put `{keyword}`, `{score}` and `{time}` into an action's words, where no shell looks at them again."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicego.config.placeholders import PLACEHOLDERS

if TYPE_CHECKING:
    from collections.abc import Callable

_NAME = "|".join(PLACEHOLDERS)
PLACE = re.compile(rf"\{{\{{(?P<kept>{_NAME})\}}\}}|\{{(?P<name>{_NAME})\}}")
"""In a text with braces of its own, JSON or an awk program, these are replaced and every other brace stays."""

PLAIN = re.compile(r"[\w.:+/-]+", re.ASCII)
"""Means the same to every shell, quoted or not."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What an action may tell of the word that set it off."""

    keyword: str
    score: float
    time: str
    """Local time of day: `14:03:05`."""

    def value(self, name: str) -> str:
        """Look up a placeholder."""
        return {"keyword": self.keyword, "score": f"{self.score:.2f}", "time": self.time}[name]

    def variables(self) -> dict[str, str]:
        """The same, for the environment of a shell: `VOICEGO_KEYWORD`, `VOICEGO_SCORE`, `VOICEGO_TIME`."""
        return {f"VOICEGO_{name.upper()}": self.value(name) for name in PLACEHOLDERS}


def fill(text: str, heard: Heard, quote: Callable[[str], str] = str) -> str:
    """Replace the placeholders, each value passed through `quote`; doubled braces give bare ones."""
    return _fill(text, lambda name: quote(heard.value(name)))


def fill_shell(command: str, heard: Heard) -> str:
    r"""Replace the placeholders in a command for `/bin/sh`, which never parses a value.

    A plain value is put in as it is. Any other, such as a label `$(rm -rf ~)` of a foreign model, becomes a reference
    to the variable that holds it; unlike quotes that cannot be undone by the quotes around the placeholder.
    """
    return _fill(command, lambda name: _plain(heard.value(name)) or f'"${{VOICEGO_{name.upper()}}}"')


def fill_cmd(command: str, heard: Heard) -> str:
    """Replace the placeholders in a command for Windows' cmd.exe, which has no safe quotes: only plain letters stay."""
    return _fill(command, lambda name: "".join(PLAIN.findall(heard.value(name))))


def _fill(text: str, value: Callable[[str], str]) -> str:
    pieces = _pieces(text)
    if pieces is None:
        return PLACE.sub(lambda place: value(place["name"]) if place["name"] else f"{{{place['kept']}}}", text)
    return "".join(literal + (value(name) if name else "") for literal, name in pieces)


def _pieces(text: str) -> list[tuple[str, str]] | None:
    """Split a text in which every brace is a placeholder's or doubled, as the rules ask for; None for any other."""
    try:
        found = list(string.Formatter().parse(text))
    except ValueError:
        return None
    if any(
        name is not None and (name not in PLACEHOLDERS or form or conversion) for _, name, form, conversion in found
    ):
        return None
    return [(literal, name or "") for literal, name, _, _ in found]


def _plain(value: str) -> str:
    return value if PLAIN.fullmatch(value) else ""
