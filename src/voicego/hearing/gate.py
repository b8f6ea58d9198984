"""The gate: finds utterances, speech between quiet and quiet, above a floor that follows the room."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from voicego.flow import SAMPLE_RATE, Samples, Utterance, in_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

Floats = npt.NDArray[np.float32]

FRAME = 160
"""Samples from one look to the next: 10 ms."""
SPAN = 320
"""Samples that one look takes in."""
FFT = 512
BANDS_HZ = (120, 300, 500, 800, 1200, 1800, 2600, 3800, 6500)
"""Edges of the bands, closer where vowels live. Each keeps a floor of its own, so that speech shows beside a fan."""
SMOOTH = 5
"""Frames over which a band's energy is averaged before it is compared: noise then strays little from its floor."""
LOUDEST = 6
"""Bands, those that rise most, whose mean rise decides. A word raises most bands, a chord that changes only a few."""


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What counts as speech and what as quiet."""

    quiet_s: float = 0.25
    """Seconds of quiet that end an utterance."""
    memory_s: float = 0.8
    """The floor of a band is its least energy in this time: a fan that starts holds the gate open for this long."""
    opens_db: float = 7.0
    """Mean rise above the floor at which speech begins."""
    closes_db: float = 6.0
    """Mean rise below which a frame counts as quiet."""
    closes_part: float = 0.3
    """So does a rise below this part of the utterance's highest, in dB: the echo of a loud word is no speech."""
    onset: int = 3
    """Frames in a row that must rise before the gate opens, so that a click is no word."""
    softest_dbfs: float = -65.0
    """Level of a band that is never speech, however quiet the room: about a quiet microphone's own hiss."""
    longest_s: float = 10.0
    """An utterance that goes on for longer is cut."""


class Gate:
    """Follows sound block by block; how it is cut into blocks changes nothing."""

    def __init__(self, settings: GateSettings) -> None:
        self._settings = settings
        self._memory = round(settings.memory_s * SAMPLE_RATE / FRAME)
        self.cuts = 0
        """Utterances that never ended, and were cut."""
        bands = len(BANDS_HZ) - 1
        self._past: Floats = np.full((self._memory - 1, bands), settings.softest_dbfs, np.float32)
        self._power: Floats = np.zeros((SMOOTH - 1, bands), np.float32)
        self.reset(0, quiet_before=True)

    def reset(self, at: int, *, quiet_before: bool) -> None:
        """Begin anew at sample `at`, after a gap or a pause; what is known of the room stays.

        With `quiet_before` as at the edge of a recording; else quiet counts from here, because speech may have gone
        before that nobody heard.
        """
        self._pending: Samples = np.zeros(0, np.float32)
        self._next = at
        self._rising = 0
        self._highest = 0.0
        self._current: Utterance | None = None
        self._last_speech = at - in_samples(3600 if quiet_before else 0)

    @property
    def open(self) -> bool:
        """Whether an utterance is going on."""
        return self._current is not None

    def hear(self, samples: Samples) -> list[Utterance]:
        """Follow the next stretch of sound.

        Returns every utterance that was under way in it, in order, as far as it got: those with an `end` are over,
        at most the last one goes on.
        """
        rises = self._rises(samples)
        heard = [ended for rise in rises if (ended := self._step(float(rise)))]
        return [*heard, self._current] if self._current else heard

    def finish(self, at: int) -> list[Utterance]:
        """End at the edge `at` of a recording, which counts as quiet."""
        if not self._current:
            return []
        return [self._close(self._current, min(self._last_speech, at), at)]

    def _rises(self, samples: Samples) -> Floats:
        """Rise above the floor, in dB, of each frame that is complete, shape `(frames,)`."""
        sound = np.concatenate([self._pending, samples])
        frames = max(0, (len(sound) - SPAN) // FRAME + 1)
        self._pending = sound[frames * FRAME :]
        if not frames:
            return np.zeros(0, np.float32)
        cut = np.lib.stride_tricks.sliding_window_view(sound, SPAN)[: frames * FRAME : FRAME]
        power = np.concatenate([self._power, _band_power(cut)])
        self._power = power[len(power) - (SMOOTH - 1) :]
        smooth = sum(power[k : k + frames] for k in range(SMOOTH)) / np.float32(SMOOTH)
        level = np.maximum(10 * np.log10(smooth + 1e-12), np.float32(self._settings.softest_dbfs))
        known = np.concatenate([self._past, level])
        self._past = known[len(known) - (self._memory - 1) :]
        floor = np.lib.stride_tricks.sliding_window_view(known, self._memory, axis=0).min(axis=-1)
        rise = np.sort(level - floor, axis=1)[:, -LOUDEST:]
        result: Floats = rise.mean(axis=1)
        return result

    def _step(self, rise: float) -> Utterance | None:
        """Take in one frame; return the utterance that it ended, if any."""
        settings, start = self._settings, self._next
        self._next += FRAME
        end = start + SPAN
        if self._current is None:
            self._rising = self._rising + 1 if rise >= settings.opens_db else 0
            if self._rising >= settings.onset:
                onset = start - (self._rising - 1) * FRAME
                self._current = Utterance(onset, end, quiet_before=max(0, onset - self._last_speech))
                self._last_speech = end
                self._rising = 0
                self._highest = rise
            return None
        self._current = replace(self._current, until=end)
        self._highest = max(self._highest, rise)
        if rise >= max(settings.closes_db, settings.closes_part * self._highest):
            self._last_speech = end
        if end - self._last_speech >= in_samples(settings.quiet_s):
            return self._close(self._current, self._last_speech, end)
        if self._current.length >= in_samples(settings.longest_s):
            self.cuts += 1
            return self._close(self._current, end, end, cut=True)
        return None

    def _close(self, current: Utterance, end: int, until: int, *, cut: bool = False) -> Utterance:
        ended = replace(current, end=end, until=until, cut=cut)
        self._current = None
        self._last_speech = end
        return ended


def _weights() -> Iterator[tuple[int, int]]:
    """FFT bins of each band, from and to."""
    for low, high in pairwise(BANDS_HZ):
        yield round(low * FFT / SAMPLE_RATE), round(high * FFT / SAMPLE_RATE)


_BINS = tuple(_weights())
_SHAPE: Floats = np.hanning(SPAN + 1)[:-1].astype(np.float32)
_SCALE = np.float32(2.0 / (float(np.sum(_SHAPE**2)) * FFT) * 2.0)


def _band_power(frames: Floats) -> Floats:
    """Mean square of the sound in each band, where a full-scale sine is 0 dB, shape `(frames, bands)`."""
    spectrum = np.fft.rfft(frames * _SHAPE, FFT)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    bands: Floats = np.add.reduceat(power, [low for low, _ in _BINS] + [_BINS[-1][1]], axis=1)[:, :-1]
    return bands * _SCALE
