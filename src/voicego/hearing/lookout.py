"""Looks out for a better microphone while another one is heard."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from voicego.hearing import sound_server
from voicego.hearing.choosing import DEFAULT, Device, named
from voicego.hearing.look import look
from voicego.hearing.present import from_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.hearing.sound_server import Server

CARDS = Path("/proc/asound/cards")
PCMS = (Path("/etc/asound.conf"), Path("~/.asoundrc"), Path("~/.config/alsa/asoundrc"))
"""Where people name devices of ALSA."""


class Lookout:
    """Asks the sound server each time; looks through PortAudio, which costs 30 times as much, only after a change."""

    def __init__(
        self,
        server: Callable[[], Server | None] = sound_server.ask,
        heard_by: Callable[[int, Server], tuple[str, ...]] = sound_server.heard_by,
        look: Callable[[], tuple[Device, ...]] = look,
    ) -> None:
        """Remember whom to ask."""
        self._server = server
        self._heard_by = heard_by
        self._look = look
        self._saw: object = None
        self._seen: tuple[Device, ...] = ()

    def better_there(self, names: tuple[str, ...], in_use: str) -> bool:
        """Whether opening anew would hear another microphone than the one `in_use`, and a better one.

        Because one that is earlier in the list came, `default` means another one by now, or the server has moved our
        stream elsewhere, as it does when a microphone goes: be it into a headset.

        Raises:
            VoicegoError: the sound system hangs, or a name means several.
        """
        server = self._server()
        there = from_server(server) if server else ()
        heard = self._heard_by(os.getpid(), server) if server else ()
        by_server = any(device.name == in_use for device in there)
        for name in names:
            device = named(there, name)
            if device:
                return device.node not in heard if by_server and heard else device.name != in_use
            if _says(name, in_use):
                return False
            if self._seen_anew(server, name):
                return True
        return False

    def _seen_anew(self, server: Server | None, name: str) -> bool:
        """Whether PortAudio would list a device of that name."""
        if name == DEFAULT:
            return False
        sees = _what_there_is(server)
        if sees is None or sees != self._saw:
            self._seen, self._saw = self._look(), sees
        return named(self._seen, name) is not None


def _says(name: str, in_use: str) -> bool:
    return name == DEFAULT or name.casefold() in in_use.casefold()


def _what_there_is(server: Server | None) -> object:
    """Give something that differs after a change to the devices of ALSA; None where nothing tells."""
    if not sys.platform.startswith("linux"):
        return None
    nodes = tuple(source.node for source in server.sources) if server else ()
    return nodes, _content(CARDS), *(_changed(path) for path in PCMS)


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _changed(path: Path) -> float:
    try:
        return path.expanduser().stat().st_mtime
    except (OSError, RuntimeError):  # there is none, or no home
        return 0.0
