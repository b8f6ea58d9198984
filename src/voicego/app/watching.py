"""Notice that a rules file was saved, in whatever way: in place, renamed over, behind links, in a folder made anew."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from voicego.config.way import way_to

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""How often the file is looked at. The systems' own notifications would come a moment sooner, but not for every file
system, nor behind every link; and a library that waits for them costs more than the look."""

QUIET_S = 0.2
"""Editors save in several steps; what comes without a pause of this length is one change."""

SETTLED_S = 2.0
"""A file that is written without a pause is read after so long all the same."""


class Places(NamedTuple):
    """Where to look: each link and each folder on the way to a file, and the file."""

    links: tuple[str, ...]
    folders: tuple[str, ...]
    file: str


class Picture(NamedTuple):
    """What a file's way and the file itself looked like. Another picture means that the rules may be others."""

    places: Places
    way: tuple[tuple[int, ...], ...]
    """Of each link and each folder on the way: which one it is, and its rights."""
    file: tuple[int, ...]
    """Which one it is, its rights, length and times; empty while there is none."""

    @property
    def whole(self) -> bool:
        """Whether there is something in it; an editor that saves may have emptied it, or moved it away."""
        return bool(self.file) and self.file[-1] > 0


def picture(path: Path) -> Picture:
    """Look at a file, whatever there is of it."""
    *links, file = way_to(path)
    folders = dict.fromkeys(str(step.folder) for step in (*links, file))
    return _pictured(Places(tuple(str(link.place) for link in links), tuple(folders), str(file.place)))


def _pictured(places: Places) -> Picture:
    way = [_seen(os.lstat, link) for link in places.links]
    way += [_seen(os.stat, folder)[:5] for folder in places.folders]
    return Picture(places, tuple(way), _seen(os.stat, places.file))


def _seen(look: Callable[[str], os.stat_result], place: str) -> tuple[int, ...]:
    try:
        found = look(place)
    except OSError:
        return ()
    which = found.st_dev, found.st_ino, found.st_mode, found.st_uid, found.st_gid
    return (*which, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


@dataclass(slots=True)
class Watch:
    """Calls `changed`, on a thread of its own, when a rules file was saved.

    Whether something changed, two pictures say.
    """

    path: Path
    changed: Callable[[], None]
    seen: Picture | None = None
    """From before the file was read for the first time; None: from when watching begins."""
    look_s: float = LOOK_S
    _broken_off: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch."""
        self.seen = self.seen or picture(self.path)
        self._thread = threading.Thread(target=self._watch, name="voicego-rules", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Stop watching."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                log.warning("the thread %s did not end in time", self._thread.name)

    def look(self) -> None:
        """Call `changed` if the file is another than before; if nothing is in it, only if that is so a second time."""
        now = picture(self.path)
        if now == self.seen:
            return
        if now.whole or self._broken_off:
            self.seen, self._broken_off = now, False
            self.changed()
        else:
            self._broken_off = True

    def _watch(self) -> None:
        while not self._stop.wait(self.look_s):
            try:
                if self.seen and self.seen.whole and _pictured(self.seen.places) == self.seen:
                    continue  # a tenth of the cost of finding the way again
                self._settle()
                self.look()
            except Exception:  # this thread must not die
                log.exception("looking at %s met a surprise", self.path)

    def _settle(self) -> None:
        """Wait while it is being written."""
        seen = picture(self.path)
        for _ in range(round(SETTLED_S / QUIET_S)):
            if seen == self.seen or self._stop.wait(QUIET_S):
                return
            before, seen = seen, picture(self.path)
            if seen == before:
                return
