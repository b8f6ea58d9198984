"""The figures of a report: what was heard and told, counted against a table of thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voicego.flow import SAMPLE_RATE, Setup
from voicego.training import thresholds
from voicego.training.clips import KEYWORDS
from voicego.training.evaluate import Tally

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from voicego.training.judging import Hours, Word

RULE_OF_THREE = 3.0
MOST_MISSED, MOST_AN_HOUR = 0.12, 1.0
"""What a word beyond the table may miss, and be told wrongly in an hour of talk, to become a keyword."""


def share(tally: Tally) -> dict[str, float]:
    """A share with what it was counted from, and its 95 % interval."""
    low, high = tally.interval()
    return {"share": tally.share, "right": tally.right, "of": tally.total, "low": low, "high": high}


def misses(words: Sequence[Word], table: thresholds.Table) -> dict[str, Any]:
    """Misses of words said alone at each sensitivity, and the time from the word's end to its decision."""
    rows: dict[str, Any] = {}
    for sensitivity in thresholds.PRICE:
        missed = {
            keyword: [word.score() < max(1e-9, row["alone"][sensitivity]) for word in words if word.keyword == keyword]
            for keyword, row in table.items()
        }
        counted = _counted(table)
        missed |= {"together": [one for word, each in missed.items() if word in counted for one in each]}
        rows[sensitivity] = {name: share(Tally(sum(each), len(each))) for name, each in missed.items()}
    late = [
        1000 * ((told.at - word.word_end) / SAMPLE_RATE + Setup().quiet_s)
        for word in words
        for told in word.told
        if word.falls_quiet and told.keyword == word.keyword
    ]
    rows["ms_from_word_end_to_decision"] = (
        {"median": float(np.median(late)), "95 %": float(np.percentile(late, 95)), "of": len(late)} if late else {}
    )
    return rows


def false_accepts(talk: Sequence[Hours], table: thresholds.Table) -> dict[str, Any]:
    """False accepts of words said alone, each source apart, at each sensitivity."""
    rows: dict[str, Any] = {}
    for sensitivity in thresholds.PRICE:
        parts = {
            source: [one for one in talk if one.source == source]
            for source in dict.fromkeys(one.source for one in talk)
        }
        rows[sensitivity] = {source: _told(part, table, sensitivity) for source, part in parts.items()}
        rows[sensitivity]["all"] = _told(talk, table, sensitivity)
    return rows


def false_accepts_in_running_speech(talk: Sequence[Hours], table: thresholds.Table) -> dict[str, Any]:
    """False accepts of each keyword an hour, where its rule asks for words in running speech, at each sensitivity."""
    rows: dict[str, Any] = {}
    total = sum(hours.hours for hours in talk)
    for sensitivity in thresholds.PRICE:
        rows[sensitivity] = {
            keyword: sum(hours.running.get(table[keyword]["running"][sensitivity], []).count(keyword) for hours in talk)
            / max(1e-9, total)
            for keyword in table
        }
    return rows


def candidates(
    chosen: thresholds.Table, known: Collection[str], words: Sequence[Word], talk: Sequence[Hours]
) -> dict[str, Any]:
    """Words that the network knows by name but that are no keywords yet, and whether they would be good ones."""
    rows = {}
    for word, row in chosen.items():
        if word not in known:
            point = next(p for p in thresholds.curve(word, words, talk) if p.threshold == row["alone"]["normal"])
            good = point.missed <= MOST_MISSED and point.an_hour <= MOST_AN_HOUR
            rows[word] = {"missed": point.missed, "an_hour": point.an_hour, "good": good}
    return rows


def _told(talk: Sequence[Hours], table: thresholds.Table, sensitivity: str) -> dict[str, Any]:
    told = [
        one.keyword
        for hours in talk
        for one in hours.told
        if one.keyword in table and one.score >= table[one.keyword]["alone"][sensitivity]
    ]
    count = sum(word in _counted(table) for word in told)
    hours = sum(part.hours for part in talk)
    an_hour, at_most = count / max(1e-9, hours), _bound(count, hours)
    return {"hours": hours, "told": told, "counted": count, "an_hour": an_hour, "at_most": at_most}


def _counted(table: thresholds.Table) -> set[str]:
    """The words that figures over all of them are about: the ten, so that they stay comparable, or all there are."""
    return set(KEYWORDS) & set(table) or set(table)


def _bound(count: int, hours: float) -> float:
    """Upper end of the 95 % interval of false accepts an hour; the rule of three where there were none."""
    most = RULE_OF_THREE if not count else (np.sqrt(count + 1) + 0.98) ** 2
    return float(most / max(1e-9, hours))
