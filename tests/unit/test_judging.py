"""Judging a checkpoint by the program itself: words said alone, talk, thresholds that are chosen, the report."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

import voicego.spotting
from tests.sounds import hiss
from tests.spoken import saying, spoken
from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, Samples
from voicego.spotting.checkpoint import find
from voicego.spotting.frames import Stacked
from voicego.spotting.torch_engine import load
from voicego.training import thresholds
from voicego.training.clips import KEYWORDS, Clip, which_split
from voicego.training.examine import Examination, examine
from voicego.training.judging import GRID, Hours, Judge, Told, Word, halves, is_chooser

LABELS = (*KEYWORDS, "_silence_", "_unknown_")


@dataclass
class Loudness:
    """A classifier that takes every loud window for "go", the surer the louder, and hears "stop" when it is faint."""

    labels: tuple[str, ...] = LABELS
    window: int = SAMPLE_RATE
    engine: str = "a stand-in"
    file: str = ""

    def follow(self) -> Stacked:
        return Stacked(self.score)

    def score(self, windows: Samples) -> Samples:
        sure = np.clip(np.sqrt(np.mean(windows**2, axis=1)) * 10, 0.05, 0.9)
        odds = np.full((len(windows), len(LABELS)), 0.0, np.float32)
        odds[:, LABELS.index("go")] = sure
        odds[:, LABELS.index("stop")] = 1 - sure
        return odds


def clip(level: float, word: str = "go", seconds: float = 0.4, **more: str) -> Clip:
    """A burst in the middle of a second of faint hiss."""
    sound = hiss(1.0, -85.0, seed=1).copy()
    middle, half = SAMPLE_RATE // 2, int(seconds * SAMPLE_RATE) // 2
    rng = np.random.default_rng(2)
    sound[middle - half : middle + half] += rng.standard_normal(2 * half).astype(np.float32) * np.float32(level)
    return Clip((sound.clip(-1, 1) * 32767).astype(np.int16), word, "validation", more.pop("source", "folder"), **more)


def test_each_word_gets_the_highest_threshold_at_which_it_is_heard() -> None:
    words = Judge(Loudness()).words_said_alone([clip(0.12), clip(0.05), clip(0.02)])
    loud, soft, faint = (word.score() for word in words)

    assert 0.6 < loud < 0.9
    assert faint == 0.0, "stop was heard instead, which does not count"
    assert loud > soft or soft == 0.0
    assert all(word.falls_quiet for word in words)
    assert all(0.65 < (word.word_end / SAMPLE_RATE - 1.2) % 2.2 < 0.75 for word in words)


def test_what_was_said_is_no_error_and_sources_stay_apart() -> None:
    talk = [
        clip(0.12, "", source="reader", transcript="she went home"),
        clip(0.12, "", source="reader", transcript="please GO home"),
        clip(0.12, "", source="caller"),
    ]
    reader, caller = Judge(Loudness()).hours_of_talk(talk)

    assert [reader.source, caller.source] == ["reader", "caller"]
    assert (reader.hours, caller.hours) == pytest.approx((2.6 / 3600, 1.3 / 3600))
    assert [one.keyword for one in reader.told] == ["go"]
    assert set(reader.running) == set(GRID)


def test_running_speech_needs_the_threshold_for_a_while() -> None:
    heard = Judge(Loudness()).words_in_running_speech([clip(0.15, seconds=0.9), clip(0.02)])

    assert heard[0.5] == 0.5
    assert heard[0.99] == 0.0
    assert list(heard.values()) == sorted(heard.values(), reverse=True)


def test_speakers_and_talk_are_halved() -> None:
    chosen = [is_chooser(f"speaker{number}") for number in range(200)]
    first, second = halves([clip(0.1, "", source=source) for source in "aabbbb"])

    assert 60 < sum(chosen) < 140
    assert [one.source for one in first] == ["a", "b", "b"]
    assert len(first) == len(second)


def said(*scores: float) -> list[Word]:
    return [Word("go", "s", (Told("go", score, 0),), 0, falls_quiet=True) for score in scores]


def test_a_curve_counts_what_each_threshold_misses_and_lets_through() -> None:
    talk = [Hours("reader", 0.5, [Told("go", 0.6, 0), Told("go", 0.4, 9), Told("no", 0.9, 9)])]
    points = {point.threshold: point for point in thresholds.curve("go", said(0.9, 0.55, 0.35), talk)}

    assert (points[0.5].missed, points[0.5].an_hour) == pytest.approx((1 / 3, 2.0))
    assert (points[0.3].missed, points[0.3].an_hour) == (0.0, 4.0)
    assert (points[0.61].missed, points[0.61].an_hour) == pytest.approx((2 / 3, 0.0))


def test_lower_sensitivity_is_never_less_strict_and_a_dear_false_accept_is_kept_out() -> None:
    rng = np.random.default_rng(0)
    words = said(*rng.uniform(0.3, 1, 100).tolist())
    talk = [Hours("reader", 1.0, [Told("go", float(score), 0) for score in rng.uniform(0.3, 0.8, 12)])]
    table = thresholds.choose(KEYWORDS, words, talk, {step: 1.0 - step / 2 for step in GRID})
    go = table["go"]["alone"]

    assert go["lower"] >= go["normal"] >= go["higher"]
    assert go["lower"] > 0.7
    assert go["higher"] < 0.5
    assert set(table) == set(KEYWORDS)


def test_a_threshold_is_not_laid_right_below_the_least_score() -> None:
    """Nothing false was told; other speakers may be a little less sure than these, and something false may yet come."""
    words, talk = said(*[0.93, 0.95, 0.97] * 20), [Hours("reader", 1.0)]
    chosen = thresholds.choose(["go"], words, talk, {0.9: 1.0})["go"]["alone"]

    assert thresholds.cheapest(thresholds.curve("go", words, talk), 0.03) == 0.93
    assert 0.3 < chosen["higher"] < chosen["normal"] < chosen["lower"] < 0.9


def test_what_costs_the_same_is_decided_by_the_higher_threshold() -> None:
    assert thresholds.cheapest(thresholds.curve("go", said(0.8), [Hours("reader", 1.0)]), 0.1) == 0.8


def test_the_embedded_model_is_examined_into_a_report_and_a_table(tmp_path: Path) -> None:
    data, model = tmp_path / "data", tmp_path / "model"
    shutil.copytree(Path(voicego.spotting.__file__).parent / "embedded", model)
    speakers = [name for name in map("p{}_nohash_0.wav".format, range(60)) if which_split(name) == "validation"]
    for word in (*KEYWORDS, "cat"):
        (data / word).mkdir(parents=True)
        for name in speakers[:2]:
            soundfile.write(data / word / name, spoken(saying(word) if word in KEYWORDS else word), SAMPLE_RATE)
    found = examine(Examination(str(model), (data,), tmp_path / "report", choose=True))
    page = (tmp_path / "report" / "report.html").read_text(encoding="utf-8")

    assert found["words"]["normal"]["together"]["of"] == 20
    assert found["words"]["normal"]["together"]["share"] < 0.5
    assert json.loads((tmp_path / "report" / "report.json").read_text())["thresholds"] == found["thresholds"]
    assert set(find(str(model)).keywords) == {*KEYWORDS, "cat"}, "words without a recording cannot be judged"
    assert find(str(model)).usual == KEYWORDS
    written = json.loads((model / "decision.json").read_text())["keywords"]
    assert {word: {"alone": row["alone"], "running": row["running"]} for word, row in written.items()} == found[
        "thresholds"
    ]
    assert page.count("<svg") == 2  # there is no list of clips to score
    assert "src=" not in page
    assert load(find(str(model))).labels


def test_a_model_that_is_not_there_is_named_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(VoicegoError, match="nowhere"):
        examine(Examination(str(tmp_path / "nowhere"), (tmp_path,), tmp_path / "report"))
