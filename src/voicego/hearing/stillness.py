"""What a quiet room is heard by: pieces of sound that break no stillness are put together, and looked at in one go.

Only when sound is looked at depends on it, never what is found there. The gate looks at every sample; at something that
is overlooked here it opens up to a second later.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from voicego.hearing.ring import Fresh
from voicego.hearing.stream import LONGEST_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from voicego.hearing.ring import Frames

LAG_S = 0.000_25
"""Sound is compared with itself so much earlier: that leaves little of the rumble below 120 Hz, and most of speech."""
RISES = 1.25
"""Times the energy of the stillest of the last pieces: 1 dB. The gate opens at 7 dB in most of its bands. Of words
10 dB above a fan 1.0 % are overlooked, above chords 6.5 %, in a quiet room none."""
PIECES = 5
"""Pieces that are remembered, about a second and a half: the gate's floor goes back 0.8 s."""
MOST_PIECES = 5
"""Pieces that are held back: a device that gives a tenth of what it should would else seem to stand still."""
SOFTEST = 3e-8
"""Energy that is still in any room: whatever has less than this reaches no band of the gate."""


class Stillness:
    """Of one stream."""

    def __init__(self, rate: float) -> None:
        self._lag = max(1, round(LAG_S * rate))
        self._changes: Frames = np.empty(0, np.float32)
        self._last: deque[float] = deque(maxlen=PIECES)

    def broken_by(self, frames: Frames) -> bool:
        """Whether more is in these frames, `(n,)` or `(n, channels)`, than in those before."""
        sound, lag = frames.reshape(-1), self._lag * (frames.shape[1] if frames.ndim > 1 else 1)
        if len(self._changes) < len(sound):
            self._changes = np.empty(len(sound), np.float32)
        changes = np.subtract(sound[lag:], sound[:-lag], out=self._changes[: max(0, len(sound) - lag)])
        energy = float(np.dot(changes, changes)) / max(1, len(changes))
        still = bool(self._last) and energy <= max(RISES * min(self._last), SOFTEST)  # a NaN is no stillness
        self._last.append(energy)
        return not still


def while_still(pieces: Iterable[Fresh], rate: float, wanted: Callable[[], bool]) -> Iterator[Fresh]:
    """Put pieces of one stream together, up to `LONGEST_S`, while that is wanted and nothing breaks the stillness."""
    stillness = Stillness(rate)
    return gathered(pieces, round(LONGEST_S * rate), lambda frames: wanted() and not stillness.broken_by(frames))


def gathered(pieces: Iterable[Fresh], most: int, still: Callable[[Frames], bool]) -> Iterator[Fresh]:
    """Put a few pieces together, up to `most` frames, until one is not still; it is given at once, with those before.

    What is empty, and what some was lost before, is not held back either. Each is good until the next is asked for.
    """
    room: Frames | None = None
    start = held = count = 0
    for piece in pieces:
        frames = piece.samples
        if room is not None and held and (not len(frames) or piece.skipped or held + len(frames) > most):
            yield Fresh(room[:held], start, 0)
            held = 0
        count = count + 1 if held else 0
        goes_on = len(frames) > 0 and not piece.skipped and still(frames) and count < MOST_PIECES
        if not held and not goes_on:
            yield piece
            continue
        if room is None:
            room = np.empty((most, *frames.shape[1:]), np.float32)
        if not held:
            start = piece.start
        room[held : held + len(frames)] = frames
        held += len(frames)
        if not goes_on:
            yield Fresh(room[:held], start, 0)
            held = 0
    if room is not None and held:
        yield Fresh(room[:held], start, 0)
