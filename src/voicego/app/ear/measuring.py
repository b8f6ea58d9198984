"""What a microphone gives, measured; runs in the ear's own process."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from voicego.app import hearing
from voicego.errors import VoicegoError
from voicego.flow import Samples, Setup, in_samples, seconds
from voicego.hearing import sound_server
from voicego.hearing.choosing import choose, raw
from voicego.hearing.health import FULL_SCALE, STILL
from voicego.hearing.microphone import about as about_portaudio
from voicego.hearing.microphone import devices
from voicego.hearing.portaudio import PortAudioMissing

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from voicego.seams import Source

Said = dict[str, Any]

MEASURED_S = 0.5
"""Seconds of sound that are measured."""

PATIENCE_S = 3.0
"""Seconds of exact silence that are sat through before that: a microphone that wakes up gives some."""

LEVEL_S = 1 / 12
"""Seconds of sound in one level."""

LOWEST_DBFS = -99.0


def about() -> Generator[Said]:
    """Tell PortAudio's version and host APIs, and which sound server there is, without which PortAudio is needed."""
    server = sound_server.ask()  # first: if it hangs, it says so, and PortAudio would not
    try:
        version, apis = about_portaudio()
    except PortAudioMissing:
        if server is None:
            raise
        version, apis = "", ()
    yield {"portaudio": version, "host_apis": list(apis), "server": server.name if server else ""}


def listed() -> Generator[Said]:
    """Tell what can be listened to, what is best to choose first."""
    found = sorted(devices(), key=lambda one: (not one.default, one.monitor, not one.node, raw(one)))
    yield {"microphones": [asdict(device) for device in found]}


def measured(names: Sequence[str], channel: int | None = None) -> Generator[Said]:
    """Hear half a second of the first of `names` that is there, and tell what came."""
    device = choose(devices(), tuple(names))
    source = microphone(names, channel)
    source.open()
    try:
        sound, still_s = _some_sound(source)
    finally:
        source.close()
    yield {"sound": {"name": device.name, "host_api": device.host_api, "rate": device.rate} | measures(sound, still_s)}


def levels(names: Sequence[str], channel: int | None = None) -> Generator[Said]:
    """Tell how loud it is, until somebody ends it."""
    source = microphone(names, channel)
    source.open()
    try:
        yield {"open": source.name}
        with closing(_in_parts(source)) as parts:
            for part in parts:
                yield {"level_db": level(part)}
    finally:
        source.close()


def microphone(names: Sequence[str], channel: int | None) -> Source:
    """Choose a microphone."""
    return hearing.microphone_for(replace(Setup(), microphones=tuple(names), channel=channel))


def measures(sound: Samples, still_s: float) -> Said:
    """Tell length, level and peak in dBFS, seconds of exact silence before, and the part that is as loud as can be."""
    return {
        "seconds": round(seconds(len(sound)), 3),
        "still_s": round(still_s, 3),
        "level_db": level(sound),
        "peak_db": dbfs(float(np.max(np.abs(sound), initial=0.0))),
        "clipped": float(np.mean(np.abs(sound) >= FULL_SCALE)) if len(sound) else 0.0,
    }


def level(sound: Samples) -> float:
    """Root mean square about the mean, in dBFS."""
    return dbfs(float(np.std(sound, dtype=np.float64)) if len(sound) else 0.0)


def dbfs(value: float) -> float:
    """Level of an amplitude in dB, where full scale is 0."""
    return round(max(LOWEST_DBFS, 20 * float(np.log10(max(value, 1e-9)))), 1)


def _some_sound(source: Source) -> tuple[Samples, float]:
    """Hear half a second after the first sample that differs from the one before; with it the seconds until then."""
    sound, still, last = np.zeros(0, np.float32), 0, np.float32(0)
    for block in source.blocks():
        samples = block.samples
        if not len(sound) and len(samples):
            moves = np.abs(np.diff(samples, prepend=samples[:1] if still == 0 else last)) > STILL
            first = int(np.argmax(moves)) if moves.any() else len(samples)
            still, last = still + first, samples[-1]
            samples = samples[first:]
        sound = np.concatenate([sound, samples])
        if len(sound) >= in_samples(MEASURED_S) or still >= in_samples(PATIENCE_S):
            return sound[: in_samples(MEASURED_S)], seconds(still)
    raise VoicegoError("the microphone was closed before it gave any sound")


def _in_parts(source: Source) -> Generator[Samples]:
    part = np.zeros(0, np.float32)
    for block in source.blocks():
        part = np.concatenate([part, block.samples])
        if len(part) >= in_samples(LEVEL_S) or not len(block.samples):
            yield part
            part = part[:0]
