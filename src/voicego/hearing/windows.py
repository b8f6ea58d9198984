"""Cuts what the gate found into windows for the classifier: sliding while it is open, laid over a word that ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from voicego.flow import AudioBlock, Samples, Utterance, Window, in_samples
from voicego.hearing.ring import Ring
from voicego.hearing.rise import FRAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voicego.hearing.gate import Gate

BLOCK_S = 1.0
"""Longest stretch that is followed at once, so that the history always holds the windows that fall due in it."""
LINGER_S = 0.1
"""How long windows slide on after an utterance is over: else too few of them hold the whole of a short word. Longer
hears more words, and more false ones (docs/performance.md)."""


@dataclass(slots=True)
class Windows:
    """Follows sound through the gate. The sound alone decides what comes out, not how it was cut into blocks.

    A sliding window starts a whole number of the gate's frames (10 ms) after the last reset, so that windows which
    overlap can share what was computed for a frame. A laid one lies over its utterance to the sample.
    """

    gate: Gate
    window: int
    """Samples in one window."""
    hop: int
    """Samples from one sliding window to the next."""
    slides: Callable[[Utterance], bool]
    """Whether anybody wants windows inside this utterance before it ends; a laid one comes in any case."""
    wants: Callable[[Utterance], bool] = lambda _: True
    """Whether anybody wants a window laid over this ended utterance."""
    linger: int = in_samples(LINGER_S)
    """Samples after the end of an utterance was found, in which windows still slide."""
    _history: Ring = field(init=False)
    _offset: int = field(init=False, default=0)
    _begun: int = field(init=False, default=-1)
    _next_end: int = field(init=False, default=0)
    _over: Utterance | None = field(init=False, default=None)
    """The last utterance, while windows slide on after it."""

    def __post_init__(self) -> None:
        self._history = Ring(self.window + in_samples(2 * BLOCK_S + 1.0))

    @property
    def lingering(self) -> Utterance | None:
        """The utterance that is over and in which a window may still fall due."""
        return self._over if self._over and self.slides(self._over) else None

    def reset(self, at: int, *, quiet_before: bool) -> None:
        """Begin anew at sample `at`: what was heard before a gap belongs to no window after it."""
        self._history = Ring(self._history.capacity)
        self._offset = at
        self.gate.reset(at, quiet_before=quiet_before)
        self._begun = -1
        self._over = None

    def resize(self, window: int, at: int) -> None:
        """Cut windows of another length from sample `at` on, where nobody speaks; the gate goes on as it was."""
        if window != self.window:
            self.window, self._offset, self._over = window, at, None
            self._history = Ring(window + in_samples(2 * BLOCK_S + 1.0))

    def hear(self, block: AudioBlock) -> Iterator[Window]:
        """Follow one block, which adjoins the last, and yield the windows that fell due in it, in order."""
        step = in_samples(BLOCK_S)
        for at in range(0, len(block.samples), step):
            part = block.samples[at : at + step]
            self._history.write(part)
            for utterance in self.gate.hear(part):
                yield from self._due(utterance)
            yield from self._linger(self._offset + self._history.written)

    def finish(self) -> Iterator[Window]:
        """Yield what is still due at the edge of a recording."""
        for utterance in self.gate.finish(self._offset + self._history.written):
            yield from self._due(utterance)

    def _due(self, utterance: Utterance) -> Iterator[Window]:
        if utterance.start != self._begun:
            yield from self._linger(utterance.start + self.gate.opens_after - 1)  # when nobody knew of the next
            self._begun, self._over = utterance.start, None
            self._next_end = utterance.start + self.hop
        yield from self._slide(utterance, utterance.until)
        if utterance.end is not None:
            self._over = utterance
            if self.wants(utterance):
                yield self._cut(laid_end(utterance, self.window), utterance, laid=True)

    def _linger(self, heard: int) -> Iterator[Window]:
        if not self._over:
            return
        last = self._over.until + self.linger
        yield from self._slide(self._over, min(heard, last))
        if heard >= last:
            self._over = None

    def _slide(self, utterance: Utterance, until: int) -> Iterator[Window]:
        while self._next_end <= until:
            if self.slides(utterance):
                yield self._cut(utterance.start + _whole_frames(self._next_end - utterance.start), utterance)
            self._next_end += self.hop

    def _cut(self, end: int, utterance: Utterance, *, laid: bool = False) -> Window:
        samples: Samples | None = self._history.view(end - self.window - self._offset, end - self._offset)
        if samples is None:
            raise AssertionError(f"the history no longer holds the window that ends at {end}")
        return Window(samples, end - self.window, end, utterance, laid)


def laid_end(utterance: Utterance, window: int) -> int:
    """Where a window ends that has an ended utterance in its middle, as far as sound was heard behind it."""
    if utterance.end is None:
        raise ValueError("the utterance has not ended")
    return min((utterance.start + utterance.end + window) // 2, utterance.until)


def _whole_frames(samples: int) -> int:
    return samples // FRAME * FRAME
