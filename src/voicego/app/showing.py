"""`voicego config show`: every value in use, and where it comes from."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from voicego.acting.describe import describe
from voicego.app import hearing, rules
from voicego.config.durations import written
from voicego.daemon.choices import applied
from voicego.daemon.choices import read as read_choices
from voicego.flow import ConfirmWith, Rate, Setup

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def lines(path: Path, choices_file: Path) -> Iterator[str]:
    """Describe a rules file as voicego understands it, and what was chosen in the menu instead.

    Raises:
        RulesError: it is broken.
    """
    file, choices = rules.read(path), read_choices(choices_file)
    setup = applied(choices, file)
    yield str(path)
    for one in fields(Setup):
        if one.name != "rules":
            value, origin = _plain(one.name, getattr(setup, one.name)), _origin(one.name, setup, file)
            yield f"  {_key(one.name)}: {value}  ({origin})"
    decisions = {decision.keyword: decision for decision in hearing.decisions_for(setup)}
    for rule in setup.rules:
        decision = decisions.get(rule.keyword) if rule.enabled else None
        if decision is None:
            here = ", chosen in the menu" if rule.keyword in choices.off else ""
            yield f"  {rule.keyword}: switched off{here}"
            continue
        how = "said alone" if decision.isolated else f"also in running speech, for {decision.patience_s:g} s"
        yield f"  {rule.keyword}: {how}, threshold {decision.threshold:g} ({decision.origin})"
        if decision.confirm is not None:
            yield f"    confirmed from {decision.confirm:g} on ({decision.confirm_origin})"
        yield f"    margin {decision.margin:g}, cooldown {decision.cooldown_s:g} s"
        if rule.at_most:
            yield f"    at most {_plain('at_most', rule.at_most)}"
        if rule.ask:
            yield f'    asks first, and waits for "{rule.ask}"'
        for action in rule.actions:
            yield f"    {describe(action)}"


def _key(name: str) -> str:
    """Name a value as the rules file does."""
    return "microphone" if name == "microphones" else name.removesuffix("_s")


def _origin(name: str, setup: Setup, file: Setup) -> str:
    if getattr(setup, name) != getattr(file, name):
        return "chosen in the menu"
    return "the default" if getattr(file, name) == getattr(Setup(), name) else "your file"


def _plain(name: str, value: object) -> str:
    if value is None or value == ():
        return "mix" if name == "channel" else "none"
    if isinstance(value, ConfirmWith):
        return f"{value.model}, which rests after {written(value.idle_s)} of quiet"
    if isinstance(value, Rate):
        return f"{value.count} in {written(value.within_s)}"
    if name.endswith("_s") and isinstance(value, float):
        return written(value)
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
