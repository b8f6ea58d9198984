"""Socket, lock, log and disk: what voicego leaves on this computer, and whether it may."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from voicego import __version__
from voicego.app.doctor.check import Check, State, ok, problem, told, warning
from voicego.app.doctor.private import device
from voicego.control.client import NotRunning
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from voicego.paths import Paths

TIGHT = 100_000_000
"""Bytes."""
FULL = 5_000_000
"""Bytes; three logs and the state take less."""

OTHER_FOLDER = "name another folder in VOICEGO_RUNTIME_DIR"
OTHER_STATE = "name another folder in VOICEGO_STATE_DIR"

MENDED_BY = {
    "failed": "`voicego log` may say more; voicego stop, then start it again",
    "reconnecting": "see `microphones` and `sound`",
    "config error": "see `rules`",
}


def running(ask: Callable[[], Mapping[str, Any]]) -> Check:
    """Look whether voicego runs, and how it is."""
    try:
        status = ask()
    except NotRunning:
        return ok("running", "voicego does not run now")
    except VoicegoError as error:
        return told("running", State.PROBLEM, error)
    state, reason = status.get("state", "unknown"), device(str(status.get("reason", "")))
    found = f"process {status.get('pid')}, version {status.get('version')}: {state}{f' ({reason})' if reason else ''}"
    if status.get("version") != __version__:
        return warning("running", found, f"this is version {__version__}: voicego stop, then start it again")
    if status.get("config_error"):
        return problem("running", f"{found}; it goes by older rules, for the file is broken", "see `rules`")
    if state in MENDED_BY:
        return problem("running", found, MENDED_BY[state])
    notices = "; ".join(device(str(text)) for text in status.get("notices", ()))
    return warning("running", f"{found}; it says: {notices}") if notices else ok("running", found)


def lock(places: Paths, ask: Callable[[], Mapping[str, Any]], holder: Callable[[Path], int | None]) -> Check:
    """Look at lock and socket: left behind, another's, or in use. `holder` is as in `voicego.lock`."""
    if sys.platform != "win32" and (wrong := _in_the_way(places)):
        return problem("lock", *wrong)
    try:
        answers = bool(ask())
    except NotRunning:
        answers = False
    held_by = holder(places.lock)
    if answers:
        return ok("lock", f"held, and the socket answers: {places.socket}")
    if held_by is not None:
        who, mend = (f"process {held_by}", f"end it: kill {held_by}") if held_by else ("a process", "end it")
        return problem("lock", f"{who} holds the lock {places.lock}, and nobody answers at {places.socket}", mend)
    if sys.platform != "win32" and os.path.lexists(places.socket):
        return ok("lock", f"free; a voicego that was killed left its socket, which does no harm: {places.socket}")
    return ok("lock", f"free: {places.lock}")


def _in_the_way(places: Paths) -> tuple[str, str] | None:
    """What keeps a daemon from making state, lock and socket, and what to do."""
    state = places.last_good.parent
    for folder in dict.fromkeys((state, places.lock.parent, places.socket.parent)):
        other = OTHER_STATE if folder == state else OTHER_FOLDER
        if not folder.exists():
            if not os.access(there := _nearest(folder), os.W_OK | os.X_OK):
                return f"the folder {folder} cannot be made, {there} lets nobody write in it", f"mend that, or {other}"
        elif wrong := _not_ours(folder, other):
            return wrong
    try:
        found = places.socket.lstat()
    except OSError:
        return None
    if not stat.S_ISSOCK(found.st_mode):
        return f"{places.socket} is in the place of voicego's socket, and is none", "move it away"
    if found.st_uid != os.geteuid():
        return f"the socket {places.socket} belongs to another user", OTHER_FOLDER
    return None


def _not_ours(folder: Path, other: str) -> tuple[str, str] | None:
    found = folder.stat()
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is no folder", "move it away"
    if found.st_uid != os.geteuid():
        return f"the folder {folder} belongs to another user", other
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        mend = other if found.st_mode & stat.S_ISVTX else f"chmod 700 '{folder}'"
        return f"others may write in the folder {folder}", mend
    return None


def log(path: Path) -> Check:
    """Look whether the log can be written, by writing a file beside it that goes at once; no folder is made."""
    folder = path.parent
    there = _nearest(folder)
    try:
        if path.exists():
            with path.open("ab"):
                pass
        if there == folder:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"voicego")
        elif not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
            return warning("log", f"cannot be written: {path}", f"{there} lets nobody make a folder in it; mend that")
    except OSError as error:
        return warning(
            "log",
            f"cannot be written: {path} ({error.strerror or error})",
            "voicego goes on without it; mend the folder, or name another one in VOICEGO_LOG_DIR",
        )
    return ok("log", f"{path}{'' if path.exists() else ', not begun yet'}")


def disk(places: Paths, free_at: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free) -> Check:
    """Look how much room is left for log and state."""
    folders = [_nearest(each) for each in (places.log.parent, places.last_good.parent)]
    folder, free = min(((each, free_at(each)) for each in folders), key=lambda one: one[1])
    found = f"{free / 1e9:.1f} GB free" if free >= TIGHT else f"{free / 1e6:.1f} MB free at {folder}"
    if free < FULL:
        return problem("disk", found, "make room: log and choices can no longer be kept")
    if free < TIGHT:
        return warning("disk", found, "make room: voicego itself needs 5 MB")
    return ok("disk", found)


def _nearest(folder: Path) -> Path:
    return next((each for each in (folder, *folder.parents) if each.exists()), folder)
