"""Any rate and any number of channels, made 16 kHz mono as it streams (the only file that imports soxr)."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, Samples
from voicego.hearing.decimating import Decimator, decimates

if TYPE_CHECKING:
    from voicego.hearing.ring import Frames

SLOWEST, FASTEST = 4_000, 768_000
"""Hz. Outside of these a rate is a broken header; telephones have 8 kHz, studios 192."""


class Mono:
    """One stream of sound on its way to 16 kHz mono."""

    def __init__(self, rate: float, channel: int | None = None, *, prompt: bool = True) -> None:
        """Take sound at `rate` Hz; pick `channel`, counted from 1, or mix all of them.

        A prompt stream holds back up to 15 ms (from 8 kHz: 30 ms), and the other up to 0.12 s, at a tenth of the cost.

        Raises:
            VoicegoError: no sound has such a rate.
        """
        if not SLOWEST <= rate <= FASTEST:
            raise VoicegoError(f"sound at {rate:g} Hz cannot be used, only from {SLOWEST} to {FASTEST} Hz")
        self._rate = rate
        self._channel = channel
        self._prompt = prompt
        self._resampler: Any = None
        self.broken = 0
        """Samples that were no numbers (NaN, infinite) and became zeros."""

    def feed(self, frames: Frames) -> Samples:
        """Shape `(n,)` or `(n, channels)` in, mono out, within [-1, 1]."""
        return self._resampled(self._mixed(self._mended(frames)), last=False)

    def end(self) -> Samples:
        """What was held back. The next `feed` begins a new stream."""
        rest = self._resampled(np.zeros(0, dtype=np.float32), last=True)
        self._resampler = None
        return rest

    def _mended(self, frames: Frames) -> Frames:
        if not frames.size or (frames.min() >= -1 and frames.max() <= 1):  # neither is true where there is a NaN
            return frames
        numbers = np.isfinite(frames)
        if not numbers.all():
            self.broken += int(numbers.size - np.count_nonzero(numbers))
            frames = np.where(numbers, frames, np.float32(0))
        # Floats may run beyond full scale; left there, one wild value would ring through the resampler for ever.
        return np.clip(frames, -1, 1)

    def _mixed(self, frames: Frames) -> Samples:
        if frames.ndim == 1:
            return frames
        if self._channel is not None:
            return frames[:, self._channel - 1]
        # Column by column: numpy's mean takes six times as long along so short an axis.
        mixed: Samples = reduce(np.add, frames.T) / np.float32(frames.shape[1])
        return mixed

    def _resampled(self, samples: Samples, *, last: bool) -> Samples:
        if self._rate == SAMPLE_RATE:
            return samples.copy()
        if self._prompt and decimates(self._rate):
            return self._decimated(samples, last=last)
        if self._resampler is None:
            import soxr  # noqa: PLC0415 - only where a rate is no multiple

            # Prompt is variable-rate mode, although the rate is fixed: its filters work sample by sample and hold back
            # 13 ms at 48 kHz; the others work in large blocks and hold back up to 37 ms (HQ) or cut from 6 kHz (LQ).
            self._resampler = soxr.ResampleStream(
                self._rate, SAMPLE_RATE, 1, dtype="float32", quality="HQ", vr=self._prompt
            )
        resampled = self._resampler.resample_chunk(np.ascontiguousarray(samples), last=last)
        clipped: Samples = resampled.clip(-1, 1)
        return clipped

    def _decimated(self, samples: Samples, *, last: bool) -> Samples:
        if self._resampler is None:
            self._resampler = Decimator(self._rate)
        decimated: Samples = self._resampler.feed(samples)
        if last:
            decimated = np.concatenate([decimated, self._resampler.end()])
        return decimated.clip(-1, 1, out=decimated)
