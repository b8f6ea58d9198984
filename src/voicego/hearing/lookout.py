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
from voicego.hearing.staying import CHANGES, Changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.hearing.sound_server import Server

CARDS = Path("/proc/asound/cards")
PCMS = (Path("/etc/asound.conf"), Path("~/.asoundrc"), Path("~/.config/alsa/asoundrc"))
"""Where people name devices of ALSA."""
BLIND_CALLS = 6
"""Where nothing tells of a change, only one call in so many looks: it costs 0.1 to 0.3 s of a core."""


class Lookout:
    """Asks the sound server only when it told of a change, or when nothing of it is told; PortAudio only after one."""

    def __init__(
        self,
        server: Callable[[], Server | None] = sound_server.ask,
        heard_by: Callable[[int], frozenset[int]] = sound_server.heard_by,
        look: Callable[[tuple[str, ...]], tuple[Device, ...]] = look,
        changes: Changes = CHANGES,
    ) -> None:
        """Remember whom to ask, and what counts the changes."""
        self._server = server
        self._heard_by = heard_by
        self._look = look
        self._changes = changes
        self._nothing_better: object = None
        """What there was when there was nothing better."""
        self._calls = 0
        self._tries = 0
        self._tried: object = ()
        self._saw: object = ()
        self._seen: tuple[Device, ...] = ()

    def better_there(self, names: tuple[str, ...], in_use: str) -> bool:
        """Whether opening anew would hear another microphone than the one `in_use`, and a better one.

        Because one that is earlier in the list came, `default` means another one by now, or the server has moved our
        stream elsewhere, as it does when a microphone goes: be it into a headset.

        Raises:
            VoicegoError: the sound system hangs, or a name means several.
        """
        now = (names, in_use, self._changes.count, _alsa()) if self._changes.listeners else None
        if now is not None and now == self._nothing_better:
            return False
        server = self._server()
        better = self._look_for(names, in_use, server)
        self._nothing_better = None if better else now
        return better and self._worth_a_try((names, in_use, _what_there_is(server)))

    def _worth_a_try(self, this: object) -> bool:
        """Not again and again what did not open the last time, while nothing changes."""
        self._tries = self._tries + 1 if this == self._tried else 0
        self._tried = this
        return self._tries % BLIND_CALLS == 0

    def _look_for(self, names: tuple[str, ...], in_use: str, server: Server | None) -> bool:
        there = from_server(server) if server else ()
        unknown: list[str] = []
        for name in names:
            device = named(there, name)
            if device:
                return self._opens(server, unknown) or self._differs(device, there, in_use)
            if name == DEFAULT or name.casefold() in in_use.casefold():
                break
            unknown.append(name)
        return self._opens(server, unknown)

    def _differs(self, wanted: Device, there: tuple[Device, ...], in_use: str) -> bool:
        heard = self._heard_by(os.getpid())
        by_server = any(device.name == in_use for device in there)
        return wanted.number not in heard if by_server and heard else wanted.name != in_use

    def _opens(self, server: Server | None, unknown: list[str]) -> bool:
        """Whether PortAudio would open one of those that no server knows."""
        if not unknown:
            return False
        sees = _what_there_is(server)
        self._calls += 1
        if (sees, unknown) != self._saw or (sees is None and self._calls % BLIND_CALLS == 1):
            self._seen, self._saw = self._look(tuple(unknown)), (sees, unknown)
        return any(named(self._seen, name) for name in unknown)


def _what_there_is(server: Server | None) -> object:
    """Give something that differs after a change to the devices of ALSA; None where nothing tells."""
    if not sys.platform.startswith("linux"):
        return None
    return tuple(source.node for source in server.sources) if server else (), _alsa()


def _alsa() -> object:
    return _content(CARDS), *(_changed(path) for path in PCMS)


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
