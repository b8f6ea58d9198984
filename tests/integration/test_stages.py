"""The cascade against the plain way, the same model without a gate: the same detections, but for what is stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from benchmarks.stages import Hearing, Said, said_alone, shipped

from tests.sounds import hiss
from tests.spoken import SURELY, files_saying, saying, spoken
from voicego.flow import SAMPLE_RATE, Samples, Scores, in_samples
from voicego.training.banks import extent
from voicego.training.clips import Clip

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def ear() -> Hearing:
    return shipped()


def clip(word: str, file: Path) -> Clip:
    return Clip(soundfile.read(file, dtype="int16")[0], word, "validation", "tests")


def recording(clips: list[Clip]) -> tuple[Samples, list[Said]]:
    tape, said = said_alone(clips)
    return tape + hiss(len(tape) / SAMPLE_RATE, -65.0)[: len(tape)], said


def without_edges(file: Path) -> Samples:
    first, last = extent(clip("", file).samples)
    return spoken(file, room_dbfs=None)[first:last]


def sorted_out(scores: list[Scores]) -> tuple[list[Scores], list[Scores]]:
    """Laid windows, and sliding ones."""
    return [one for one in scores if one.laid], [one for one in scores if not one.laid]


def test_words_said_alone_are_told_as_by_one_window_with_the_word_in_its_middle(ear: Hearing) -> None:
    tape, said = recording([clip(word, saying(word)) for word in SURELY])

    laid, _ = sorted_out(ear.cascade(tape))
    cascade, plain = ear.told(laid, ear.alone), ear.told(ear.centred(tape, said), ear.alone)

    assert [one.keyword for one in cascade] == [one.keyword for one in plain] == list(SURELY)
    assert len(laid) == len(SURELY)


def test_words_in_running_speech_are_told_as_by_windows_over_everything(ear: Hearing) -> None:
    files = [(word, file) for word in SURELY for file in files_saying(word) if "flite" not in file.name]
    tape, _ = recording([clip(*each) for each in files])  # flite's are near the thresholds, where 10 ms decide

    _, sliding = sorted_out(ear.cascade(tape))
    everywhere = ear.everywhere(tape)
    cascade, plain = ear.told(sliding, ear.running), ear.told(everywhere, ear.running)

    assert [one.keyword for one in cascade] == [one.keyword for one in plain]
    assert np.abs(np.array([one.at for one in cascade]) - [one.at for one in plain]).max() <= in_samples(0.2)
    assert len(sliding) < 0.8 * len(everywhere)


def test_a_word_inside_long_talk_is_told_without_a_gate_and_not_scored_with_one(ear: Hearing) -> None:
    talk, go = files_saying("There are many books about animals.")[0], saying("go")
    parts = [np.zeros(in_samples(0.8), np.float32), without_edges(talk), without_edges(go), without_edges(talk)]
    before, last = (sum(map(len, parts[:count])) for count in (2, 3))
    tape = np.concatenate([*parts, parts[0]])
    tape += hiss(len(tape) / SAMPLE_RATE, -65.0)[: len(tape)]
    word = Said(clip("go", go), before, before, last)

    laid, sliding = sorted_out(ear.cascade(tape))

    assert [one.keyword for one in ear.told(ear.centred(tape, [word]), ear.alone)] == ["go"]
    assert [one for one in laid if one.utterance.start < word.last and word.first < one.end] == []
    assert [one.keyword for one in ear.told(sliding, ear.running)] == ["go"]
