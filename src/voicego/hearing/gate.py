"""The gate: finds utterances, speech between quiet and quiet, above a floor that follows the room."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voicego.flow import SAMPLE_RATE, Utterance, in_samples
from voicego.hearing.rise import FRAME, SPAN, Rise

if TYPE_CHECKING:
    from voicego.flow import Samples


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
        self._rise = Rise(round(settings.memory_s * SAMPLE_RATE / FRAME), settings.softest_dbfs)
        self.cuts = 0
        """Utterances that never ended, and were cut."""
        self.reset(0, quiet_before=True)

    def reset(self, at: int, *, quiet_before: bool) -> None:
        """Begin anew at sample `at`, after a gap or a pause; what is known of the room stays.

        With `quiet_before` as at the edge of a recording; else quiet counts from here, because speech may have gone
        before that nobody heard.
        """
        self._rise.reset()
        self._next = at
        self._rising = 0
        self._highest = 0.0
        self._current: Utterance | None = None
        self._last_speech = at - in_samples(3600 if quiet_before else 0)

    @property
    def opens_after(self) -> int:
        """Samples from the start of an utterance to where it is known to be one."""
        return (self._settings.onset - 1) * FRAME + SPAN

    @property
    def current(self) -> Utterance | None:
        """The utterance that is going on."""
        return self._current

    def hear(self, samples: Samples) -> list[Utterance]:
        """Follow the next stretch of sound.

        Returns every utterance that was under way in it, in order, as far as it got: those with an `end` are over,
        at most the last one goes on.
        """
        heard = [ended for rise in self._rise.hear(samples) if (ended := self._step(float(rise)))]
        return [*heard, self._current] if self._current else heard

    def finish(self, at: int) -> list[Utterance]:
        """End at the edge `at` of a recording, which counts as quiet."""
        if not self._current:
            return []
        return [self._close(self._current, min(self._last_speech, at), at)]

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
