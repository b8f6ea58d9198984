"""How sure to be: the one place where a keyword's threshold comes from, and what else a detection takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voicego.wanted import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from voicego.wanted import ConfirmWith, Sensitivity


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Least posteriors by sensitivity, from 0 to 1: the lower the sensitivity, the surer.

    Raises:
        ValueError: a number lies outside, or they are out of order.
    """

    lower: float
    normal: float
    higher: float

    def __post_init__(self) -> None:
        if not 1 >= self.lower >= self.normal >= self.higher >= 0:
            raise ValueError(f"not in order from 1 to 0: {self}")

    def at(self, sensitivity: Sensitivity) -> float:
        """Choose one of the three."""
        return float(getattr(self, sensitivity))


ALONE = Thresholds(lower=0.85, normal=0.7, higher=0.5)
"""For checkpoints that bring no decision table; normal is the blog post's."""
RUNNING = Thresholds(lower=0.95, normal=0.9, higher=0.8)
"""The same for words in running speech."""


CONFIRMS = 0.5
"""Least posterior of a confirming model without a decision table: surer of the word than of all else together. The
small model was sure already, and each stage that is strict misses words of its own."""


@dataclass(frozen=True, slots=True)
class Row:
    """Thresholds of one keyword in a checkpoint's decision table."""

    alone: Thresholds = ALONE
    """For a word said alone."""
    running: Thresholds = RUNNING
    """For a word in running speech."""
    extra: bool = False
    """Heard only where a rule names it: `voicego spot` and `evaluate` ask for the others."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What it takes to detect one keyword, every number resolved."""

    keyword: str
    threshold: float
    origin: str
    """Where the threshold comes from, for a person: `your rule`, `the model's table, lower sensitivity`."""
    margin: float
    cooldown_s: float
    isolated: bool
    patience_s: float
    confirm: float | None = None
    """Least posterior of the confirming model; None: nobody is asked."""
    confirm_origin: str = ""
    """Where that comes from, for a person."""


def heard_for(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules that are in use, and one without actions for each word that is but an answer to them.

    An answer needs nobody's confirmation: it counts only within seconds of a word that had it.
    """
    active = [rule for rule in rules if rule.enabled]
    known = {rule.keyword for rule in active}
    answers = dict.fromkeys(rule.ask for rule in active if rule.ask and rule.ask not in known)
    return (*active, *(Rule(word, (), confirm=False) for word in answers))


def decide_by(rule: Rule, table: Mapping[str, Row], sensitivity: Sensitivity) -> Decision:
    """Resolve a rule.

    Its own threshold counts, else the checkpoint's decision table, else the stated default; the last two at the rule's
    own sensitivity, else at `sensitivity`, the whole file's.
    """
    if rule.threshold is not None:
        threshold, origin = rule.threshold, "your rule"
    else:
        row, chosen = table.get(rule.keyword, Row()), rule.sensitivity or sensitivity
        threshold = (row.alone if rule.isolated else row.running).at(chosen)
        home = "the model's table" if rule.keyword in table else "the default"
        origin = f"{home}, {chosen} sensitivity"
    return Decision(
        rule.keyword,
        threshold,
        origin,
        rule.margin,
        rule.cooldown_s,
        isolated=rule.isolated,
        patience_s=rule.patience_s,
    )


def confirmed_by(
    confirm_with: ConfirmWith, rule: Rule, decision: Decision, table: Mapping[str, Row], sensitivity: Sensitivity
) -> Decision:
    """Add to a rule's decision what the confirming model must say, unless the rule does without it.

    The file's own threshold for it counts, else `table`, its decision table, at the rule's or the file's sensitivity,
    else the stated default.
    """
    if not rule.confirm:
        return decision
    if confirm_with.threshold is not None:
        return replace(decision, confirm=confirm_with.threshold, confirm_origin="your file")
    row, chosen = table.get(rule.keyword), rule.sensitivity or sensitivity
    if row is None:
        return replace(decision, confirm=CONFIRMS, confirm_origin="the default")
    threshold = (row.alone if rule.isolated else row.running).at(chosen)
    return replace(decision, confirm=threshold, confirm_origin=f"its table, {chosen} sensitivity")
