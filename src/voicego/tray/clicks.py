"""What a click does: most are asked of the daemon, some only the world outside can do."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from voicego.control.client import NotRunning, ask
from voicego.errors import VoicegoError
from voicego.tray.menu import morning
from voicego.tray.model import Ask, Click, Deed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

log = logging.getLogger(__name__)

DONE_S = 6.0
"""Seconds in which the daemon has done what was asked; it may have to open a microphone."""


@dataclass(frozen=True, slots=True)
class Deeds:
    """What only the world outside can do; each raises VoicegoError where it fails."""

    start: Callable[[], None]
    """Start a daemon."""
    edit: Callable[[str], None]
    """Open a rules file; empty: the one that lies where it usually does."""
    show_log: Callable[[], None]
    at_login: Callable[[], bool]
    """Whether voicego starts at login."""
    set_login: Callable[[bool], None]


class Clicks:
    """Carries out clicks, one after the other."""

    def __init__(self, socket: Path, deeds: Deeds, now: Callable[[], float] = time.time) -> None:
        self._socket = socket
        self._deeds = deeds
        self._now = now

    def do(self, click: Click, status: Mapping[str, Any] | None) -> str:
        """Do what was clicked while the daemon was in `status`; returns why it did not work, for a person."""
        try:
            if isinstance(click, Ask):
                self._ask(click.verb, **click.arguments)
            else:
                self._deed(click, status or {})
        except VoicegoError as error:
            log.warning("%s", error)
            return str(error).splitlines()[0]
        return ""

    def at_login(self) -> bool | None:
        """Whether voicego starts at login; None where that cannot be told."""
        try:
            return self._deeds.at_login()
        except VoicegoError as error:
            log.warning("cannot tell what starts at login: %s", error)
            return None

    def _deed(self, deed: Deed, status: Mapping[str, Any]) -> None:
        match deed:
            case Deed.START:
                self._deeds.start()
            case Deed.QUIT:
                self._stop()
            case Deed.UNTIL_MORNING:
                self._ask("pause", for_s=morning(self._now()) - self._now())
            case Deed.EDIT:
                self._deeds.edit(status.get("rules_file") or "")
            case Deed.SHOW_LOG:
                self._deeds.show_log()
            case Deed.LOGIN_ON | Deed.LOGIN_OFF:
                self._deeds.set_login(deed is Deed.LOGIN_ON)

    def _stop(self) -> None:
        try:
            self._ask("stop")
        except NotRunning:
            log.info("quitting without a daemon")

    def _ask(self, verb: str, **arguments: object) -> None:
        ask(self._socket, verb, timeout_s=DONE_S, **arguments)
