"""Notice that a rules file was saved, in whatever way: in place, renamed over, behind links, in a folder made anew."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from voicego.config.way import way_to

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from pathlib import Path

log = logging.getLogger(__name__)

QUIET_MS = 200
"""Editors save in several steps; what comes without a pause of this length is one change."""

SETTLED_MS = 2000
"""A file that is written without a pause is read after so long all the same."""

LOOK_S = 1.0
"""How often the file is looked at, told or not: not every file system tells, and links may lead to such a one."""

RETRY_S = 30.0
"""Seconds of looking only, where the system cannot tell of changes."""


class Picture(NamedTuple):
    """What a file's way and the file itself looked like. Another picture means that the rules may be others."""

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
    folders = dict.fromkeys(step.folder for step in (*links, file))
    way = [_seen(link.place.lstat) for link in links]
    way += [_seen(folder.stat)[:5] for folder in folders]
    return Picture(tuple(way), _seen(file.place.stat))


def _seen(look: Callable[[], os.stat_result]) -> tuple[int, ...]:
    try:
        found = look()
    except OSError:
        return ()
    which = found.st_dev, found.st_ino, found.st_mode, found.st_uid, found.st_gid
    return (*which, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def folders_of(path: Path) -> tuple[tuple[Path, int], ...]:
    """Where changes on the way to a file are told of, and which folder that is now: one made anew is another."""
    found: dict[Path, int] = {}
    for step in way_to(path):
        for folder in (step.folder, *step.folder.parents):
            if which := _seen(folder.stat):  # else it is waited for where it would be made
                found[folder] = which[1]
                break
    return tuple(found.items())


@dataclass(slots=True)
class Watch:
    """Calls `changed`, on a thread of its own, when a rules file was saved.

    The folders are watched, not the file: editors save by renaming another over it. The system is only asked to wake
    the thread; whether something changed, two pictures say.
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
        looks, told = 0, ""
        while not self._stop.is_set():
            try:
                if looks:
                    looks -= 1
                    self._stop.wait(self.look_s)
                    self.look()
                else:
                    self._be_told()
            except BaseException as error:  # noqa: BLE001 -- this thread must not die, and Rust's panics are no Exceptions
                looks = round(RETRY_S / self.look_s)
                if str(error) != told:
                    told = str(error)
                    log.warning(
                        "the system does not tell of changes to %s (%s); it is looked at instead", self.path, told
                    )

    def _be_told(self) -> None:
        """Look whenever something happens in the folders, until they are others."""
        from watchfiles import watch  # noqa: PLC0415 -- only a daemon watches

        folders = folders_of(self.path)
        for _ in watch(
            *(folder for folder, _ in folders),
            watch_filter=None,
            debounce=SETTLED_MS,
            step=QUIET_MS,
            rust_timeout=round(self.look_s * 1000),
            yield_on_timeout=True,
            stop_event=self._stop,
            recursive=False,
            raise_interrupt=False,
        ):
            self.look()
            if folders_of(self.path) != folders:
                return
