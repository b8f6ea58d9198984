"""The embedded checkpoint behind the daemon's own gate and thresholds hears the voices that tests speak with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.heard import heard_in
from tests.spoken import OTHERS, SURELY, all_said, files_saying, saying, spoken
from voicego.app import hearing

if TYPE_CHECKING:
    from pathlib import Path

    from voicego.flow import Detection
    from voicego.seams import Classifier

ALIKE = frozenset({"snow", "gold", "goat", "note", "coat"})
"""They hold a keyword, or nearly so; the model card tells how often they are mistaken."""


@pytest.fixture(scope="module")
def model() -> Classifier:
    return hearing.classifier_for(hearing.every_keyword("embedded"))


def heard_from(file: Path, model: Classifier) -> list[Detection]:
    return heard_in([spoken(0.8, file, 1.2)], model)


def test_the_voices_that_other_tests_rely_on_are_heard_with_room_to_spare(model: Classifier) -> None:
    heard = {word: [(one.keyword, one.score >= 0.8) for one in heard_from(saying(word), model)] for word in SURELY}

    assert heard == {word: [(word, True)] for word in SURELY}


def test_nine_of_ten_keywords_are_heard_in_any_voice(model: Classifier) -> None:
    files = [(word, file) for word in SURELY for file in files_saying(word)]
    wrong = [file.name for word, file in files if [one.keyword for one in heard_from(file, model)] not in ([word], [])]
    missed = [file.name for _, file in files if not heard_from(file, model)]

    assert len(files) >= 40
    assert wrong == []
    assert len(missed) <= len(files) // 10, missed


def test_other_words_and_sentences_are_no_keywords(model: Classifier) -> None:
    others = [said for said in all_said() if said not in SURELY and said not in ALIKE]
    heard = {
        file.name: [one.keyword for one in found]
        for said in others
        for file in files_saying(said)
        if (found := heard_from(file, model))
    }

    assert set(OTHERS) < set(others)
    assert heard == {}
