"""Which detections act: none beyond a limit, and none that asks before it is answered. The person is told of both."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicego.acting.asking import Asking, Question, Reply
from voicego.acting.limits import Limits
from voicego.config.durations import written
from voicego.flow import Notice, Pause, Setup

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.flow import Action, Detection, Rate, Rule

log = logging.getLogger("voicego.acting")


@dataclass(frozen=True, slots=True)
class Let:
    """What is to be done about a detection."""

    detection: Detection
    """The one that acts: of an answer, the one that asked."""
    actions: tuple[Action, ...]
    taken: bool
    """Whether it acts, or will when it is answered."""


class Door:
    """Every detection passes here, from any thread; nothing here blocks."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        note: Callable[[Notice], None],
        show: Callable[[str], None],
        chime: Callable[[], None],
        free: bool,
    ) -> None:
        """`note` is told what holds, `show` and `chime` reach the person at once. `free`: there is no limit."""
        self._clock = clock
        self._note = note
        self._show = show
        self._chime = chime
        self._free = free
        self._limits = Limits(Setup().at_most)
        self._asking = Asking()
        self._guard = threading.Lock()

    @property
    def refused(self) -> int:
        """Detections beyond a limit."""
        return self._limits.refused

    @property
    def asks(self) -> bool:
        """Whether a question is open."""
        return self._asking.open is not None

    def limit(self, overall: Rate) -> None:
        """Let so many through, over all rules."""
        self._limits.overall = overall

    def let(self, detection: Detection, rule: Rule | None) -> Let:
        """Decide. A word without a rule may be an answer; what pauses is beyond no limit."""
        with self._guard:
            answered = self._asking.hear(detection, self._clock())
        if answered:
            question, reply = answered
            if reply is Reply.YES:
                self._note(Notice("asking", "", holds=False))
                log.info("%s %s: %s is the answer", question.detection.id, question.rule.keyword, detection.id)
                return Let(question.detection, question.rule.actions, taken=True)
            self._close(question, reply)
        if rule is None:
            return Let(detection, (), taken=False)
        pauses = tuple(action for action in rule.actions if isinstance(action, Pause))
        if pauses != rule.actions and self._is_too_much(detection, rule):
            return Let(detection, () if rule.ask else pauses, taken=False)
        if rule.ask:
            self._ask(detection, rule)
            return Let(detection, (), taken=True)
        return Let(detection, rule.actions, taken=True)

    def look_at_the_clock(self) -> float | None:
        """End what is over; seconds until something else may be."""
        with self._guard:
            now = self._clock()
            question, calm = self._asking.give_up(now), self._limits.over(now)
            dues = [due for due in (self._asking.due, self._limits.burst_until) if due is not None]
        if question:
            self._close(question, Reply.LATE)
        if calm:
            self._note(Notice("limited", "", holds=False))
        return max(0.0, min(dues) - now) if dues else None

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._guard:
            question, self._asking.open = self._asking.open, None
        if question:
            self._close(question, "voicego is stopping")

    def _is_too_much(self, detection: Detection, rule: Rule) -> bool:
        """Whether a rule would act too often now; the person is told once in a burst."""
        if self._free:
            return False
        with self._guard:
            goes_on = self._limits.burst_until is not None
            rate = self._limits.exceeded(rule.keyword, rule.at_most, self._clock())
        if rate is None:
            return False
        limit = f"{rate.count} in {written(rate.within_s)}"
        log.warning("%s %s: not acted on, that is more than %s", detection.id, detection.keyword, limit)
        if not goes_on:
            heard = f'"{rule.keyword}" was heard' if rate is rule.at_most else "words were heard"
            text = f"{heard} more often than {limit}: what is beyond is not acted on (at_most in the rules file)"
            self._note(Notice("limited", text))
            self._show(text)
        return True

    def _ask(self, detection: Detection, rule: Rule) -> None:
        with self._guard:
            question = self._asking.ask(detection, rule, self._clock())
        log.info('%s %s: asks, and waits for "%s"', detection.id, detection.keyword, rule.ask)
        self._note(Notice("asking", question.text))
        self._show(question.text)
        self._chime()

    def _close(self, question: Question, why: str) -> None:
        self._note(Notice("asking", "", holds=False))
        log.info("%s %s: not acted on, %s", question.detection.id, question.rule.keyword, why)
