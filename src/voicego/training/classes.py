"""What a network tells apart: the keywords, other words that it knows by name, silence, and everything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicego.errors import VoicegoError
from voicego.spotting.twelve import to_twelve
from voicego.training.clips import KEYWORDS, SILENCE, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

OTHER_WORDS = (
    *("backward", "bed", "bird", "cat", "dog", "eight", "five", "follow", "forward", "four", "happy", "house"),
    *("learn", "marvin", "nine", "one", "seven", "sheila", "six", "three", "tree", "two", "visual", "wow", "zero"),
)
"""What Speech Commands holds besides the ten."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Words to learn. Any other word in the recordings is `_unknown_`."""

    keywords: tuple[str, ...] = KEYWORDS
    """Those that rules may name, and that talk must not be taken for."""
    others: tuple[str, ...] = OTHER_WORDS
    """Those that are told apart so that they are not taken for a keyword."""

    def __post_init__(self) -> None:
        """Refuse labels that clash."""
        labels = self.labels
        if twice := [label for label in labels if labels.count(label) > 1]:
            raise VoicegoError(f'the word "{twice[0]}" is there twice; each word is one class')

    @property
    def labels(self) -> list[str]:
        """Every class in the order of the outputs: keywords, others, silence, unknown."""
        return [*self.keywords, *self.others, SILENCE, UNKNOWN]

    @property
    def judged(self) -> tuple[str, ...]:
        """What accuracy is reported on: the others count as `_unknown_`."""
        return (*self.keywords, SILENCE, UNKNOWN)

    def summed(self, probabilities: Floats) -> Floats:
        """Sum (n, labels) into (n, judged)."""
        return to_twelve(probabilities, self.labels, self.judged)


def all_labels() -> list[str]:
    """The classes of the checkpoint that ships."""
    return Classes().labels


def own(words: Sequence[str]) -> Classes:
    """Classes of somebody's own words; without any, those of the checkpoint that ships."""
    return Classes(tuple(words), ()) if words else Classes()
