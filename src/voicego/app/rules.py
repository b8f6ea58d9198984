"""The rules file: found, read against the words that its model hears, begun, kept for a bad day, watched."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from voicego.app.watching import Watch, picture
from voicego.config import load, parse, starter, text_of
from voicego.errors import RulesError, VoicegoError
from voicego.files import write_whole
from voicego.spotting.checkpoint import keywords

if TYPE_CHECKING:
    from voicego.wanted import Setup

__all__ = ["Watch", "begin", "keep", "last_good", "picture", "read"]

log = logging.getLogger(__name__)


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
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        file = Path(os.path.realpath(path))
        write_whole(file, (starter() if text is None else text).encode())
        file.chmod(stat.S_IMODE(file.stat().st_mode) & ~0o022)  # whatever the umask: others' commands are refused
    except OSError as error:
        raise VoicegoError(f"cannot write the rules file {path}: {error.strerror or error}") from error
    return True


def keep(path: Path, last_good: Path) -> None:
    """Keep a copy of rules that proved good, for a start with broken ones."""
    try:
        text = text_of(path)
        parse(text, str(path), keywords)  # it may have been saved again since it was read
        write_whole(Path(os.path.realpath(last_good)), text.encode(), private=True)
    except RulesError as error:
        log.info("no copy of the rules is kept, they have changed again: %s", str(error).partition("\n")[0])
    except OSError as error:
        log.warning("cannot keep a copy of the rules in %s: %s", last_good, error.strerror or error)


def last_good(path: Path) -> Setup | None:
    """Return the rules that worked last, if they still do."""
    try:
        return read(path)
    except RulesError:
        return None
