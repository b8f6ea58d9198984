"""How often rules may act: so many within so long, over all of them and for one that wants it. Pure, time is given."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicego.flow import Rate

BURST_S = 60.0
"""Seconds in which nothing is refused, after which a burst is over: the next one is told anew."""


@dataclass(slots=True)
class Limits:
    """Counts what acted. A burst of false triggers opens a few windows, and not a hundred."""

    overall: Rate
    """For all rules together."""
    refused: int = 0
    """Detections beyond a limit, in all."""
    burst_until: float | None = None
    """When the burst that goes on will be over, unless more is refused."""
    _all: deque[float] = field(default_factory=deque)
    """When something acted, on the caller's clock."""
    _each: dict[str, deque[float]] = field(default_factory=dict)

    def exceeded(self, keyword: str, own: Rate | None, now: float) -> Rate | None:
        """Count a word that is to act now, unless that goes beyond a limit: then return the limit."""
        times = self._each.setdefault(keyword, deque())
        for rate, past in ((own, times), (self.overall, self._all)):
            if rate and _full(past, rate, now):
                self.refused += 1
                self.burst_until = now + BURST_S
                return rate
        times.append(now)
        self._all.append(now)
        if own is None:  # nobody asks for its times
            times.clear()
        return None

    def over(self, now: float) -> bool:
        """Whether a burst has just come to its end."""
        if self.burst_until is None or now < self.burst_until:
            return False
        self.burst_until = None
        return True


def _full(past: deque[float], rate: Rate, now: float) -> bool:
    """Whether one more would be too many; forgets what lies too far back to count."""
    while past and past[0] <= now - rate.within_s:
        past.popleft()
    return len(past) >= rate.count
