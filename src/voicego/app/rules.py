"""The rules file: found, read against the words that its model hears, begun, kept for a bad day, watched."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from voicego.config import load, starter
from voicego.errors import RulesError, VoicegoError
from voicego.files import write_whole
from voicego.spotting.checkpoint import keywords

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.flow import Setup

log = logging.getLogger(__name__)

SETTLED_MS = 300
"""Editors save in several steps; what comes within this time is one change."""


def read(path: Path) -> Setup:
    """Read a rules file.

    Raises:
        RulesError: it is not there or broken; every mistake in it is named.
    """
    return load(path, keywords)


def begin(path: Path, *, force: bool = False, text: str | None = None) -> bool:
    """Write the starter rules, or `text`, unless there is a file already; whether it was written.

    Raises:
        VoicegoError: it cannot be written.
    """
    if path.exists() and not force:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(Path(os.path.realpath(path)), (starter() if text is None else text).encode())
    except OSError as error:
        raise VoicegoError(f"cannot write the rules file {path}: {error.strerror or error}") from error
    return True


def keep(path: Path, last_good: Path) -> None:
    """Keep a copy of rules that proved good, for a start with broken ones."""
    try:
        write_whole(Path(os.path.realpath(last_good)), path.read_text(encoding="utf-8").encode(), private=True)
    except (OSError, ValueError) as error:
        log.warning("cannot keep a copy of the rules in %s: %s", last_good, error)


def last_good(path: Path) -> Setup | None:
    """Return the rules that worked last, if they still do."""
    try:
        return read(path)
    except RulesError:
        return None


@dataclass(slots=True)
class Watch:
    """Calls `changed`, on a thread of its own, when a rules file was saved."""

    path: Path
    changed: Callable[[], None]
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch. The folders are watched, not the file: editors save by renaming another over it."""
        self._thread = threading.Thread(target=self._watch, name="voicego-rules", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Stop watching."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                log.warning("the thread %s did not end in time", self._thread.name)

    def _watch(self) -> None:
        from watchfiles import watch  # noqa: PLC0415 -- only a daemon watches

        names, folders = _whereabouts(self.path)
        try:
            for changes in watch(
                *folders,
                watch_filter=None,
                debounce=SETTLED_MS,
                step=50,
                rust_timeout=500,
                stop_event=self._stop,
                recursive=False,
                raise_interrupt=False,
            ):
                if any(Path(changed).name in names for _, changed in changes):
                    self.changed()
        except (OSError, RuntimeError) as error:
            log.warning("cannot watch %s for changes (%s); use `voicego reload` after saving", self.path, error)


def _whereabouts(path: Path) -> tuple[set[str], list[Path]]:
    """Names and folders of a file and of what it is a link to, link by link."""
    names, folders = {path.name}, [path.parent]
    seen = path
    for _ in range(16):
        if not seen.is_symlink():
            break
        seen = seen.parent / os.readlink(seen)  # noqa: PTH115 -- Path.readlink says the same with more words
        names.add(seen.name)
        if seen.parent not in folders:
            folders.append(seen.parent)
    return names, [folder for folder in folders if folder.is_dir()]
