"""What the supervisor watches besides messages: the listener's heart, restarts, and how time passes."""

from __future__ import annotations

import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STUCK_S = 5.0
"""Seconds without a beat after which a listener counts as stuck; it beats at least once a second."""
GAP_S = 2.5
"""The supervisor looks around once a second; after a longer gap the whole process stood still, no one's fault."""
ASLEEP_S = 2.0
"""Seconds by which the clocks may part before the computer counts as having slept."""
ASLEEP_ON_WINDOWS_S = 10.0
"""The same where only a long round can tell; one that closes a slow microphone and opens another takes five."""


@dataclass(slots=True)
class Heart:
    """A listener's. It beats on the listener's thread, the supervisor listens to it."""

    clock: Callable[[], float]
    _last: float = field(init=False)
    _beaten: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._last = self.clock()

    def beat(self) -> None:
        """Live."""
        self._last = self.clock()
        self._beaten = True

    def forgive(self) -> None:
        """Count from now on: nobody could beat."""
        self._last = self.clock()

    @property
    def stuck(self) -> bool:
        """Whether it has not beaten for too long."""
        return self.clock() - self._last > STUCK_S

    @property
    def beats(self) -> bool:
        """Whether it has beaten, and lately."""
        return self._beaten and not self.stuck


@dataclass(slots=True)
class Restarts:
    """Counts within a sliding time: who falls over and over is not set up for ever."""

    clock: Callable[[], float]
    most: int = 3
    within_s: float = 600.0
    _at: deque[float] = field(default_factory=deque)

    def another(self) -> bool:
        """Note one; False when that is one too many."""
        now = self.clock()
        while self._at and now - self._at[0] > self.within_s:
            self._at.popleft()
        self._at.append(now)
        return len(self._at) <= self.most

    def forget(self) -> None:
        """Begin anew: a person has done something about it."""
        self._at.clear()


def boot_clock() -> float:
    """Seconds since the start of the computer, its sleep included; nobody sets this clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))  # the latter goes on on macOS
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(slots=True)
class Passage:
    """How time passed between two looks: whether the process stood still, and whether the computer slept."""

    clock: Callable[[], float] = time.monotonic
    """Stands still while the computer sleeps (Linux, macOS)."""
    outside: Callable[[], float] = boot_clock
    _clock_then: float = field(init=False)
    _outside_then: float = field(init=False)

    def __post_init__(self) -> None:
        self._clock_then, self._outside_then = self.clock(), self.outside()

    def look(self) -> tuple[float, float]:
        """Return seconds since the last look, and seconds of sleep besides; 0 where none was noticed."""
        clock, outside = self.clock(), self.outside()
        passed, slept = clock - self._clock_then, outside - self._outside_then - (clock - self._clock_then)
        self._clock_then, self._outside_then = clock, outside
        if sys.platform == "win32" and passed > ASLEEP_ON_WINDOWS_S:  # its monotonic clock goes on in sleep
            slept = passed
        return passed, slept if slept > ASLEEP_S else 0.0


FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0


@dataclass(slots=True)
class Tries:
    """When to try again: soon at first, then less and less often."""

    clock: Callable[[], float]
    at: float | None = None
    """When the next try is due; None: at once."""
    _pause_s: float = FIRST_PAUSE_S

    @property
    def due(self) -> bool:
        """Whether it is time."""
        return self.at is None or self.at <= self.clock()

    def failed(self) -> None:
        """Wait longer than the last time."""
        self.at = self.clock() + self._pause_s
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def now(self) -> None:
        """Try at once: something changed."""
        self.at = None

    def worked(self) -> None:
        """Begin with short pauses the next time."""
        self.at, self._pause_s = None, FIRST_PAUSE_S
