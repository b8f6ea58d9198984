"""`voicego spot`: the daemon's gate, windows and detector over files, or over what the microphone hears now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voicego.app import hearing, rules
from voicego.errors import VoicegoError
from voicego.flow import Setup, seconds
from voicego.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from voicego.flow import Detection, Scores
    from voicego.seams import Classifier, Source


@dataclass(frozen=True, slots=True)
class Spotted:
    """A detection."""

    file: str
    keyword: str
    score: float
    at_s: float
    """End of the word, in seconds from the start of the file."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One window as the daemon sees it."""

    file: str
    start_s: float
    end_s: float
    laid: bool
    """It lies over an ended utterance, and decides on a word said alone."""
    scores: dict[str, float]


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that could not be used, or not to its end."""

    file: str
    why: str


def setup_for(config: Path | None, model: str | None) -> Setup:
    """Take a rules file's setup; without one, every keyword of the model with the numbers that ship with it.

    Raises:
        VoicegoError: the rules are broken, or there is no such model.
    """
    if config is None:
        return hearing.every_keyword(model or Setup().model)
    setup = rules.read(config.expanduser().absolute())
    return replace(setup, model=model) if model else setup


def spot(
    files: Sequence[str], setup: Setup, device: str | None, *, every_window: bool
) -> Iterator[Spotted | Looked | Failed]:
    """Yield what is detected, as it is detected; with `every_window` also each window before what it decides.

    Without files the microphone is heard until the caller closes this generator.
    """
    classifier = hearing.classifier_for(setup)
    if not files:
        microphone = hearing.microphone_for(replace(setup, microphones=(device,)) if device else setup)
        yield from _heard("microphone", microphone, classifier, setup, every_window=every_window)
    for file in files:
        try:
            recording = hearing.recording_for(file, setup)
            yield from _heard(file, recording, classifier, setup, every_window=every_window)
        except VoicegoError as error:
            yield Failed(file, str(error))


def _heard(
    file: str, source: Source, classifier: Classifier, setup: Setup, *, every_window: bool
) -> Iterator[Spotted | Looked]:
    """Listen step by step and yield what came up in each."""
    found: list[Spotted | Looked] = []

    def offer(one: Detection) -> None:
        found.append(Spotted(file, one.keyword, one.score, round(seconds(one.at), 3)))

    def look_on(scores: Scores) -> None:
        found.append(_looked(file, scores))

    confirmer = hearing.confirmer_for(setup, source, offer)
    source.open()
    try:
        decisions = hearing.decisions_for(setup)
        watch = look_on if every_window else None
        listener = Listener(source, classifier, setup, decisions, offer, look_on=watch, confirmer=confirmer)
        for _ in listener.steps():
            yield from found
            found.clear()
    finally:
        source.close()


def _looked(file: str, scores: Scores) -> Looked:
    named = {label: round(float(p), 4) for label, p in zip(scores.labels, scores.probabilities, strict=True)}
    return Looked(file, round(seconds(scores.start), 3), round(seconds(scores.end), 3), scores.laid, named)
