"""What a person should know of the sound that comes in. Pure; counts samples, never a clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from voicego.flow import AudioBlock, Notice

FLOOR_DB = -120.0
"""Stands for exact silence."""


@dataclass(slots=True)
class Health:
    """Of one source since it was opened."""

    level_db: float | None = None
    """Level of the newest block in dB below full scale (RMS), at least `FLOOR_DB`; None before the first."""

    @property
    def holding(self) -> tuple[str, ...]:
        """Kinds of the notices that hold now."""
        return ()

    def hear(self, block: AudioBlock) -> tuple[Notice, ...]:
        """Take in a block; return what begins or ends to hold."""
        if len(block.samples):
            power = float(np.dot(block.samples, block.samples)) / len(block.samples)
            self.level_db = round(max(FLOOR_DB, 10 * float(np.log10(power + 1e-12))), 1)
        return ()
