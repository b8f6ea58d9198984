"""The way to a file through links: whoever can change one of them changes what is read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

MOST_LINKS = 40
"""After so many the kernel gives up as well."""


class Step(NamedTuple):
    """A link that is followed, or the file at the end."""

    folder: Path
    """Where it lies; no link leads there any more."""
    name: str

    @property
    def place(self) -> Path:
        """Its whole path."""
        return self.folder / self.name


def way_to(path: Path) -> tuple[Step, ...]:
    """Every link on the way, those too that stand for a folder, and at last the file itself, there or not."""
    path = path.absolute()
    if sys.platform == "win32":  # links are rare there, and their targets are written in several ways
        end = path.resolve()
        return tuple(dict.fromkeys((Step(path.parent, path.name), Step(end.parent, end.name))))
    links: list[Step] = []
    here, ahead = Path(path.anchor), [*reversed(path.parts[1:])]
    while ahead:
        name = ahead.pop()
        if name == "..":
            here = here.parent
            continue
        target = _target(here / name) if len(links) < MOST_LINKS else None
        if target is not None:
            links.append(Step(here, name))
            here = Path(target.anchor) if target.is_absolute() else here
            ahead += reversed(target.parts[1:] if target.is_absolute() else target.parts)
        elif ahead:
            here /= name
        else:
            return (*links, Step(here, name))
    return tuple(links)  # it ends in a folder: `..` behind a link


def _target(place: Path) -> Path | None:
    try:
        return place.readlink()
    except OSError:  # no link, or nothing there
        return None
