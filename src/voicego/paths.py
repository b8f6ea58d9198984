"""Where voicego's files live; each place can be moved by an environment variable."""

from __future__ import annotations

import os
import stat
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import PlatformDirs

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_SOCKET = 100
"""Bytes. A socket's address holds 104 on macOS and 108 on Linux, its closing zero included."""

PRIVATE = 0o700

OTHER = "name another one (see `voicego config path --all`)"


@dataclass(frozen=True, slots=True)
class Paths:
    """Every place that voicego reads or writes on its own account. None of them need exist."""

    rules: Path
    """The person's own file; voicego never writes it. `VOICEGO_CONFIG`."""
    last_good: Path
    """The last rules that could be used, for a start with a broken file. In `VOICEGO_STATE_DIR`."""
    choices: Path
    """What was chosen in the menu. In `VOICEGO_STATE_DIR`."""
    wrong: Path
    """Which detections a person called wrong: time, keyword, score; never sound. In `VOICEGO_STATE_DIR`."""
    exports: Path
    """Exports of fetched models, a folder each. In `VOICEGO_DATA_DIR`."""
    log: Path
    """In `VOICEGO_LOG_DIR`; older logs lie beside it as `voicego.log.1` and so on."""
    tray_log: Path
    """What the icon's process says. In `VOICEGO_LOG_DIR`."""
    lock: Path
    """Held by the one daemon that runs. In `VOICEGO_RUNTIME_DIR`."""
    socket: Path
    """Where the daemon is talked to; on Windows a pipe. In `VOICEGO_RUNTIME_DIR`, unless that is too long."""


def paths(environ: Mapping[str, str]) -> Paths:
    """Name the places for this user. Looks at the disk, makes nothing.

    `environ` is asked for the `VOICEGO_…` variables; the platform's own (`XDG_…`) are read from the process.
    """
    # appauthor=False: on Windows it would be a folder of its own, with the same name.
    dirs = PlatformDirs("voicego", appauthor=False)
    state = _chosen(environ, "VOICEGO_STATE_DIR") or dirs.user_state_path
    data = _chosen(environ, "VOICEGO_DATA_DIR") or dirs.user_data_path
    log = _chosen(environ, "VOICEGO_LOG_DIR") or dirs.user_log_path
    runtime = _chosen(environ, "VOICEGO_RUNTIME_DIR") or _runtime(dirs) or state / "run"
    return Paths(
        rules=_chosen(environ, "VOICEGO_CONFIG") or dirs.user_config_path / "voicego.yaml",
        last_good=state / "last-good.yaml",
        choices=state / "choices.json",
        wrong=state / "wrong.tsv",
        exports=data / "exports",
        log=log / "voicego.log",
        tray_log=log / "tray.log",
        lock=runtime / "voicego.lock",
        socket=_socket(runtime),
    )


def make_folders(places: Paths) -> None:
    """Make the folders that a daemon cannot do without: state, lock and socket. The log's is `log`'s own affair.

    Raises:
        VoicegoError: one of them cannot be made, or others could write in it.
    """
    for folder in {places.last_good.parent, places.lock.parent}:
        make_private(folder)
    if sys.platform != "win32":
        make_private(places.socket.parent)


def make_private(folder: Path) -> None:
    """Make a folder for its owner alone; one that is there is taken when only this user can write in it.

    Raises:
        VoicegoError: it cannot be made, or is another's.
    """
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise VoicegoError(f"cannot make the folder {folder}: {error.strerror or error}; {OTHER}") from error
    if sys.platform == "win32":  # folders of a Windows profile are private by inheritance
        return
    if found.st_uid != os.geteuid():
        raise VoicegoError(f"the folder {folder} belongs to another user; {OTHER}")
    # It is not tightened here: it may be a folder of the person's own, named by a variable.
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise VoicegoError(f"others may write in the folder {folder}; {_mend(folder, found.st_mode)}")


def _mend(folder: Path, mode: int) -> str:
    if mode & stat.S_ISVTX:  # /tmp and its like are everybody's on purpose
        return f"it is there for everyone; {OTHER}"
    return f"mend it with: chmod 700 '{folder}'"


def _chosen(environ: Mapping[str, str], variable: str) -> Path | None:
    value = environ.get(variable, "").strip()
    return Path(value).expanduser().absolute() if value else None


def _runtime(dirs: PlatformDirs) -> Path | None:
    """Return the platform's folder for sockets and locks, where it is this user's alone."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "XDG_RUNTIME_DIR is not set": no news to whoever types a command
            folder = dirs.user_runtime_path
        if sys.platform == "win32":
            return folder
        found = folder.parent.lstat()
    except OSError:  # not there, or platformdirs found that another user made it first
        return None
    # What platformdirs falls back on in the temp folder may come and go with other programs: a daemon and whoever
    # talks to it must not differ in what they find.
    if folder.parent.name == f"runtime-{os.geteuid()}":
        return None
    private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077 and found.st_uid == os.geteuid()
    return folder if private else None


def _socket(runtime: Path) -> Path:
    if sys.platform == "win32":
        import getpass  # noqa: PLC0415 -- for a name that is given here alone

        return Path(rf"\\.\pipe\voicego-{getpass.getuser()}-{_short(runtime)}")
    usual = runtime / "voicego.sock"
    if len(os.fsencode(usual)) <= LONGEST_SOCKET:
        return usual
    # Not TMPDIR: a daemon under systemd and a shell may differ in it, and have to meet here. A stranger who makes
    # the folder first gains nothing: `make_private` refuses it.
    return Path("/tmp", f"voicego-{os.geteuid()}-{_short(runtime)}", "voicego.sock")  # noqa: S108


def _short(folder: Path) -> str:
    """A name for a folder that is another for another."""
    import hashlib  # noqa: PLC0415 -- it loads OpenSSL; most paths are short enough as they are

    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
