"""The rules in force: what the file says, what was chosen here, and what follows from both. Values, replaced whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voicego.daemon.choices import Choices, applied
from voicego.errors import VoicegoError
from voicego.flow import RuleState, Sensitivity

if TYPE_CHECKING:
    from voicego.daemon.parts import Parts
    from voicego.flow import Rule, Setup

READ_AT_EACH_WORD = ("rules", "sensitivity", "chime", "pause_while", "at_most")
"""What a running listener does not depend on, or takes between two utterances."""


@dataclass(frozen=True, slots=True)
class Book:
    """One state of the rules."""

    file: Setup
    """As the rules file says."""
    setup: Setup
    """With what was chosen, and what the command line wishes."""
    rules: dict[str, Rule]
    """Those that are active, by keyword."""
    thresholds: dict[str, float]
    """Least posteriors of all of them; empty while the model is not there."""
    states: tuple[RuleState, ...]

    def rule(self, keyword: str) -> Rule:
        """Find a rule, be it switched off.

        Raises:
            VoicegoError: there is none.
        """
        for rule in self.setup.rules:
            if rule.keyword == keyword:
                return rule
        there = ", ".join(rule.keyword for rule in self.setup.rules) or "none"
        raise VoicegoError(f'there is no rule for "{keyword}"; there are: {there}')

    def active(self, keyword: str) -> Rule:
        """Find a rule that is active.

        Raises:
            VoicegoError: there is none.
        """
        if keyword in self.rules:
            return self.rules[keyword]
        there = ", ".join(self.rules) or "none"
        raise VoicegoError(f'there is no active rule for "{keyword}"; there are: {there}')

    def adjustable(self) -> dict[str, Sensitivity]:
        """Sensitivities of the words that have one in force: those without a threshold of their own."""
        own = {rule.keyword for rule in self.file.rules if rule.threshold is not None}
        return {one.keyword: one.sensitivity for one in self.states if one.keyword not in own}


def open_book(file: Setup, choices: Choices, parts: Parts) -> Book:
    """Work out what holds."""
    setup = parts.wished(applied(choices, file))
    everything = replace(setup, rules=tuple(replace(rule, enabled=True) for rule in setup.rules))
    try:
        thresholds = {one.keyword: one.threshold for one in parts.decisions(everything)}
    except VoicegoError:  # the model is not there, which is told where it is loaded
        thresholds = {}
    states = tuple(
        RuleState(
            now.keyword,
            enabled=now.enabled,
            in_file=then.enabled,
            does=parts.describe(now),
            threshold=thresholds.get(now.keyword),
            sensitivity=now.sensitivity or setup.sensitivity,
            chosen=choices.sensitivities.get(now.keyword),
        )
        for now, then in zip(setup.rules, file.rules, strict=True)
    )
    return Book(file, setup, {rule.keyword: rule for rule in setup.rules if rule.enabled}, thresholds, states)


def same_hearing(old: Setup, new: Setup) -> bool:
    """Whether a running listener can go on under a new setup."""
    return replace(old, **{name: getattr(new, name) for name in READ_AT_EACH_WORD}) == new


def with_model_of(setup: Setup, other: Setup) -> Setup:
    """Take over what a model is loaded for."""
    return replace(setup, model=other.model, engine=other.engine, threads=other.threads)


def with_sensitivity(choices: Choices, book: Book, level: Sensitivity | None, keyword: str | None) -> Choices:
    """Choose a sensitivity for one word or for all; None: as the file says.

    Raises:
        VoicegoError: there is no such rule, or it has a threshold of its own.
    """
    if keyword is None:
        return replace(choices, sensitivity=level)
    left_over = level is None and keyword in choices.sensitivities  # though its rule may have gone
    if not left_over and book.rule(keyword).threshold is not None and level:
        raise VoicegoError(f'the rule "{keyword}" has a threshold of its own, which counts alone; change it there')
    words = {word: found for word, found in choices.sensitivities.items() if word != keyword}
    return replace(choices, sensitivities=words | ({keyword: level} if level else {}))


def with_switch(choices: Choices, book: Book, keyword: str, *, on: bool) -> Choices:
    """Switch a rule off, or on again.

    Raises:
        VoicegoError: there is no such rule, or the file itself switches it off.
    """
    book.rule(keyword)
    if on and not any(rule.keyword == keyword and rule.enabled for rule in book.file.rules):
        raise VoicegoError(f'the rule "{keyword}" is switched off in the rules file; switch it on there')
    off = tuple(word for word in choices.off if word != keyword)
    return replace(choices, off=off if on else (*off, keyword))
