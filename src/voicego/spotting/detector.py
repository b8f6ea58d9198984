"""From scores to detections: pure, in sound that was heard, the same for a microphone and a file."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from voicego.flow import Detection, Scores, Utterance, in_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicego.spotting.decision import Decision

SHORTEST_WORD_S = 0.1


@dataclass(slots=True)
class Cooldowns:
    """How long each keyword that fired does not fire again, in sound that was heard."""

    _until: dict[str, int] = field(default_factory=dict)
    """Sample from which a keyword may fire again."""

    def over(self, keyword: str, at: int) -> bool:
        """Whether a keyword may fire at sample `at`."""
        return at >= self._until.get(keyword, at)

    def begin(self, keyword: str, at: int, cooldown_s: float) -> None:
        """Take note that it fired at sample `at`."""
        self._until[keyword] = at + in_samples(cooldown_s)


@dataclass(slots=True)
class Detector:
    """Takes each window's scores in order and says when a keyword was heard.

    A word said alone is decided once, by the window laid over its ended utterance. A word in running speech is decided
    window by window: it fires when it has stayed above its threshold for its patience, once until it falls below again.
    """

    decisions: tuple[Decision, ...]
    hop: int
    """Samples between sliding windows."""
    longest_word_s: float = 1.1
    quiet_s: float = 0.25
    """Seconds of quiet that must lie before a word said alone."""
    ids: Iterator[int] = field(default_factory=partial(itertools.count, 1))
    """Numbers for detections."""
    mute_until: int = 0
    """Sample before which nothing is decided: the warm-up."""
    _cooldowns: Cooldowns = field(default_factory=Cooldowns)
    _above: dict[str, int] = field(default_factory=dict)
    """Windows in a row above the threshold, in running speech; -1 once it fired."""
    _utterance: int = -1

    def see(self, scores: Scores) -> Detection | None:
        """Take in one window; return the detection it completes, if any."""
        if scores.utterance.start != self._utterance:
            self._utterance = scores.utterance.start
            self._above.clear()
        if (scores.utterance.start if scores.laid else scores.start) < self.mute_until:
            return None
        return self._alone(scores) if scores.laid else self._running(scores)

    def could_be_a_word(self, utterance: Utterance) -> bool:
        """Whether an utterance, as far as it is known, can be a word said alone."""
        short = utterance.length <= in_samples(self.longest_word_s)
        if utterance.cut or not short or utterance.quiet_before < in_samples(self.quiet_s):
            return False
        return utterance.end is None or utterance.length >= in_samples(SHORTEST_WORD_S)

    def wants(self, utterance: Utterance) -> bool:
        """Whether a window laid over this ended utterance could decide anything."""
        return any(d.isolated for d in self.decisions) and self.could_be_a_word(utterance)

    def slides(self, utterance: Utterance) -> bool:  # noqa: ARG002 — the shape that `Windows` asks for
        """Whether windows inside an utterance can decide anything."""
        return any(not d.isolated for d in self.decisions)

    def _alone(self, scores: Scores) -> Detection | None:
        if not self.could_be_a_word(scores.utterance) or scores.utterance.end is None:
            return None
        passed = [
            (score, decision)
            for decision in self.decisions
            if decision.isolated and (score := _passes(scores, decision)) is not None
        ]
        return self._fire(*max(passed, key=lambda one: one[0]), at=scores.utterance.end) if passed else None

    def _running(self, scores: Scores) -> Detection | None:
        ready: list[tuple[float, Decision]] = []
        for decision in self.decisions:
            if decision.isolated:
                continue
            score = _passes(scores, decision)
            count = self._above.get(decision.keyword, 0)
            if score is None:
                self._above[decision.keyword] = 0
            elif count >= 0:
                self._above[decision.keyword] = count + 1
                if (count + 1) * self.hop >= in_samples(decision.patience_s):
                    ready.append((score, decision))
        if not ready:
            return None
        score, decision = max(ready, key=lambda one: one[0])
        self._above[decision.keyword] = -1
        return self._fire(score, decision, at=scores.end)

    def _fire(self, score: float, decision: Decision, at: int) -> Detection | None:
        if not self._cooldowns.over(decision.keyword, at):
            return None
        if decision.confirm is None:  # else it counts from what was confirmed, not from a mistake
            self._cooldowns.begin(decision.keyword, at, decision.cooldown_s)
        return Detection(f"d{next(self.ids)}", decision.keyword, round(score, 4), at)


def _passes(scores: Scores, decision: Decision) -> float | None:
    """Score of the keyword where it is sure enough, and ahead enough of everything else."""
    if decision.keyword not in scores.labels:
        return None
    column = scores.labels.index(decision.keyword)
    score = float(scores.probabilities[column])
    others = (float(p) for k, p in enumerate(scores.probabilities) if k != column)
    rival = max(others, default=0.0)
    return score if score >= decision.threshold and score >= rival and score - rival >= decision.margin else None
