"""How far each moment of sound rises above its room, which is what tells speech."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from voicego.flow import SAMPLE_RATE, Samples

Floats = npt.NDArray[np.float32]

FRAME = 160
"""Samples from one look to the next: 10 ms."""
SPAN = 320
"""Samples that one look takes in."""
FFT = 512
BANDS_HZ = (120, 300, 500, 800, 1200, 1800, 2600, 3800, 6500)
"""Edges of the bands, closer where vowels live. Each keeps a floor of its own, so that speech shows beside a fan."""
BANDS = len(BANDS_HZ) - 1
SMOOTH = 5
"""Frames over which a band's energy is averaged before it is compared: noise then strays little from its floor."""
LOUDEST = 6
"""Bands, those that rise most, whose mean rise decides. A word raises most bands, a chord that changes only a few."""
MOST = 100
"""Frames that are computed together: the buffers hold so many."""

_BINS = [round(hertz * FFT / SAMPLE_RATE) for hertz in BANDS_HZ]
_PARTS = np.array([2 * low for low, _ in pairwise(_BINS)])
"""Where each band begins among the real and imaginary parts of a spectrum, which lie side by side."""
_SHAPE: Floats = np.hanning(SPAN + 1)[:-1].astype(np.float32)
_SCALE = np.float32(2.0 / (float(np.sum(_SHAPE**2)) * FFT) * 2.0)
"""Makes a full-scale sine 0 dB."""


@dataclass(slots=True)
class Rise:
    """Follows sound stretch by stretch, in buffers that are made once; how it is cut changes nothing.

    The floor of a band is its least energy in the last `memory` frames, and never below `softest_dbfs`.
    """

    memory: int
    softest_dbfs: float
    _sound: Floats = field(init=False)
    _held: int = field(init=False, default=0)
    """Samples at the beginning of `_sound` that no frame has left behind yet."""
    _shaped: Floats = field(init=False)
    _power: Floats = field(init=False)
    """Energy of the bands, that of the last few frames before the new ones."""
    _level: Floats = field(init=False)
    """The same in dB, smoothed, as far back as the floor looks."""

    def __post_init__(self) -> None:
        self._sound = np.zeros(MOST * FRAME + SPAN, np.float32)
        self._shaped = np.zeros((MOST, FFT), np.float32)
        self._power = np.zeros((SMOOTH - 1 + MOST, BANDS), np.float32)
        self._level = np.full((self.memory - 1 + MOST, BANDS), self.softest_dbfs, np.float32)

    def reset(self) -> None:
        """Begin anew, after a gap; what is known of the room stays."""
        self._held = 0

    def hear(self, samples: Samples) -> Floats:
        """Mean rise of the bands that rise most, in dB, of each frame that is complete now; shape `(frames,)`."""
        step = MOST * FRAME
        if len(samples) <= step:
            return self._next(samples)
        return np.concatenate([self._next(samples[at : at + step]) for at in range(0, len(samples), step)])

    def _next(self, samples: Samples) -> Floats:
        held = self._held + len(samples)
        self._sound[self._held : held] = samples
        frames = max(0, (held - SPAN) // FRAME + 1)
        self._held = held - frames * FRAME
        if not frames:
            return np.zeros(0, np.float32)
        self._measure(frames)
        self._sound[: self._held] = self._sound[frames * FRAME : held]
        recent = self._level[: self.memory - 1 + frames]
        rise = recent[self.memory - 1 :] - _least(recent, self.memory)
        self._level[: self.memory - 1] = recent[frames:]
        rise.sort(axis=1)
        result: Floats = np.add.reduce(rise[:, BANDS - LOUDEST :], axis=1) / np.float32(LOUDEST)
        return result

    def _measure(self, frames: int) -> None:
        """Put the smoothed level of the next frames behind those that are known."""
        cut = np.lib.stride_tricks.sliding_window_view(self._sound, SPAN)[: frames * FRAME : FRAME]
        np.multiply(cut, _SHAPE, out=self._shaped[:frames, :SPAN])
        spectrum = np.fft.rfft(self._shaped[:frames]).view(np.float32)
        squares = np.square(spectrum[:, : 2 * _BINS[-1]], out=spectrum[:, : 2 * _BINS[-1]])
        power = self._power[: SMOOTH - 1 + frames]
        np.multiply(np.add.reduceat(squares, _PARTS, axis=1), _SCALE, out=power[SMOOTH - 1 :])
        smooth = power[:frames] + power[1 : frames + 1]
        for later in range(2, SMOOTH):
            smooth += power[later : later + frames]
        self._power[: SMOOTH - 1] = power[frames:]
        smooth /= np.float32(SMOOTH)
        smooth += np.float32(1e-12)
        level = np.log10(smooth, out=smooth)
        level *= np.float32(10)
        new = slice(self.memory - 1, self.memory - 1 + frames)
        np.maximum(level, np.float32(self.softest_dbfs), out=self._level[new])


def _least(rows: Floats, width: int) -> Floats:
    """Least of every `width` rows in a row, for each column, in log2(width) steps; `width - 1` rows fewer."""
    span = 1
    while 2 * span <= width:
        rows = np.minimum(rows[:-span], rows[span:])
        span *= 2
    return np.minimum(rows[: len(rows) - (width - span)], rows[width - span :])
