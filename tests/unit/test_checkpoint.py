"""A checkpoint's decision table is taken whole, or refused with a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from voicego.app.hearing import every_keyword
from voicego.errors import VoicegoError
from voicego.spotting.checkpoint import EMBEDDED, find
from voicego.spotting.decision import Row, Thresholds
from voicego.training.clips import KEYWORDS

if TYPE_CHECKING:
    from pathlib import Path

THREE = {"lower": 0.9, "normal": 0.7, "higher": 0.5}
GO = {"alone": THREE, "running": {"lower": 1, "normal": 0.9, "higher": 0}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint without a decision table."""
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "go", "1": "stop", "2": "_unknown_"}}))
    (tmp_path / "preprocessor_config.json").write_text("{}")
    (tmp_path / "model.safetensors").touch()
    return tmp_path


def test_a_table_gives_each_keyword_three_thresholds_alone_and_running(folder: Path) -> None:
    (folder / "decision.json").write_text(json.dumps({"keywords": {"go": GO}}))

    found = find(str(folder))

    assert found.table == {"go": Row(Thresholds(0.9, 0.7, 0.5), Thresholds(1, 0.9, 0))}
    assert found.keywords == ("go",)


def test_an_extra_word_may_be_named_by_a_rule_and_is_not_listened_for_otherwise(folder: Path) -> None:
    rows = {"go": GO, "stop": GO | {"extra": True}}
    (folder / "decision.json").write_text(json.dumps({"keywords": rows}))

    found = find(str(folder))

    assert found.keywords == ("go", "stop")
    assert found.usual == ("go",)
    assert [rule.keyword for rule in every_keyword(str(folder)).rules] == ["go"]


def test_without_a_table_every_label_that_is_a_word_is_a_keyword(folder: Path) -> None:
    found = find(str(folder))

    assert found.table == {}
    assert found.keywords == ("go", "stop")


def test_the_embedded_checkpoint_brings_a_table_for_each_of_its_ten_words() -> None:
    assert find(EMBEDDED).usual == KEYWORDS


NEEDS = (
    'needs for "go", both "alone" and "running", three numbers from 0 to 1: "lower", "normal" and "higher", none above'
)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({}, 'has no "keywords"'),
        ({"keywords": ["go"]}, 'has no "keywords"'),
        ({"keywords": {"goo": GO}}, 'names "goo", which is none of its labels'),
        ({"keywords": {"go": None}}, NEEDS),
        ({"keywords": {"go": {"alone": THREE}}}, NEEDS),
        ({"keywords": {"go": {"alone": 0.7, "running": 0.9}}}, NEEDS),
        ({"keywords": {"go": GO | {"alone": {"lower": 0.9, "normal": 0.7}}}}, NEEDS),
        ({"keywords": {"go": GO | {"alone": THREE | {"highest": 0.1}}}}, NEEDS),
        ({"keywords": {"go": GO | {"alone": THREE | {"normal": "0.7"}}}}, NEEDS),
        ({"keywords": {"go": GO | {"alone": THREE | {"normal": 0.95}}}}, NEEDS),
        ({"keywords": {"go": GO | {"running": THREE | {"higher": 0.8}}}}, NEEDS),
        ({"keywords": {"go": GO | {"running": THREE | {"lower": 1.5}}}}, NEEDS),
        ({"keywords": {"go": GO | {"running": THREE | {"higher": -0.1}}}}, NEEDS),
        ({"keywords": {"go": GO | {"running": THREE | {"higher": float("nan")}}}}, NEEDS),
    ],
)
def test_a_damaged_table_is_refused_with_what_it_needs(folder: Path, table: object, says: str) -> None:
    path = folder / "decision.json"
    path.write_text(json.dumps(table))

    with pytest.raises(VoicegoError) as caught:
        find(str(folder))

    assert str(caught.value).startswith(f"the model {folder} is damaged: {path} {says}")
