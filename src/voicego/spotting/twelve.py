"""The twelve classes of the Speech Commands benchmark, and the posteriors of any labels summed into them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicego.spotting.detector import SILENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicego.flow import Samples

TWELVE = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go", "_silence_", "_unknown_")
"""What accuracy is reported on."""


def to_twelve(probabilities: Samples, labels: Sequence[str]) -> Samples:
    """Sum every label beyond the twelve into `_unknown_`: (n, labels) to (n, 12) in the order of `TWELVE`."""
    summed = np.zeros((len(probabilities), len(TWELVE)), np.float32)
    for column, label in enumerate(labels):
        summed[:, TWELVE.index(_class_of(label))] += probabilities[:, column]
    return summed


def _class_of(label: str) -> str:
    if label in TWELVE:
        return label
    return "_silence_" if label.lower() in SILENCE else "_unknown_"
