"""How the rules' reader speaks: what it found, what is known, what may have been meant."""

from __future__ import annotations

import difflib
import json
import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST = 40
"""Characters of a person's text that a sentence repeats."""

MEANT = {
    "action": "do",
    "actions": "do",
    "app": "launch",
    "cmd": "run",
    "command": "run",
    "darwin": "macos",
    "device": "microphone",
    "exec": "run",
    "mac": "macos",
    "mic": "microphone",
    "notification": "notify",
    "osx": "macos",
    "speak": "say",
    "start": "launch",
    "url": "open",
    "win": "windows",
    "win32": "windows",
    "wait": "patience",
}
"""Other words that people try, for keys that spelling alone would not find."""


MOST_WORDS = 6
"""Words of a person's command that a sentence repeats."""

_PLAIN = re.compile(r"[\w./-]*\w")
"""What needs no quotes in a list of YAML's."""
_NO_TEXTS = ("true", "false", "null")


def found(value: object) -> str:
    """Name a value as it stands in the file."""
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return shortened(str(getattr(value, "written", value)))
        case str():
            return quoted(value)
        case list():
            return "a list"
        case _:
            return "a block of keys"


def quoted(text: str) -> str:
    """The text in quotes, on one line, and not all of it if it is long."""
    return f'"{shortened(text)}"'


def shortened(text: str) -> str:
    """One printable line of at most `LONGEST` characters."""
    line = "".join(sign if sign.isprintable() else " " for sign in text[: LONGEST + 1])
    return line if len(text) <= LONGEST else line[: LONGEST - 1] + "…"


def as_list(command: str) -> str:
    """Tell how a command of one string is written as a list in the rules: a program and its arguments."""
    try:
        words = shlex.split(command) or ["program"]
    except ValueError:  # a quote that is never closed
        return "a list, such as [playerctl, pause]"
    return f"a list, [{', '.join(map(_argument, words[:MOST_WORDS]))}{', …' if len(words) > MOST_WORDS else ''}]"


def _argument(word: str) -> str:
    plain = _PLAIN.fullmatch(word) and word.lower() not in _NO_TEXTS
    return word if plain else json.dumps(word, ensure_ascii=False)


def listed(names: Iterable[str], most: int = 40) -> str:
    """Names with commas between them; the end of a very long list is only counted."""
    every = tuple(names)
    shown = ", ".join(map(shortened, every[:most]))
    return shown if len(every) <= most else f"{shown} and {len(every) - most} more"


def glued(word: str, known: Iterable[str]) -> str:
    """What to do if a colon has no space behind it, which makes one word of a key and its value; else empty."""
    key, colon, value = word.partition(":")
    return f"Write a space behind the colon: {key}: {shortened(value)}" if colon and value and key in known else ""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, whatever its case."""
    by_lower = {name.lower(): name for name in known}
    lower = word.lower()[:LONGEST]
    if MEANT.get(lower) in by_lower:
        return by_lower[MEANT[lower]]
    close = difflib.get_close_matches(lower, by_lower, n=1)
    return by_lower[close[0]] if close else None
