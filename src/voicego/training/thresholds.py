"""Choose how sure to be of each keyword: the threshold at which misses and false accepts together cost least."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from voicego.training.judging import Hours, Word

    Doubles: TypeAlias = NDArray[np.float64]

Table: TypeAlias = dict[str, dict[str, dict[str, float]]]
"""Keyword to `alone` and `running` to sensitivity to threshold."""

PRICE: Mapping[str, float] = {"lower": 0.30, "normal": 0.10, "higher": 0.03}
"""What one false accept of a word in an hour of talk costs, as a share of the word's utterances missed."""
BLUR = 0.5
"""Logits that scores are blurred by before choosing: other speakers' scores lie near these, not on them."""
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
    said, false, hours = _scores(keyword, words, talk)
    return [
        Point(step, float((said < step).mean()) if len(said) else 0.0, int((false >= step).sum()) / hours)
        for step in STEPS
    ]


def expected_curve(keyword: str, words: Sequence[Word], talk: Sequence[Hours]) -> list[Point]:
    """What other speakers may be expected to do: each score counts as a bell around it, not as itself alone.

    One false accept more than was heard is supposed, at any score, in an hour or in all of them if they are more: what
    nobody measured is to be kept out too.
    """
    said, false, hours = _scores(keyword, words, talk)
    return [
        Point(
            step,
            float(1 - _above(said, step).mean()) if len(said) else 0.0,
            float(_above(false, step).sum()) / hours + (1 - step) / max(1.0, hours),
        )
        for step in STEPS
    ]


def _scores(keyword: str, words: Sequence[Word], talk: Sequence[Hours]) -> tuple[Doubles, Doubles, float]:
    """Scores of a keyword where it was said and where it was not, and the hours of the latter."""
    said = np.array([word.score() for word in words if word.keyword == keyword])
    false = np.array([one.score for hours in talk for one in hours.told if one.keyword == keyword])
    return said, false, max(1e-9, sum(part.hours for part in talk))


def _above(scores: Doubles, threshold: float) -> Doubles:
    """How far each score counts as above the threshold, from 0 to 1."""
    above: Doubles = 1 / (1 + np.exp(np.clip((_logit(np.array(threshold)) - _logit(scores)) / BLUR, -50, 50)))
    return above


def _logit(share: Doubles) -> Doubles:
    kept = np.clip(share, 1e-6, 1 - 1e-6)
    logit: Doubles = np.log(kept / (1 - kept))
    return logit


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
        curves = {"alone": expected_curve(keyword, words, talk), "running": running_curve(keyword, strict, talk)}
        table[keyword] = {
            kind: {name: cheapest(points, price) for name, price in PRICE.items()} for kind, points in curves.items()
        }
    return table
