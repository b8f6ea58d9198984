"""`voicego do`: a rule's actions, carried out by the running daemon, or right here."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from voicego.acting.dispatcher import Dispatcher
from voicego.app import rules
from voicego.control.client import NotRunning, ask
from voicego.errors import VoicegoError
from voicego.listener import Deafness
from voicego.paths import paths

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LONGEST_S = 3600.0
"""Seconds that the daemon is given to carry out a rule's actions."""


def do(keyword: str, config: Path | None, *, dry_run: bool) -> Sequence[dict[str, Any]]:
    """Carry out a rule's actions and return how each ended.

    Raises:
        VoicegoError: there is no such rule, or the rules are broken.
    """
    places = paths(os.environ)
    if config is None and not dry_run:
        try:
            found: list[dict[str, Any]] = ask(places.socket, "do", timeout_s=LONGEST_S, keyword=keyword)["runs"]
        except NotRunning:
            pass
        else:
            return found
    setup = rules.read((config or places.rules).expanduser().absolute())
    rule = next((rule for rule in setup.rules if rule.keyword == keyword), None)
    if rule is None:
        there = ", ".join(rule.keyword for rule in setup.rules) or "none"
        raise VoicegoError(f'there is no rule for "{keyword}"; there are: {there}')
    dispatcher = Dispatcher(report=lambda _: None, ears=Deafness(), pause=_nothing_to_pause, dry_run=dry_run)
    return [asdict(run) for run in dispatcher.do(rule)]


def _nothing_to_pause(_for_s: float | None) -> None:
    raise VoicegoError("voicego is not running, there is nothing to pause")
