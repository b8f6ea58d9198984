"""`voicego devices` and `voicego record`: which microphones there are, and what one of them hears."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from voicego.app import hearing
from voicego.app.spotting import setup_for, spot
from voicego.app.stream import Spotted
from voicego.flow import Samples, Setup, in_samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from voicego.hearing.choosing import Device
    from voicego.hearing.lookout import Lookout

LOWEST_DBFS = -90.0
QUIET_DBFS = -50.0
"""Peak below which a word would hardly be understood."""
CLIPPED = 0.999


def listing() -> Iterator[str]:
    """Describe each microphone in a line, then say what the marks mean.

    Raises:
        VoicegoError: PortAudio is missing, or the sound system hangs.
    """
    from voicego.hearing.choosing import passed_over  # noqa: PLC0415
    from voicego.hearing.microphone import devices  # noqa: PLC0415

    found = sorted(devices(), key=lambda device: (not device.node, device.monitor))
    if not found:
        yield "no microphone was found; `voicego doctor` says what may be missing"
    names = [device.name for device in found]
    by_server = any(device.node for device in found)
    for device in found:
        mark = "*" if device.default else " "
        twin = f", {device.node}" if device.node and names.count(device.name) > 1 else ""
        yield f"{mark} {device.name}  ({', '.join(_described(device, by_server=by_server))}{twin})"
    if headset := passed_over(found):
        yield f"the system's default is {headset.name}, a headset that plays worse while it is heard"
    if any(device.default for device in found):
        yield "* is what `microphone: default` means; another one by its name, or a part of it: microphone: NAME"


def _described(device: Device, *, by_server: bool) -> Iterator[str]:
    from voicego.hearing.choosing import SERVERS, raw  # noqa: PLC0415

    if device.bus:
        yield {"usb": "USB", "pci": "built in", "bluetooth": "Bluetooth: used only if named"}.get(
            device.bus, device.bus
        )
    if device.monitor:
        yield "what a loudspeaker plays: used only by its whole name"
    if by_server and raw(device):
        yield "past the sound server, which other programs need"
    if by_server and not device.node and device.name in SERVERS:
        yield "wherever the sound server leads, be it a headset"
    yield device.host_api
    yield "1 channel" if device.channels == 1 else f"{device.channels} channels"
    yield f"{device.rate:g} Hz"


def record(seconds: float, file: Path, device: str | None, model: str, *, force: bool) -> Iterator[str]:
    """Record, telling the level each second; then tell what the model hears in the file.

    Raises:
        VoicegoError: there is no such microphone, or the file cannot be written.
    """
    from voicego.hearing.saving import check_place, save  # noqa: PLC0415

    check_place(file, overwrite=force)
    yield f"recording {seconds:g} s …"
    parts: list[Samples] = []
    for part in _heard(seconds, device):
        parts.append(part)
        yield f"  {_bar(part)}"
    sound = np.concatenate(parts)
    save(file, sound, overwrite=force)
    yield f"wrote {file}"
    yield from _advice(sound)
    detections = list(spot([str(file)], setup_for(None, model), None, every_window=False))
    for one in detections:
        if isinstance(one, Spotted):
            yield f"heard {one.keyword} ({one.score:.2f}) at {one.at_s:.2f} s"
    if not detections:
        yield "no keyword was heard in it"


def _heard(seconds: float, device: str | None) -> Iterator[Samples]:
    """Yield sound in parts of about a second."""
    setup = Setup()
    source = hearing.microphone_for(replace(setup, microphones=(device,)) if device else setup)
    wanted, part = in_samples(seconds), np.zeros(0, np.float32)
    source.open()
    try:
        for block in source.blocks():
            part = np.concatenate([part, block.samples])[:wanted]
            if len(part) >= min(wanted, in_samples(1.0)):
                yield part
                wanted -= len(part)
                part = part[:0]
            if wanted <= 0:
                return
    finally:
        source.close()


def dbfs(value: float) -> float:
    """Level of an amplitude, where full scale is 0."""
    return max(LOWEST_DBFS, 20 * float(np.log10(max(value, 1e-9))))


def _bar(part: Samples) -> str:
    level = dbfs(float(np.max(np.abs(part), initial=0.0)))
    return f"{'#' * round((level - LOWEST_DBFS) / 3):<30} {level:6.1f} dBFS"


def _advice(sound: Samples) -> Iterator[str]:
    peak = float(np.max(np.abs(sound), initial=0.0))
    if peak == 0.0:
        yield "only digital silence came: the microphone is muted, or voicego is not permitted to use it"
    elif dbfs(peak) < QUIET_DBFS:
        yield f"very quiet (peak {dbfs(peak):.0f} dBFS): raise the microphone's level in the system's sound settings"
    elif peak >= CLIPPED:
        yield "too loud, it clips: lower the microphone's level in the system's sound settings"


def listed() -> tuple[Device, ...]:
    """List what a person may choose now, with fresh eyes; a stream of this process goes on meanwhile.

    Left out is what would only lead to the sound server's choice, and loudspeakers, but for one that is the default.

    Raises:
        VoicegoError: the sound system hangs.
    """
    from voicego.hearing import sound_server  # noqa: PLC0415
    from voicego.hearing.choosing import SERVERS  # noqa: PLC0415
    from voicego.hearing.look import look  # noqa: PLC0415
    from voicego.hearing.present import present  # noqa: PLC0415

    found = present(look(), sound_server.ask())
    by_server = any(device.node for device in found)
    return tuple(
        device
        for device in sorted(found, key=lambda device: not device.node)
        if device.default or not (device.monitor or (by_server and not device.node and device.name in SERVERS))
    )


def better_there(names: tuple[str, ...], in_use: str) -> bool:
    """Whether to open anew, because that would hear a better one of some named microphones than the one in use.

    Raises:
        VoicegoError: the sound system hangs, or a name means several.
    """
    return _lookout().better_there(names, in_use)


@lru_cache(maxsize=1)
def _lookout() -> Lookout:
    from voicego.hearing.lookout import Lookout  # noqa: PLC0415

    return Lookout()
