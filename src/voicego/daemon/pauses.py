"""Why voicego does not listen: a set of reasons, some of which end by themselves. It listens while the set is empty."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from voicego.flow import Absence

BY_HAND = "by hand"
FOR_A_WHILE = "for a while"
AWAY = {Absence.LOCKED: "screen locked", Absence.CALL: "in a call"}


@dataclass(slots=True)
class Pauses:
    """Belongs to the supervisor's thread; others read `reasons` and `until`."""

    _ends: dict[str, float | None] = field(default_factory=dict)
    """Reason to the Unix time at which it ends, or None."""

    def __bool__(self) -> bool:
        return bool(self._ends)

    @property
    def reasons(self) -> tuple[str, ...]:
        """All of them, the oldest first."""
        return tuple(self._ends)

    @property
    def until(self) -> float | None:
        """Unix time, while paused for a while."""
        return self._ends.get(FOR_A_WHILE)

    @property
    def by_hand(self) -> bool:
        """Whether a person paused it until they resume."""
        return BY_HAND in self._ends

    def pause(self, until: float | None = None) -> None:
        """Pause by a person's wish; the newer wish replaces the older."""
        self._ends.pop(BY_HAND, None)
        self._ends.pop(FOR_A_WHILE, None)
        self._ends[BY_HAND if until is None else FOR_A_WHILE] = until

    def resume(self) -> None:
        """End every pause: who says so means it, even in a call. What begins later pauses again."""
        self._ends.clear()

    def away(self, absence: Absence, *, now: bool) -> None:
        """Note that a reason of `pause_while` began or ended."""
        if now:
            self._ends.setdefault(AWAY[absence], None)
        else:
            self._ends.pop(AWAY[absence], None)

    def expire(self, now: float) -> bool:
        """Drop what is over at Unix time `now`; whether anything was."""
        over = [reason for reason, until in self._ends.items() if until is not None and until <= now]
        for reason in over:
            del self._ends[reason]
        return bool(over)

    def told(self) -> str:
        """Say why, for a person."""
        return ", ".join(
            reason if until is None else f"until {datetime.fromtimestamp(until):%H:%M:%S}"  # noqa: DTZ006 -- shown to a person
            for reason, until in list(self._ends.items())
        )
