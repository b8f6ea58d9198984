"""The twelve classes of the Speech Commands benchmark, and the posteriors of any labels summed into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicego.spotting.labels import SILENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicego.flow import Samples

TWELVE = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go", "_silence_", "_unknown_")
"""What accuracy is reported on."""


def to_twelve(probabilities: Samples, labels: Sequence[str], judged: Sequence[str] = TWELVE) -> Samples:
    """Sum every label beyond the judged ones into `_unknown_`: (n, labels) to (n, judged), the twelve or others."""
    summed = np.zeros((len(probabilities), len(judged)), np.float32)
    for column, label in enumerate(labels):
        summed[:, judged.index(_class_of(label, judged))] += probabilities[:, column]
    return summed


def _class_of(label: str, judged: Sequence[str]) -> str:
    if label in judged:
        return label
    return "_silence_" if label.lower() in SILENCE else "_unknown_"
