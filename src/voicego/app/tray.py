"""`voicego tray`: one tray for each person, and what a click may start on the desktop."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from voicego import service
from voicego.acting import applications, notify, open_
from voicego.acting.desk import Desk, System, this_system
from voicego.acting.placeholders import Heard
from voicego.acting.runner import Runner
from voicego.errors import Exit, VoicegoError
from voicego.flow import Open, Outcome
from voicego.lock import AlreadyRunning, single_instance
from voicego.log import start_logging
from voicego.paths import Paths, make_private, paths
from voicego.tray.app import Tray
from voicego.tray.clicks import Deeds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = (sys.executable, "-m", "voicego", "run", "--headless")
"""The tray's daemon: the tray is there already."""

PLAIN_TEXT = "text/plain"


def tray(*, attached: bool, terminal: bool, tell: Callable[[str], None]) -> Exit:
    """Be in the tray until told to end. `tell` shows a sentence to whoever started it.

    Raises:
        VoicegoError: there is no desktop, or the folder for the lock cannot be used.
    """
    places = paths(os.environ)
    make_private(places.lock.parent)
    # The tray of a daemon that was started beside another tray: nobody asked for it, so nobody is told.
    with _only_one(places, (lambda _: None) if attached else tell) as alone:
        if not alone:
            return Exit.OK
        # A diary of its own: two processes that turn one file over would lose each other's lines.
        start_logging(places.tray_log, to_terminal=terminal and not attached)
        desk = Desk(this_system(), Runner(os.environ, Path.home()), os.environ, Path.home())

        def tell_all(sentence: str) -> None:
            tell(sentence)
            if not terminal:  # started at login: nobody reads what it writes
                notify.begin(sentence, desk)

        return Tray(places, os.environ, deeds(places, desk), tell_all).run(attached=attached)


@contextmanager
def _only_one(places: Paths, tell: Callable[[str], None]) -> Iterator[bool]:
    """Hold the tray's own lock. Whoever comes second has what was asked for: a tray is there."""
    lock = single_instance(places.lock.with_name("tray.lock"))
    try:
        lock.__enter__()
    except AlreadyRunning as other:
        tell("voicego is in the tray already" + (f" (process {other.pid})" if other.pid else ""))
        yield False
        return
    try:
        yield True
    finally:
        lock.__exit__(None, None, None)


def deeds(places: Paths, desk: Desk) -> Deeds:
    """Connect the tray's clicks with the desktop."""

    def start() -> None:
        ran = desk.processes.detach(START)
        if ran.outcome is Outcome.FAILED:
            raise VoicegoError(f"voicego does not start ({ran.detail}); `voicego run` in a terminal says why")

    return Deeds(
        start=start,
        edit=lambda named: show_text(Path(named) if named else places.rules, desk),
        show_log=lambda: show_text(places.log, desk),
        at_login=service.login,
        set_login=service.set_login,
    )


def show_text(file: Path, desk: Desk) -> None:
    """Open a file in the person's editor: by its own kind, else as plain text, which every desktop has a program for.

    Raises:
        VoicegoError: there is no such file, or nothing opens it.
    """
    if not file.exists():
        raise VoicegoError(f"there is no {file}")
    if desk.system is System.WINDOWS:
        ran = desk.processes.detach(("notepad.exe", str(file)))
    elif desk.system is System.MACOS:
        ran = desk.processes.detach(("open", "-t", str(file)))
    else:
        heard = Heard("", 0.0, time.strftime("%H:%M:%S"))
        editor = applications.default_for(PLAIN_TEXT, desk)
        ran = (
            desk.processes.detach(editor.argv((str(file),)))
            if editor and not editor.terminal
            else open_.carry_out(Open(str(file)), heard, desk)
        )
    if ran.outcome is Outcome.FAILED:
        raise VoicegoError(f"cannot open {file}: {ran.detail}")
