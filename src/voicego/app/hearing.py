"""How listening is put together from a setup: model, decisions, source. The same for the daemon and for files."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from voicego.confirming.judge import Promptly
from voicego.errors import VoicegoError
from voicego.flow import Engine, Rule, Setup
from voicego.spotting.checkpoint import find
from voicego.spotting.decision import Decision, Row, confirmed_by, decide_by, heard_for
from voicego.spotting.engines import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from voicego.flow import Detection
    from voicego.hearing.recording import Pace, Recording
    from voicego.seams import Classifier, Confirmer, Source
    from voicego.spotting.checkpoint import Checkpoint


@lru_cache(maxsize=4)
def checkpoint_of(model: str) -> Checkpoint:
    """Find a checkpoint, once."""
    return find(model)


def classifier_for(setup: Setup) -> Classifier:
    """Load the model that a setup names; takes seconds with torch."""
    checkpoint_of.cache_clear()
    return load(checkpoint_of(setup.model), setup.threads, setup.engine)


def decisions_for(setup: Setup) -> tuple[Decision, ...]:
    """Resolve what it takes to detect each keyword of the active rules, and each word that answers one of them."""
    table, sensitivity = checkpoint_of(setup.model).table, setup.sensitivity
    active = [(rule, decide_by(rule, table, sensitivity)) for rule in heard_for(setup.rules)]
    big = setup.confirm_with
    if big is None:
        return tuple(decision for _, decision in active)
    big_table = _table_of_big(big.model)
    return tuple(confirmed_by(big, rule, decision, big_table, sensitivity) for rule, decision in active)


def confirmer_for(setup: Setup, source: Source, offer: Callable[[Detection], None]) -> Confirmer | None:
    """Make what has the last word on a source's candidates while their reader waits; None: nobody has."""
    big = setup.confirm_with
    if big is None:
        return None
    load_big = partial(_big_model, big.model, setup.threads, setup.engine)
    if source.live:
        load_big()  # now, for sound does not wait
    return Promptly(load_big, offer)


@lru_cache(maxsize=1)
def _big_model(model: str, threads: int, engine: Engine) -> Classifier:
    return load(find(model), threads, engine)


def _table_of_big(model: str) -> Mapping[str, Row]:
    try:
        return checkpoint_of(model).table
    except VoicegoError:  # it has gone since the rules were read, which is told where it is loaded
        return {}


def every_keyword(model: str) -> Setup:
    """Make a setup that listens for every usual keyword of a model, with the numbers that ship with it, to no end."""
    return Setup(rules=tuple(Rule(word, ()) for word in checkpoint_of(model).usual), model=model)


def microphone_for(setup: Setup) -> Source:
    """Choose the microphone of a setup."""
    from voicego.hearing.microphone import Microphone  # noqa: PLC0415 -- PortAudio is looked for when it is needed

    return Microphone(setup.microphones, setup.channel)


def recording_for(path: str | Path, setup: Setup, pace: Pace = "fast") -> Recording:
    """Take a file in the place of the microphone."""
    from voicego.hearing.recording import Recording  # noqa: PLC0415

    return Recording(path, pace=pace, channel=setup.channel)
