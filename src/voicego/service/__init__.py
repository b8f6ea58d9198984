"""Starting at login, as each system wants it: autostart entry or user unit, launchd's agent, Windows' Run key."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voicego.service.program import Program
    from voicego.service.services import Service
    from voicego.service.steps import Hands, Registry, Step

VERSION_S = 20.0
"""What another executable is given to tell its version: a cold start of Python is slow."""
END_S = 15.0


def login() -> bool:
    """Whether voicego starts at login, with its icon."""
    found = service(headless=False).look()
    return found is not None and bool(found.command) and found.on


def set_login(on: bool) -> None:  # noqa: FBT001 -- a tick in a menu is just that
    """Start at login from now on, or no more. Leaves alone what runs now.

    Raises:
        VoicegoError: it cannot be written.
    """
    chosen = service(headless=False)
    change(chosen.install if on else chosen.uninstall)


def service(  # noqa: PLR0913 -- a test stands in for each
    *,
    headless: bool,
    program: Program | None = None,
    platform: str = sys.platform,
    environ: Mapping[str, str] = os.environ,
    home: Path | None = None,
    registry: Registry | None = None,
) -> Service:
    """Choose how this system starts things at login. Touches nothing."""
    from voicego.service import launchd, systemd, windows, xdg  # noqa: PLC0415 -- the tray asks once, the daemon never
    from voicego.service.program import this_program  # noqa: PLC0415

    program = program or this_program(environ, platform=platform)
    home = home or Path.home()
    if platform == "darwin":
        return launchd.agent(program, home, os.getuid() if sys.platform != "win32" else 0, headless=headless)
    if platform == "win32":
        return windows.run_key(program, registry or windows.UserRegistry(), headless=headless)
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    return systemd.unit(program, config) if headless else xdg.autostart(program, config)


def change(steps: tuple[Step, ...], hands: Hands | None = None) -> tuple[str, ...]:
    """Carry steps out; returns what changed, a sentence each.

    Raises:
        VoicegoError: one failed; files are then as they were.
    """
    from voicego.service.carrying import carry_out  # noqa: PLC0415

    return carry_out(steps, hands or real_hands())


def real_hands() -> Hands:
    """Act on this very system."""
    from voicego.acting.runner import Runner  # noqa: PLC0415
    from voicego.service.steps import Hands  # noqa: PLC0415
    from voicego.service.windows import UserRegistry  # noqa: PLC0415

    registry = UserRegistry() if sys.platform == "win32" else None
    return Hands(Runner(os.environ, Path.home()), stop_daemon, registry)


def complaint(chosen: Service, hands: Hands | None = None) -> str:
    """Say what is wrong with what is installed, and what to do; empty if all is well, or nothing is installed."""
    from voicego.flow import Outcome  # noqa: PLC0415

    processes = (hands or real_hands()).processes

    def version_of(executable: str) -> str:
        ran = processes.run_to_end((executable, "--version"), VERSION_S)
        name, _, version = ran.detail.strip().partition(" ")
        return version if ran.outcome is Outcome.OK and name == "voicego" else ""

    found = chosen.look()
    return found.complaint(chosen.command, version_of) if found else ""


def stop_daemon() -> bool:
    """End the running voicego, and the tray that would miss it, and wait for both; whether there was either.

    Raises:
        VoicegoError: one does not end.
    """
    from voicego.control.client import NotRunning, ask  # noqa: PLC0415
    from voicego.lock import holder  # noqa: PLC0415
    from voicego.paths import paths  # noqa: PLC0415

    places = paths(os.environ)
    locks = (places.lock, places.lock.with_name("tray.lock"))
    tray = holder(locks[1])
    if tray:
        with suppress(ProcessLookupError):
            os.kill(tray, signal.SIGTERM)
    try:
        ask(places.socket, "stop")
    except NotRunning:
        if not tray:
            return False
    # Its lock is the last that either lets go of: until then the next one would not start.
    deadline = time.monotonic() + END_S
    while any(holder(lock) is not None for lock in locks):
        if time.monotonic() > deadline:
            raise VoicegoError("voicego was told to stop and still runs; `voicego log` may say why")
        time.sleep(0.05)
    return True
