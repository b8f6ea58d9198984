"""What can be listened to now: what PortAudio lists, and before it, on Linux, what the sound server lists."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from voicego.hearing import sound_server
from voicego.hearing.choosing import Device, NoMicrophone, raw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voicego.hearing.sound_server import Server, Source

BLUETOOTH = "bluetooth"

BUSES = ("usb", "pci")
"""Where the default is a headset that must be named, the microphone that somebody plugged in comes first."""


def present(portaudios: Sequence[Device], server: Server | None) -> tuple[Device, ...]:
    """Put together what the sound server and PortAudio list; the server's default is then the one there is."""
    if server is None:
        return tuple(portaudios)
    return (*from_server(server), *(replace(device, default=False) for device in portaudios))


def from_server(server: Server) -> tuple[Device, ...]:
    """Give the sources of a sound server."""
    default = meant_by_default(server)
    return tuple(
        Device(
            name=source.description,
            host_api=server.name,
            channels=source.channels,
            rate=source.rate,
            default=source is default,
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


def check_raw(device: Device, *, seen: bool) -> None:
    """Leave a raw device that nobody named to the sound server, which will want it when it is back.

    Raises:
        NoMicrophone: the server is away, or there is nothing to hear it with.
    """
    if not raw(device) or not (seen or _server_belongs_here(os.environ)):
        return
    check_tools()
    raise NoMicrophone("the sound server does not run; it is waited for")


def check_tools() -> None:
    """See whether a sound server that is there can be heard.

    Raises:
        NoMicrophone: its tools are missing.
    """
    if not tools_are_there():
        raise NoMicrophone(f"the sound server is heard by its own tools, which are missing; {sound_server.INSTALL}")


def tools_are_there() -> bool:
    """Whether what hears this session's sound server is there, if there is a server."""
    return sound_server.reachable() or not _server_belongs_here(os.environ)


def _server_belongs_here(environ: Mapping[str, str]) -> bool:
    """Whether this session has a sound server, be it away for the moment: its socket is there."""
    folder = environ.get("XDG_RUNTIME_DIR", "")
    return folder != "" and any(Path(folder, place).exists() for place in ("pulse/native", "pipewire-0"))
