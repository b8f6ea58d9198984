"""What the ear's process makes of the sound of a microphone."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.sounds import hiss
from tests.stand_ins import HandSource
from voicego.app.ear import measuring
from voicego.app.ear.measuring import level, measures
from voicego.app.ear.words import Metered, Told, decision_for, setup_for
from voicego.errors import VoicegoError
from voicego.flow import Samples, Scores, Utterance, in_samples

if TYPE_CHECKING:
    from pathlib import Path


def heard(*parts: Samples) -> HandSource:
    source = HandSource()
    for part in parts:
        source.hear(part)
    source.end()
    source.open()
    return source


def silence(seconds: float, at: float = 0.0) -> Samples:
    return np.full(in_samples(seconds), at, np.float32)


# --- half a second ---------------------------------------------------------------------------------------------------


def test_half_a_second_is_taken_from_where_sound_begins() -> None:
    sound, still_s = measuring._some_sound(heard(silence(0.4), silence(0.2), hiss(0.9, -40)))

    assert len(sound) == in_samples(0.5)
    assert still_s == pytest.approx(0.6, abs=0.001)
    assert level(sound) == pytest.approx(-40, abs=0.5)


@pytest.mark.parametrize("at", [0.0, 0.25])
def test_exact_silence_at_any_level_is_sat_through_for_three_seconds(at: float) -> None:
    sound, still_s = measuring._some_sound(heard(*[silence(0.5, at)] * 8))

    assert len(sound) == 0
    assert 3.0 <= still_s < 3.6


def test_a_source_that_ends_before_is_told() -> None:
    with pytest.raises(VoicegoError, match="closed before"):
        measuring._some_sound(heard(hiss(0.2, -40)))


def test_level_peak_and_clipping_are_measured_about_the_mean() -> None:
    sound = np.tile(np.array([0.5, 0.7], np.float32), 4_000)
    sound[:800] = 1.0

    found = measures(sound, 0.0)

    assert level(np.tile(np.array([0.5, 0.7], np.float32), 4_000)) == pytest.approx(-20, abs=0.1)
    assert (found["seconds"], found["peak_db"]) == (0.5, 0.0)
    assert found["clipped"] == pytest.approx(0.1)


# --- a word ----------------------------------------------------------------------------------------------------------


def test_a_metered_source_gives_every_block_and_twelve_levels_a_second() -> None:
    source = Metered(heard(*[hiss(0.1, -40, seed) for seed in range(10)]))
    levels = []
    with closing(source.blocks()) as blocks:  # type: ignore[type-var]  # a generator
        for _ in blocks:
            levels += [said["level_db"] for said in source.levels()]

    assert source.heard == in_samples(1.0)
    assert len(levels) == 10
    assert levels == pytest.approx([-40] * 10, abs=1)


def test_the_word_is_that_of_the_starter_rules_or_the_first_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "voicego.yaml"

    file.write_text("rules: {up: {open: browser, isolated: false}, stop: {open: browser}}")
    own = setup_for(str(file))
    file.write_text("rules: {up: {open: browser, enabled: false}}")
    none = setup_for(str(file))

    assert decision_for(setup_for(None), "").keyword == "go"
    assert (decision_for(own, "").keyword, decision_for(own, "stop").keyword) == ("up", "stop")
    assert decision_for(own, "").isolated, "it is asked for alone"
    assert decision_for(none, "").keyword == "go"


def scores(start_s: float, length_s: float, *, laid: bool, **probabilities: float) -> Scores:
    start = in_samples(start_s)
    utterance = Utterance(start, start + in_samples(length_s), start + in_samples(length_s) if laid else None)
    labels = (*probabilities, "_unknown_")
    rest = 1 - sum(probabilities.values())
    return Scores(labels, np.array([*probabilities.values(), rest], np.float32), start, start + 16_000, utterance, laid)


def test_what_is_heard_is_told_once_warm_up_is_over() -> None:
    told = Told(decision_for(setup_for(None), ""), counts_from=in_samples(1.0))

    told.scores(scores(0.5, 0.5, laid=True, go=0.9, no=0.1))
    told.scores(scores(2.0, 0.5, laid=True, go=0.1, no=0.8))
    told.scores(scores(4.0, 0.5, laid=True, go=0.1, no=0.1))
    told.scores(scores(5.0, 0.5, laid=False, go=0.9, no=0.1))

    sounded = list(told.take())
    assert [(one["sounded"], round(one["of_word"], 2)) for one in sounded] == [("no", 0.1), ("", 0.1)]
    assert list(told.take()) == []


def test_long_talk_is_told_once() -> None:
    told = Told(decision_for(setup_for(None), ""))

    for length_s in (1.5, 1.7, 2.0):
        told.scores(scores(1.0, length_s, laid=False, go=0.1))

    assert list(told.take()) == [{"long": True}]
