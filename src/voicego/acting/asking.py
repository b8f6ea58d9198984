"""A rule that asks first: the question that is open, and what counts as its answer. Pure, time is given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from voicego.acting.describe import describe
from voicego.config.durations import written
from voicego.config.words import shortened
from voicego.flow import in_samples

if TYPE_CHECKING:
    from voicego.flow import Detection, Rule

ANSWER_S = 5.0
"""Seconds of sound after the word that asks, in which the answer must have been said."""

LATENESS_S = 4.0
"""Seconds by which a word may be known later than it was said: quiet after it, and the confirming model's 3 s."""


class Reply(StrEnum):
    """How a question ended; the value is what a person reads."""

    YES = "it was answered"
    OTHER = "another word was said"
    LATE = f"nothing was said within {written(ANSWER_S)}"


@dataclass(frozen=True, slots=True)
class Question:
    """What waits for an answer."""

    detection: Detection
    rule: Rule
    until: int
    """Sample up to which the answer counts."""
    given_up_at: float
    """On the caller's clock: from then on no answer can be on its way."""

    @property
    def text(self) -> str:
        """For the person who is to answer."""
        does = ", then ".join(shortened(describe(action)) for action in self.rule.actions)
        return f'"{self.rule.keyword}" was heard. Say "{self.rule.ask}" to: {does}'


@dataclass(slots=True)
class Asking:
    """At most one question is open: another word ends it, and may be a question of its own.

    Whether an answer came in time is counted in sound, like everything that is heard. The clock only says when nobody
    need wait any longer, for sound may stop.
    """

    open: Question | None = None

    @property
    def due(self) -> float | None:
        """When the open question is given up, on the caller's clock."""
        return self.open.given_up_at if self.open else None

    def ask(self, detection: Detection, rule: Rule, now: float) -> Question:
        """Open a question."""
        until = detection.at + in_samples(ANSWER_S)
        self.open = Question(detection, rule, until, now + ANSWER_S + LATENESS_S)
        return self.open

    def hear(self, detection: Detection, now: float) -> tuple[Question, Reply] | None:
        """Take a word for an answer; the question that it ends, and how, if it ends one."""
        question = self.open
        if question is None:
            return None
        if now >= question.given_up_at:
            return self._end(question, Reply.LATE)
        if detection.at <= question.detection.at:  # said before it, and confirmed after it; or the sound began anew
            return None
        if detection.at > question.until:
            return self._end(question, Reply.LATE)
        return self._end(question, Reply.YES if detection.keyword == question.rule.ask else Reply.OTHER)

    def give_up(self, now: float) -> Question | None:
        """End a question for which no answer can be on its way; return it."""
        question = self.open
        if question is None or now < question.given_up_at:
            return None
        self.open = None
        return question

    def _end(self, question: Question, reply: Reply) -> tuple[Question, Reply]:
        self.open = None
        return question, reply
