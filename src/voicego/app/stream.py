"""One stream of sound, heard as the daemon hears it: what is found in it, as it is found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicego.app import hearing
from voicego.errors import VoicegoError
from voicego.flow import in_samples, seconds
from voicego.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicego.flow import Detection, Scores, Setup
    from voicego.seams import Classifier, Source

PASSED_S = 30.0
"""Seconds of sound from one `Passed` to the next."""


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
class Passed:
    """How far hearing has come in a file; said every half minute of sound, and at its end."""

    file: str
    heard_s: float
    """Seconds of sound since the last one."""
    part: float
    """Of the whole file, from 0 to 1; 0 where its length is unknown."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that could not be used, or not to its end."""

    file: str
    why: str


Found = Spotted | Looked


def heard_in(file: str, source: Source, classifier: Classifier, setup: Setup, *, every_window: bool) -> Iterator[Found]:
    """Open a source, yield what is found in it, as it is found, and close it.

    Raises:
        VoicegoError: it cannot be opened, or was lost.
    """
    for one in _steps(file, source, classifier, setup, every_window=every_window):
        if not isinstance(one, int):
            yield one


def heard_in_file(
    classifier: Classifier, setup: Setup, file: str, *, every_window: bool
) -> Iterator[Found | Passed | Failed]:
    """Yield what is found in a recording, and how far hearing has come; what is wrong with it is yielded, too."""
    recording = hearing.recording_for(file, setup)
    told = heard = 0
    try:
        for one in _steps(file, recording, classifier, setup, every_window=every_window):
            if not isinstance(one, int):
                yield one
            elif (heard := one) - told >= in_samples(PASSED_S):
                yield Passed(file, seconds(heard - told), recording.part)
                told = heard
        yield Passed(file, seconds(heard - told), 1.0)
    except VoicegoError as error:
        yield Failed(file, str(error))


def _steps(
    file: str, source: Source, classifier: Classifier, setup: Setup, *, every_window: bool
) -> Iterator[Found | int]:
    """Listen step by step: yield what came up in each, then the samples that have been heard."""
    found: list[Found] = []

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
            yield listener.counters.heard
    finally:
        source.close()


def _looked(file: str, scores: Scores) -> Looked:
    named = {label: round(float(p), 4) for label, p in zip(scores.labels, scores.probabilities, strict=True)}
    return Looked(file, round(seconds(scores.start), 3), round(seconds(scores.end), 3), scores.laid, named)
