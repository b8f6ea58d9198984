"""What a bench hears: a quiet room, an ordinary hour, talk without pause, music. Files, so that all hear alike."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files
from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from voicego.flow import SAMPLE_RATE, Samples, in_samples
from voicego.hearing.recording import Recording, read_clip
from voicego.hearing.saving import save

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

Floats = npt.NDArray[np.float64]

ROOM_DBFS = -60.0
"""Level of the quiet room: what a good microphone hears at night, with its own hiss."""
LOUD_DBFS = -20.0
"""Level of the music."""
TURN_S, SPEECH_S = 30.0, 3.0
"""In an ordinary hour somebody talks for so long in every turn: 10 %."""
LOOP_S = 60.0
"""After so long the noise of the room begins anew."""
BEAT_S = 0.5
CHORDS_HZ = ((220.0, 277.2, 329.6), (185.0, 220.0, 277.2), (146.8, 185.0, 220.0), (164.8, 207.7, 246.9))
OVERTONES = 6
SHORT_S, FALLS_DB = 0.06, 40.0
"""What is so far below the peak for so long is a pause, and no part of a word."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A file that is heard."""

    name: str
    about: str
    """What it is made of, for a person."""
    path: Path
    seconds: float


def make(folder: Path, seconds: Mapping[str, float], speech: Sequence[Path], music: Path | None) -> dict[str, Sound]:
    """Write room, hour, talk and music into a folder; without `speech` and `music` of what the package holds.

    Each is as many seconds long as it is asked for by its name, and begins anew where there is not enough of it.

    Raises:
        VoicegoError: a file that was named cannot be read.
    """
    talk = recorded(speech, seconds["talk"]) if speech else demo_run_together()
    talks = ", ".join(path.name for path in speech) or "synthetic words of the demo, run together"
    room = quiet_room(min(seconds["room"], LOOP_S))
    tune = recorded([music], seconds["music"]) if music else tune_with_drums()
    tunes = music.name if music else "synthetic chords, bass and drums"
    made = (
        ("room", f"a quiet room: noise at {ROOM_DBFS:g} dBFS", room),
        ("hour", "an ordinary hour: 10 % talk in the quiet room", ordinary(talk, room, seconds["hour"])),
        ("talk", f"talk without pause: {talks}", talk),
        ("music", f"music: {tunes}", tune),
    )
    sounds = {}
    for name, about, sound in made:
        path = folder / f"{name}.wav"
        save(path, np.resize(sound, in_samples(seconds[name])))
        sounds[name] = Sound(name, about, path, seconds[name])
    return sounds


def quiet_room(length_s: float) -> Samples:
    """Noise that falls by 3 dB an octave, as rooms and microphones have it; no two blocks of it are alike."""
    count = in_samples(length_s)
    bins = np.arange(1, count // 2 + 2)
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, len(bins))
    return _at_level(np.fft.irfft(np.exp(1j * phases) / np.sqrt(bins), count), ROOM_DBFS)


def tune_with_drums(bars: int = 8) -> Samples:
    """Something like music: plucked chords over a bass, a melody from their notes, a drum on every beat."""
    rng = np.random.default_rng(0)
    beats = [_beat(chord, rng) for chord in (CHORDS_HZ[bar % len(CHORDS_HZ)] for bar in range(bars)) for _ in range(4)]
    return _at_level(np.concatenate(beats), LOUD_DBFS)


def demo_run_together() -> Samples:
    """The demo's recording without its pauses."""
    with as_file(files("voicego.demo") / "demo.ogg") as path:
        return without_pauses(read_clip(path))


def without_pauses(sound: Samples) -> Samples:
    """Cut out what is far below the peak for longer than a stop consonant."""
    span = in_samples(SHORT_S)
    blocks = sound[: len(sound) // span * span].reshape(-1, span)
    peaks = np.abs(blocks).max(axis=1)
    return np.ascontiguousarray(blocks[peaks > peaks.max() * 10 ** (-FALLS_DB / 20)].reshape(-1))


def recorded(paths: Sequence[Path], most_s: float) -> Samples:
    """The beginning of some files, one after the other.

    Raises:
        VoicegoError: one of them cannot be read.
    """
    parts: list[Samples] = []
    for block in (block for path in paths for block in _blocks(path)):
        parts.append(block)
        if sum(map(len, parts)) >= in_samples(most_s):
            break
    return np.concatenate(parts)[: in_samples(most_s)]


def ordinary(talk: Samples, room: Samples, length_s: float) -> Samples:
    """Talk in a tenth of every turn, each time another piece, and the room's noise throughout."""
    sound = np.resize(room, in_samples(length_s)).copy()
    piece, pieces = in_samples(SPEECH_S), cycle(range(max(1, len(talk) // in_samples(SPEECH_S))))
    for start in range(in_samples(TURN_S / 2), len(sound) - piece + 1, in_samples(TURN_S)):
        begin = next(pieces) * piece
        sound[start : start + piece] += np.resize(talk[begin : begin + piece], piece)
    return sound


def _beat(chord: tuple[float, ...], rng: np.random.Generator) -> Floats:
    t = np.arange(in_samples(BEAT_S)) / SAMPLE_RATE
    notes = [*chord, chord[0] / 2, 2 * float(rng.choice(chord))]
    tones = sum(np.sin(2 * np.pi * note * k * t) / k * np.exp(-t * (2 + k)) for note in notes for k in _overtones(note))
    drum = rng.standard_normal(len(t)) * np.exp(-t * 60)
    return np.asarray(tones + drum)


def _overtones(note: float) -> range:
    return range(1, 1 + min(OVERTONES, int(SAMPLE_RATE / 2 / note) - 1))


def _at_level(sound: Floats, dbfs: float) -> Samples:
    return np.asarray(sound * 10 ** (dbfs / 20) / np.sqrt(np.mean(np.square(sound))), np.float32)


def _blocks(path: Path) -> Iterator[Samples]:
    recording = Recording(path.expanduser())
    recording.open()
    try:
        yield from (block.samples for block in recording.blocks())
    finally:
        recording.close()
