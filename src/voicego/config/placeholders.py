"""`{keyword}`, `{score}` and `{time}` in texts and arguments: which there are."""

from __future__ import annotations

import string

from voicego.config.words import listed, nearest, shortened

PLACEHOLDERS = {
    "keyword": "the word that was heard",
    "score": "how sure the model was, from 0 to 1",
    "time": "the time of day",
}

_KNOWN = listed(f"{{{name}}}" for name in PLACEHOLDERS)


def check(text: str) -> None:
    """Accept a text whose every placeholder is known.

    Raises:
        ValueError: with a sentence that continues `"notify" …`.
    """
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError("has a single brace; write {{ or }} for a brace that is meant as it stands") from error
    for _, name, form, conversion in pieces:
        if name is None:
            continue
        if name not in PLACEHOLDERS:
            meant = nearest(name, PLACEHOLDERS)
            hint = f"Did you mean {{{meant}}}?" if meant else "Write {{ and }} for braces that are meant as they stand."
            raise ValueError(f"has an unknown placeholder {{{shortened(name)}}}; there are {_KNOWN}. {hint}")
        if form or conversion:
            raise ValueError(f"writes more than a name between braces; write just {{{name}}}")
