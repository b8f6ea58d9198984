"""Folders of sound files: what lies beneath them, in an order that stays."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ENDINGS = (
    ".aif", ".aifc", ".aiff", ".au", ".caf", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".rf64", ".w64", ".wav"
)  # fmt: skip
"""What sound files are called that libsndfile reads and a folder may hold; in capitals, too."""


def sound_files(names: Iterable[str]) -> Iterator[str]:
    """Put in the place of each folder the sound files beneath it, sorted; hidden ones and linked folders are left out.

    Whatever else is named is passed on as it is, and so is a folder without any sound file.
    """
    for name in names:
        if is_folder(name):
            yield from _beneath(name) or [name]
        else:
            yield name


def is_folder(name: str) -> bool:
    """Whether a folder is named, and no file."""
    return bool(name) and name != "-" and os.path.isdir(name)  # noqa: PTH112 -- a Path refuses some names


def size(name: str) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return Path(name).stat().st_size
    except (OSError, ValueError):  # it is named when it is heard
        return 0


def _beneath(folder: str) -> list[str]:
    found: list[str] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        found.extend(os.path.join(place, one) for one in sorted(files) if _is_sound(one))  # noqa: PTH118 -- a name stays as it was given
    return found


def _is_sound(name: str) -> bool:
    return name.lower().endswith(ENDINGS) and not name.startswith(".")
