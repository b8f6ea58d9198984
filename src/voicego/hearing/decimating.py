"""Sound at a whole multiple of 16 kHz made 16 kHz: what soxr does for any rate, at a fraction of its cost."""

from __future__ import annotations

import numpy as np

from voicego.flow import SAMPLE_RATE, Samples

REACH = 28
"""Samples at 16 kHz that the filter looks to each side: 1.75 ms."""
EDGE_HZ = 8_000.0
"""The middle of its slope: 7.2 kHz pass whole, 9 kHz are 98 dB down."""
BETA = 7.5
"""Of the Kaiser window: the lower, the steeper the slope and the more passes beyond it."""
BLOCK = 32
"""Samples at 16 kHz that come out at once: 2 ms."""
MOST = 6
"""Times 16 kHz. Beyond, the filter grows too long to be cheap."""
ONE_THREAD = 262_144
"""Multiplications up to which OpenBLAS keeps to the thread that calls it; a second core costs more to wake."""


def decimates(rate: float) -> bool:
    """Whether a rate is one for it."""
    return rate % SAMPLE_RATE == 0 and 1 < rate / SAMPLE_RATE <= MOST


class Decimator:
    """One stream. How it is cut into blocks changes nothing, not even the last bit: all products have one shape."""

    def __init__(self, rate: float) -> None:
        """Take sound at `rate` Hz, for which `decimates` is true."""
        self._factor = factor = round(rate / SAMPLE_RATE)
        self._filters = _filters(factor)
        self._rows = ONE_THREAD // self._filters.size
        self._rest = np.zeros(factor * REACH, np.float32)
        self._fed = self._given = 0

    def feed(self, samples: Samples) -> Samples:
        """Take in what comes next; return what is certain by now."""
        width, step = len(self._filters), self._factor * BLOCK
        sound = np.concatenate([self._rest, samples])
        self._fed += len(samples)
        blocks = max(0, (len(sound) - width) // step + 1)
        self._rest = sound[step * blocks :]
        self._given += BLOCK * blocks
        if not blocks:
            return np.zeros(0, np.float32)
        rows = np.zeros((-(-blocks // self._rows) * self._rows, width), np.float32)
        rows[:blocks] = np.lib.stride_tricks.sliding_window_view(sound, width)[::step][:blocks]
        filtered = [part @ self._filters for part in np.split(rows, len(rows) // self._rows)]
        return np.concatenate(filtered)[:blocks].reshape(-1)

    def end(self) -> Samples:
        """What was held back."""
        missing = -(-self._fed // self._factor) - self._given
        blocks = -(-missing // BLOCK)
        silence = len(self._filters) + self._factor * BLOCK * blocks - len(self._rest)
        return self.feed(np.zeros(max(0, silence), np.float32))[: max(0, missing)]


def _filters(factor: int) -> Samples:
    """Give the low pass for each of the samples of a block, in a column each; shape `(samples in, BLOCK)`."""
    reach = factor * REACH
    at = np.arange(-reach, reach + 1)
    edge = 2 * EDGE_HZ / (factor * SAMPLE_RATE)
    low_pass = edge * np.sinc(edge * at) * np.kaiser(len(at), BETA)
    filters = np.zeros((factor * (BLOCK - 1) + len(at), BLOCK), np.float32)
    for n in range(BLOCK):
        filters[factor * n : factor * n + len(at), n] = low_pass / low_pass.sum()
    return filters
