"""From the end of a word to its detection: the sound that is waited for, and the computation."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from voicego.app.bench.microphone import BLOCK_S, QuickMicrophone
from voicego.flow import SAMPLE_RATE, in_samples
from voicego.hearing.recording import read_clip

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from voicego.app.bench.contenders import Voicego
    from voicego.flow import Detection, Samples
    from voicego.seams import Source

WORD_S = 1.0
"""How far before its detection a word's end is looked for."""
FALLS_DB = 40.0
"""A word ends with its last sample above so much below its peak."""


@dataclass(frozen=True, slots=True)
class Delay:
    """One detection."""

    keyword: str
    sound_s: float
    """Seconds of sound from the word's end to the end of the block in which it was detected."""
    compute_s: float
    """Seconds that this block took."""

    def as_ms(self) -> tuple[str, float, float]:
        """Keyword, sound and computation in milliseconds."""
        return self.keyword, 1000 * self.sound_s, 1000 * self.compute_s


def delays(voicego: Voicego, path: Path, shifts: int) -> Iterator[Delay]:
    """Hear a recording of words again and again, each time cut into blocks a little later."""
    sound = read_clip(path)
    for shift in range(shifts):
        late = in_samples(shift * BLOCK_S / shifts)
        microphone = QuickMicrophone(path, len(sound) / SAMPLE_RATE, late=late)
        microphone.open()
        yield from _heard(voicego, microphone, sound[late:])
        microphone.close()


def _heard(voicego: Voicego, microphone: Source, sound: Samples) -> Iterator[Delay]:
    found: list[Detection] = []
    listener = voicego.listening(microphone, found.append)
    began = time.perf_counter()
    for _ in listener.steps():
        took = time.perf_counter() - began
        for one in found:
            waited = listener.counters.heard - word_end(sound, one.at)
            yield Delay(one.keyword, waited / SAMPLE_RATE, took)
        found.clear()
        began = time.perf_counter()


def word_end(sound: Samples, at: int) -> int:
    """Sample after the last loud one of the word that was detected as ending near sample `at`."""
    first = max(0, at - in_samples(WORD_S))
    level = np.abs(sound[first : at + in_samples(WORD_S / 4)])
    return first + 1 + int(np.flatnonzero(level >= level.max() * 10 ** (-FALLS_DB / 20))[-1])
