"""How listening is put together from a setup: model, decisions, source. The same for the daemon and for files."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from voicego.flow import Rule, Setup
from voicego.spotting.checkpoint import find
from voicego.spotting.decision import Decision, decide_by
from voicego.spotting.engines import load

if TYPE_CHECKING:
    from pathlib import Path

    from voicego.hearing.recording import Pace
    from voicego.seams import Classifier, Source
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
    """Resolve what it takes to detect each keyword of the active rules."""
    table = checkpoint_of(setup.model).table
    return tuple(decide_by(rule, table, setup.sensitivity) for rule in setup.rules if rule.enabled)


def every_keyword(model: str) -> Setup:
    """Make a setup that listens for every keyword of a model, with the numbers that ship with it, and does nothing."""
    return Setup(rules=tuple(Rule(word, ()) for word in checkpoint_of(model).keywords), model=model)


def microphone_for(setup: Setup) -> Source:
    """Choose the microphone of a setup."""
    from voicego.hearing.microphone import Microphone  # noqa: PLC0415 -- PortAudio is looked for when it is needed

    return Microphone(setup.microphones, setup.channel)


def recording_for(path: str | Path, setup: Setup, pace: Pace = "fast") -> Source:
    """Take a file in the place of the microphone."""
    from voicego.hearing.recording import Recording  # noqa: PLC0415

    return Recording(path, pace=pace, channel=setup.channel)
