"""`open`: the default browser, an address, a file or folder, or an application by its name."""

from __future__ import annotations

import re
import urllib.parse
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from voicego.acting import applications, browser, placeholders
from voicego.acting.desk import Ran, System, first_that_works
from voicego.flow import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from voicego.acting.desk import Desk
    from voicego.acting.placeholders import Heard
    from voicego.flow import Open

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:\S")
"""A scheme has two letters at least; one letter is a drive of Windows."""

EDGE = "microsoft-edge:"
"""Opens what every Windows has, on its start page."""

NO_DISPLAY = "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)"
NO_OPENER = "no program that opens things on PATH (looked for xdg-open, gio); install the package xdg-utils"
NO_BROWSER = "no browser found: none is chosen for the desktop, none is named in BROWSER, and none is on PATH"

XDG_OPEN = {2: "there is no such file", 3: "no program for it was found", 4: "the program for it failed"}
"""What its exit codes mean (xdg-open(1))."""


def carry_out(action: Open, heard: Heard, desk: Desk) -> Ran:
    """Open the target with what the person chose for it. What opens outlives voicego."""
    if action.target.strip().lower() == "browser":
        return _told(_browser(desk), desk)
    if ADDRESS.match(action.target):
        return _told(_address(placeholders.fill(action.target, heard, urllib.parse.quote), desk), desk)
    target = placeholders.fill(action.target, heard)
    if names_a_file(target, desk):
        return _told(_file(target, desk), desk)
    return _told(_application(target, desk), desk)


def _browser(desk: Desk) -> Ran:
    ways = _each(desk, browser.chosen(desk))
    if desk.system is System.LINUX:
        return first_that_works([*ways, *_each(desk, browser.linux(desk))] or [partial(_failed, NO_BROWSER)])
    if desk.system is System.MACOS:
        return first_that_works([*ways, *_each(desk, browser.macos(desk))])
    program = browser.windows()
    found = _each(desk, [(program,)] if program else [])
    return first_that_works([*ways, *found, partial(desk.processes.hand_over, EDGE)])


def _address(address: str, desk: Desk) -> Ran:
    web = address.lower().startswith(("http:", "https:"))
    ways = _each(desk, browser.chosen(desk, address) if web else ())
    more = _each(desk, browser.named(desk, address) if web and desk.system is System.LINUX else ())
    return first_that_works([*ways, *_handed(address, desk), *more] or [partial(_failed, NO_OPENER)])


def _file(target: str, desk: Desk) -> Ran:
    file = _path(target, desk)
    if not file.exists():
        return _failed(f'no file or folder "{file}"')
    return first_that_works(list(_handed(str(file), desk)) or [partial(_failed, NO_OPENER)])


def _application(name: str, desk: Desk) -> Ran:
    if desk.system is System.LINUX:
        argv = linux_application(name, desk)
        if argv:
            return desk.processes.detach(argv)
    # "Documents" lies in the person's home. The application came first: a folder "firefox" or "Music" is common.
    file = _handed(str(_path(name, desk)), desk) if _path(name, desk).exists() else iter(())
    if desk.system is System.MACOS:
        return first_that_works([*_each(desk, [("open", "-a", name)]), *file])
    if desk.system is System.WINDOWS:
        return first_that_works([partial(desk.processes.hand_over, name), *file])
    if found := [*file]:
        return first_that_works(found)
    close = get_close_matches(name, applications.names(desk), n=1)
    hint = f'. Did you mean "{close[0]}"?' if close else "; an address begins with https://"
    return _failed(f'nothing to open is called "{name}": no application, no program, nothing in {desk.home}{hint}')


def linux_application(name: str, desk: Desk, arguments: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Build the command that starts an application by its name, or a program on the PATH; empty if there is none."""
    application = applications.find(name, desk)
    if application is None:
        return (name, *arguments) if desk.which(name) else ()
    if not application.terminal:
        return application.argv(arguments)
    if desk.which("gio"):  # knows the desktop's terminals
        return ("gio", "launch", str(application.file), *arguments)
    return ("gtk-launch", application.id, *arguments)


def _handed(target: str, desk: Desk) -> Iterator[Callable[[], Ran]]:
    """Hand it to the platform's own opener."""
    if desk.system is System.WINDOWS:
        return iter([partial(desk.processes.hand_over, target)])
    if desk.system is System.MACOS:
        return _each(desk, [("open", target)])
    openers = (("xdg-open",), ("gio", "open"))
    return _each(desk, ((*opener, target) for opener in openers if desk.which(opener[0])))


def _each(desk: Desk, commands: Iterable[tuple[str, ...]]) -> Iterator[Callable[[], Ran]]:
    return (partial(_started, argv, desk) for argv in commands)


def _started(argv: tuple[str, ...], desk: Desk) -> Ran:
    ran = desk.processes.detach(argv)
    if argv[0] == "xdg-open" and ran.exit_code in XDG_OPEN:
        return replace(ran, detail=f"xdg-open: {XDG_OPEN[ran.exit_code]}")
    return ran


def _told(ran: Ran, desk: Desk) -> Ran:
    seen = desk.environ.get("DISPLAY") or desk.environ.get("WAYLAND_DISPLAY")
    started = ran.outcome is Outcome.FAILED and ran.exit_code is not None
    if started and desk.system is System.LINUX and not seen:
        return replace(ran, detail=f"{ran.detail}; {NO_DISPLAY}")
    return ran


def _failed(why: str) -> Ran:
    return Ran(Outcome.FAILED, why)


def names_a_file(target: str, desk: Desk) -> bool:
    """A name with a folder in it is no application's."""
    return target.startswith("~") or "/" in target or (desk.system is System.WINDOWS and "\\" in target)


def _path(target: str, desk: Desk) -> Path:
    # expanduser asks the process, not the desk; for `~` alone the desk knows.
    if target == "~" or target.startswith("~/"):
        return desk.home / target[2:]
    return desk.home / Path(target).expanduser()
