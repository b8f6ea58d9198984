"""How long a network takes for one window, told the same way wherever it is told."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

WARM_UP, TIMED = 5, 50
"""Calls before the clock runs, and calls whose median time is told."""


def median_ms(once: Callable[[], object]) -> float:
    """Milliseconds that a call of `once` takes."""
    spent = []
    for _ in range(WARM_UP + TIMED):
        began = time.perf_counter()
        once()
        spent.append(time.perf_counter() - began)
    return 1000 * statistics.median(spent[WARM_UP:])
