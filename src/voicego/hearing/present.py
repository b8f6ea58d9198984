"""What can be listened to now: what PortAudio lists, and before it, on Linux, what the sound server lists."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from voicego.hearing.choosing import Device, NoMicrophone, raw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voicego.hearing.sound_server import Server, Source

log = logging.getLogger(__name__)

BLUETOOTH = "bluetooth"

THROUGH = ("pulse", "pipewire", "default")
"""Devices of ALSA that hear the server's source which the environment names, the better ones first."""

BUSES = ("usb", "pci")
"""Where the default is a headset that must be named, the microphone that somebody plugged in comes first."""


def present(portaudios: Sequence[Device], server: Server | None) -> tuple[Device, ...]:
    """Put together what PortAudio and the sound server list; without a way from one to the other, as PortAudio says."""
    through = next((one for name in THROUGH for one in portaudios if (one.name, one.host_api) == (name, "ALSA")), None)
    if server is None or through is None:
        return tuple(portaudios)
    return (*from_server(server, through.index), *(replace(device, default=False) for device in portaudios))


def from_server(server: Server, through: int = -1) -> tuple[Device, ...]:
    """Give the sources of a sound server; `through` is PortAudio's number for the device that reaches them."""
    default = meant_by_default(server)
    return tuple(
        Device(
            name=source.description,
            host_api=server.name,
            channels=source.channels,
            rate=source.rate,
            default=source is default,
            index=through,
            node=source.node,
            number=source.index,
            bus=source.bus,
            monitor=source.monitor,
            passed_over=source.node == server.default and source is not default,
        )
        for source in server.sources
    )


def meant_by_default(server: Server) -> Source | None:
    """Give the server's default source; where that is a Bluetooth headset, the best other one, and no loudspeaker's."""
    default = next((source for source in server.sources if source.node == server.default), None)
    if default is None or default.bus != BLUETOOTH:
        return default
    return min(
        (source for source in server.sources if source.bus != BLUETOOTH and not source.monitor and source.available),
        key=lambda source: BUSES.index(source.bus) if source.bus in BUSES else len(BUSES),
        default=None,
    )


def check_raw(device: Device, server: Server | None, *, seen: bool) -> None:
    """Leave a raw device that nobody named to the sound server, which will want it when it is back.

    Raises:
        NoMicrophone: the server is away.
    """
    if not raw(device):
        return
    if server is not None:
        log.warning(
            "%s is heard past the sound server, which other programs then hear nothing of; "
            "install libasound2-plugins (with PipeWire: pipewire-alsa)",
            device.name,
        )
    elif seen or _server_belongs_here(os.environ):
        raise NoMicrophone("the sound server does not run; it is waited for")


def _server_belongs_here(environ: Mapping[str, str]) -> bool:
    """Whether this session has a sound server, be it away for the moment: its socket is there."""
    folder = environ.get("XDG_RUNTIME_DIR", "")
    return folder != "" and any(Path(folder, place).exists() for place in ("pulse/native", "pipewire-0"))
