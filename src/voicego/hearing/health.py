"""What a person should know of the sound that comes in. Pure; counts samples, never a clock."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log10
from typing import TYPE_CHECKING

import numpy as np

from voicego.flow import Notice, in_samples

if TYPE_CHECKING:
    from voicego.flow import AudioBlock, Samples

FLOOR_DB = -120.0
"""Stands for exact silence."""

SILENCE_S = 10.0
"""Exact silence for so long is no quiet room: every microphone has noise of its own."""
STILL = 1e-6
"""Samples that lie no further apart are silence, at whatever level: a thirtieth of a step of 16 bits."""

FULL_SCALE = 0.999
CLIPPING_SPAN_S = 5.0
CLIPPING_PART = 0.01
"""Part of a span at full scale from which the microphone clips: 50 ms, more than a knock on the table has."""
CLEAN_SPANS = 12
"""Spans without any after which it clips no more."""

FAINT_SPAN_S = 60.0
FAINT_DB = -75.0
"""Loudest 50 ms of a minute below which hardly anything comes. A bedroom at night has more through a microphone that is
set sensibly; a socket that nothing is plugged into has less."""
CLEARLY_DB = 6.0
"""So much more, and it comes after all."""
FRAME = in_samples(0.05)


class Health:
    """Of one source since it was opened. Each trouble is told once; silence again when it comes again."""

    def __init__(self) -> None:
        self.level_db: float | None = None
        """Level of the newest block in dB below full scale (RMS about its mean), at least `FLOOR_DB`; None before."""
        self._silence = _Silence()
        self._clipping = _Clipping()
        self._faintness = _Faintness()

    @property
    def holding(self) -> tuple[str, ...]:
        """Kinds of the notices that hold now."""
        holds = {"silence": self._silence.holds, "clipping": self._clipping.holds, "faint": self._faintness.holds}
        return tuple(kind for kind, now in holds.items() if now)

    def hear(self, block: AudioBlock) -> tuple[Notice, ...]:
        """Take in a block; return what begins or ends to hold."""
        samples = block.samples
        if not len(samples):
            return ()
        low, high = float(samples.min()), float(samples.max())
        if not high - low < inf:  # so with a NaN
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
            low, high = float(samples.min()), float(samples.max())
        self.level_db = round(_level_db(samples), 1)
        still = high - low <= STILL
        found = [self._silence.hear(len(samples), still=still)]
        if not still:
            found += [self._clipping.hear(samples, max(high, -low)), self._faintness.hear(samples)]
        return tuple(notice for notice in found if notice)


@dataclass(slots=True)
class _Silence:
    holds: bool = False
    _samples: int = 0
    """Of exact silence, up to now."""

    def hear(self, length: int, *, still: bool) -> Notice | None:
        self._samples = self._samples + length if still else 0
        before, self.holds = self.holds, self._samples >= in_samples(SILENCE_S)
        if self.holds == before:
            return None
        if self.holds:
            text = "the microphone gives exact silence: it is muted, or voicego is not permitted to use it"
            return Notice("silence", text)
        return Notice("silence", "the microphone gives sound again", holds=False)


@dataclass(slots=True)
class _Clipping:
    holds: bool = False
    _told: bool = False
    _full: int = 0
    """Samples at full scale in this span."""
    _samples: int = 0
    _clean: int = 0
    """Spans in a row without any."""

    def hear(self, samples: Samples, peak: float) -> Notice | None:
        if self._told and not self.holds:
            return None
        if peak >= FULL_SCALE:
            self._full += int(np.count_nonzero(np.abs(samples) >= FULL_SCALE))
        self._samples += len(samples)
        if self._samples < in_samples(CLIPPING_SPAN_S):
            return None
        part, self._clean = self._full / self._samples, 0 if self._full else self._clean + 1
        self._full = self._samples = 0
        if self.holds and self._clean >= CLEAN_SPANS:
            self.holds = False
            return Notice("clipping", "the microphone clips no more", holds=False)
        if self.holds or part < CLIPPING_PART:
            return None
        self.holds = self._told = True
        text = "the microphone is too loud, it clips: lower its level in the system's sound settings"
        return Notice("clipping", text)


@dataclass(slots=True)
class _Faintness:
    holds: bool = False
    _judged: bool = False
    _loudest_db: float = FLOOR_DB
    _samples: int = 0

    def hear(self, samples: Samples) -> Notice | None:
        if self._judged and not self.holds:
            return None
        self._loudest_db = max(self._loudest_db, _loudest_db(samples))
        self._samples += len(samples)
        if self.holds and self._loudest_db >= FAINT_DB + CLEARLY_DB:
            self.holds = False
            return Notice("faint", "the microphone has a level again", holds=False)
        if self._judged or self._samples < in_samples(FAINT_SPAN_S):
            return None
        self._judged, self.holds = True, self._loudest_db < FAINT_DB
        if not self.holds:
            return None
        text = (
            f"hardly anything comes from the microphone (at most {self._loudest_db:.0f} dB in a minute): it is not "
            "plugged in, or its level in the system's sound settings is far too low"
        )
        return Notice("faint", text)


def _level_db(samples: Samples) -> float:
    mean = float(samples.mean())
    power = float(np.dot(samples, samples)) / len(samples) - mean * mean
    return _db(power)


def _loudest_db(samples: Samples) -> float:
    """Level of the loudest 50 ms; a shorter block counts whole."""
    whole = len(samples) // FRAME * FRAME
    if not whole:
        return _level_db(samples)
    frames = samples[:whole].reshape(-1, FRAME)
    return _db(float(frames.var(axis=1).max()))


def _db(power: float) -> float:
    return max(FLOOR_DB, 10 * log10(max(power, 1e-12)))
