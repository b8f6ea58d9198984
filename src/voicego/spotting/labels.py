"""What the labels of a checkpoint say: which of them are words, and which stand for all else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

UNKNOWN = frozenset({"_unknown_", "unknown", "_unknown", "unk", "[unk]", "other"})
SILENCE = frozenset({"_silence_", "silence", "_silence", "_background_noise_", "background"})
"""Names, in lower case, that checkpoints give to what is no keyword."""


def keywords_of(labels: Iterable[str]) -> tuple[str, ...]:
    """Labels that are words."""
    return tuple(label for label in labels if label.lower() not in UNKNOWN | SILENCE)
