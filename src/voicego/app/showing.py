"""`voicego config show`: every value in use, and where it comes from."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from voicego.acting.describe import describe
from voicego.app import hearing, rules
from voicego.config.durations import written
from voicego.flow import ConfirmWith, Rate, Setup

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def lines(path: Path) -> Iterator[str]:
    """Describe a rules file as voicego understands it.

    Raises:
        RulesError: it is broken.
    """
    setup = rules.read(path)
    yield str(path)
    plain = Setup()
    for one in fields(Setup):
        if one.name != "rules":
            value = getattr(setup, one.name)
            origin = "the default" if value == getattr(plain, one.name) else "your file"
            yield f"  {one.name}: {_plain(one.name, value)}  ({origin})"
    decisions = {decision.keyword: decision for decision in hearing.decisions_for(setup)}
    for rule in setup.rules:
        decision = decisions.get(rule.keyword) if rule.enabled else None
        if decision is None:
            yield f"  {rule.keyword}: switched off"
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


def _plain(name: str, value: object) -> str:
    if value is None or value == ():
        return "mix" if name == "channel" else "none"
    if isinstance(value, ConfirmWith):
        return f"{value.model}, which rests after {written(value.idle_s)} of quiet"
    if isinstance(value, Rate):
        return f"{value.count} in {written(value.within_s)}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
