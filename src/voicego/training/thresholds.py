"""Choose how sure to be of each keyword: the threshold at which misses and false accepts together cost least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voicego.training.judging import Hours, Word

Table: TypeAlias = dict[str, dict[str, dict[str, float]]]
"""Keyword to `alone` and `running` to sensitivity to threshold."""

PRICE: Mapping[str, float] = {"lower": 0.10, "normal": 0.03, "higher": 0.01}
"""What one false accept of a word in an hour of talk costs, as a share of the word's utterances missed."""
STEPS = tuple(float(step) for step in np.round(np.arange(0.30, 0.98, 0.01), 2))
LOWEST_RUNNING = 0.85
"""In running speech nothing below this is tried: words in sentences are many."""


@dataclass(frozen=True, slots=True)
class Point:
    """One keyword at one threshold."""

    threshold: float
    missed: float
    """Share of the words said alone."""
    an_hour: float
    """False accepts in an hour of talk."""


def curve(keyword: str, words: Sequence[Word], talk: Sequence[Hours]) -> list[Point]:
    """Misses against false accepts an hour of one keyword said alone, over all thresholds."""
    said = np.array([word.score() for word in words if word.keyword == keyword])
    false = np.array([one.score for hours in talk for one in hours.told if one.keyword == keyword])
    hours = max(1e-9, sum(part.hours for part in talk))
    return [
        Point(step, float((said < step).mean()) if len(said) else 0.0, int((false >= step).sum()) / hours)
        for step in STEPS
    ]


def running_curve(keyword: str, heard: Mapping[float, float], talk: Sequence[Hours]) -> list[Point]:
    """The same in running speech; misses are those of all ten words together."""
    hours = max(1e-9, sum(part.hours for part in talk))
    return [
        Point(step, 1.0 - share, sum(part.running.get(step, []).count(keyword) for part in talk) / hours)
        for step, share in heard.items()
    ]


def cheapest(points: Sequence[Point], price: float) -> float:
    """The threshold that costs least; of equals the highest, so that what nobody measured is kept out too."""
    return min(points, key=lambda point: (round(point.missed + price * point.an_hour, 6), -point.threshold)).threshold


def choose(
    keywords: Sequence[str], words: Sequence[Word], talk: Sequence[Hours], heard: Mapping[float, float]
) -> Table:
    """A decision table: each keyword's thresholds at three sensitivities, stricter from higher to lower."""
    table: Table = {}
    strict = {step: share for step, share in heard.items() if step >= LOWEST_RUNNING}
    for keyword in keywords:
        curves = {"alone": curve(keyword, words, talk), "running": running_curve(keyword, strict, talk)}
        table[keyword] = {
            kind: {name: cheapest(points, price) for name, price in PRICE.items()} for kind, points in curves.items()
        }
    return table
