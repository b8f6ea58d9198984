"""How sure to be: the one place where a keyword's threshold comes from, and what else a detection takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voicego.flow import Rule

ALONE = 0.7
"""Threshold for checkpoints that bring no decision table; the blog post's."""
RUNNING = 0.9
"""The same for words in running speech."""


@dataclass(frozen=True, slots=True)
class Row:
    """Thresholds of one keyword in a checkpoint's decision table."""

    alone: float = ALONE
    """Least posterior of a word said alone."""
    running: float = RUNNING
    """Least posterior of a word in running speech."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What it takes to detect one keyword, every number resolved."""

    keyword: str
    threshold: float
    origin: str
    """Where the threshold comes from, for a person: `your rule`, `the model's table`, `the default`."""
    margin: float
    cooldown_s: float
    isolated: bool
    patience_s: float


def decide_by(rule: Rule, table: Mapping[str, Row]) -> Decision:
    """Resolve a rule: its own number, else the checkpoint's decision table, else the stated default."""
    row = table.get(rule.keyword)
    if rule.threshold is not None:
        threshold, origin = rule.threshold, "your rule"
    else:
        threshold = (row or Row()).alone if rule.isolated else (row or Row()).running
        origin = "the model's table" if row else "the default"
    return Decision(
        rule.keyword,
        threshold,
        origin,
        rule.margin,
        rule.cooldown_s,
        isolated=rule.isolated,
        patience_s=rule.patience_s,
    )
