"""How much is measured, and so how long a bench takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Effort:
    """Seconds and repetitions."""

    rounds: int
    """How often each contender hears each sound."""
    heard_s: Mapping[str, float]
    """Seconds of each sound that are heard in a round."""
    constant_s: Mapping[str, float]
    """The same, for any sound, of contenders that compute nearly the same whatever they hear."""
    shifts: int
    """In how many ways the words are cut into blocks whose delay is measured."""
    files_s: float
    """Length of the recordings that `voicego spot` is given."""
    left_out: frozenset[str]
    """Contenders that are not measured, because they take too long."""
    times: int
    """How often the daemon is started, the verbs are run, and the recordings are gone through."""

    def seconds(self, contender: str, sound: str) -> float:
        """How much of a sound a contender hears."""
        return self.constant_s.get(contender, self.heard_s[sound])

    @property
    def lengths_s(self) -> dict[str, float]:
        """Seconds of each sound that are needed; hour and talk are also the recordings."""
        return dict(self.heard_s) | {name: max(self.files_s, self.heard_s[name]) for name in ("hour", "talk")}


QUICK = Effort(
    rounds=3,
    heard_s={"room": 10.0, "hour": 30.0, "talk": 8.0, "music": 8.0},
    constant_s={"the plain loop": 1.0, "openWakeWord": 3.0, "pocketsphinx": 5.0},
    shifts=3,
    files_s=300.0,
    left_out=frozenset({"voicego, confirmed"}),
    times=2,
)
"""Under a minute on two cores."""
THOROUGH = Effort(
    rounds=5,
    heard_s={"room": 120.0, "hour": 300.0, "talk": 120.0, "music": 60.0},
    constant_s={"the plain loop": 5.0, "openWakeWord": 30.0, "pocketsphinx": 30.0},
    shifts=20,
    files_s=3600.0,
    left_out=frozenset(),
    times=3,
)
"""Some fifteen minutes."""
