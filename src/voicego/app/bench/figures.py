"""What a bench found: medians with their spread, and everything needed to doubt them."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Spread:
    """Repeated measurements of one thing."""

    median: float
    least: float
    most: float
    times: int
    """How often it was measured."""

    @classmethod
    def of(cls, measured: Sequence[float]) -> Spread:
        """Sum up; there must be one at least."""
        return cls(statistics.median(measured), min(measured), max(measured), len(measured))


@dataclass(slots=True)
class Figures:
    """Filled as the bench goes on. Contenders, sounds and verbs by the names that a person reads."""

    machine: dict[str, str] = field(default_factory=dict)
    heard: dict[str, str] = field(default_factory=dict)
    """What each sound is made of."""
    about: dict[str, str] = field(default_factory=dict)
    """What each contender is."""
    absent: dict[str, str] = field(default_factory=dict)
    """Contenders that could not be measured, and why."""
    cpu: dict[str, dict[str, Spread]] = field(default_factory=dict)
    """Contender, sound: percent of one core, which is CPU seconds for a hundred seconds of sound."""
    counted: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    """Contender, sound: what it counted in one hearing."""
    memory_mb: dict[str, Spread] = field(default_factory=dict)
    """Resident memory of a process after it heard all sounds."""
    start_s: dict[str, Spread] = field(default_factory=dict)
    """From the start of a process to its readiness to listen."""
    verbs_s: dict[str, Spread] = field(default_factory=dict)
    """Commands from start to end."""
    delay_ms: dict[str, dict[str, Spread]] = field(default_factory=dict)
    """Contender: `sound`, `computation` and `together`, from the end of a word to its detection."""
    files: dict[str, dict[str, Spread]] = field(default_factory=dict)
    """Sound: `hours a minute`, `wall seconds` and `CPU seconds` of `voicego spot`, its start included."""

    def as_json(self) -> dict[str, Any]:
        """Everything, for a file."""
        return asdict(self)
