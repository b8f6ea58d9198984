"""Log-mel frames of a stream of sound, each computed once however many windows it lies in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicego.flow import SAMPLE_RATE
from voicego.spotting.features import FRAME, HOP, FeatureSpec, log_mel, normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voicego.flow import Samples, Window
    from voicego.spotting.features import Floats

REMEMBERED = 2 * SAMPLE_RATE // HOP
"""Frames, two seconds of them: windows come in the order of their ends, and a laid one begins little earlier."""


class Stacked:
    """A `Follower` for features that are made of a whole window: nothing is shared between windows."""

    def __init__(self, score: Callable[[Samples], Samples]) -> None:
        self._score = score

    def score(self, windows: Sequence[Window]) -> Samples:
        """Posteriors of windows of one stream, (n, labels)."""
        return self._score(np.stack([window.samples for window in windows]))


class Framed:
    """A `Follower` for log-mel features: a window takes from those before what they have in common with it.

    Frames are known by the sample at which they begin, so windows that are not whole hops apart share nothing.
    """

    def __init__(self, spec: FeatureSpec, score: Callable[[Floats], Samples]) -> None:
        """Remember how features are made and what maps them, (n, steps, stride * bands), to posteriors."""
        self._spec, self._score = spec, score
        self._begin = np.full(REMEMBERED, -1, np.int64)
        self._mel = np.empty((REMEMBERED, spec.mel_bins), np.float32)
        self.computed = 0
        """Frames computed since the beginning."""

    def score(self, windows: Sequence[Window]) -> Samples:
        """Posteriors of windows of one stream, (n, labels)."""
        mel = np.stack([self._frames(window) for window in windows])
        return self._score(normalised(mel, self._spec))

    def _frames(self, window: Window) -> Floats:
        """Log-mel frames of a window, (frames, bands)."""
        count = (len(window.samples) - FRAME) // HOP + 1
        begin = window.start + HOP * np.arange(count)
        place = (begin // HOP) % REMEMBERED
        missing = np.flatnonzero(self._begin[place] != begin)
        if len(missing):
            first, last = int(missing[0]), int(missing[-1])
            fresh = place[first : last + 1]
            self._mel[fresh] = log_mel(window.samples[None, first * HOP : last * HOP + FRAME], self._spec.mel_bins)[0]
            self._begin[fresh] = begin[first : last + 1]
            self.computed += len(fresh)
        return self._mel[place]
