"""The gate finds what lies between quiet and quiet, in any room."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sounds import burst, hiss, placed, silence
from voicego.flow import Samples, Utterance, in_samples, seconds
from voicego.hearing.gate import Gate, GateSettings


def utterances(sound: Samples, block: int = 1600, options: GateSettings | None = None) -> list[Utterance]:
    gate = Gate(options or GateSettings())
    found = [
        utterance
        for at in range(0, len(sound), block)
        for utterance in gate.hear(sound[at : at + block])
        if utterance.end is not None
    ]
    return [*found, *gate.finish(len(sound))]


@pytest.mark.parametrize("room_dbfs", [-90.0, -60.0, -45.0])
def test_a_word_in_a_room_is_one_utterance_at_its_place(room_dbfs: float) -> None:
    sound = placed(0.5, hiss(4.0, room_dbfs), word=2.0)

    [word] = [one for one in utterances(sound) if one.start > in_samples(1.5)]

    assert seconds(word.start) == pytest.approx(2.0, abs=0.06)
    assert word.end is not None
    assert seconds(word.end) == pytest.approx(2.5, abs=0.08)
    assert not word.cut


def test_digital_silence_and_a_quiet_room_never_open_it() -> None:
    assert utterances(silence(3.0)) == []
    assert utterances(hiss(10.0, -60.0)) == []


def test_steady_noise_holds_it_open_for_its_memory_only() -> None:
    sound = np.concatenate([silence(1.0), hiss(5.0, -30.0)])

    found = utterances(sound)

    assert len(found) == 1
    assert found[0].length < in_samples(GateSettings().memory_s + 0.3)


def test_a_click_is_no_word() -> None:
    sound = hiss(2.0, -70.0)
    sound[16_000:16_032] += np.float32(0.5)

    assert [one for one in utterances(sound) if one.length > in_samples(0.1)] == []


def test_two_words_close_together_are_one_utterance_and_far_apart_are_two() -> None:
    close = placed(0.3, hiss(3.0, -75.0), one=1.0, two=1.4)
    apart = placed(0.3, hiss(3.0, -75.0), one=1.0, two=1.9)

    assert len(utterances(close)) == 1
    assert len(utterances(apart)) == 2


def test_quiet_before_counts_from_the_word_before_and_the_edge_is_endless_quiet() -> None:
    first, second = utterances(placed(0.3, hiss(3.0, -75.0), one=1.0, two=2.0))

    assert first.quiet_before > in_samples(60)
    assert seconds(second.quiet_before) == pytest.approx(0.7, abs=0.1)


def test_after_a_gap_quiet_counts_from_there() -> None:
    gate = Gate(GateSettings())
    gate.hear(hiss(2.0, -75.0))

    gate.reset(40_000, quiet_before=False)
    [word] = gate.hear(np.concatenate([hiss(0.1, -75.0), burst(0.5)]))

    assert word.quiet_before < in_samples(0.2)


def test_speech_that_never_ends_is_cut_and_counted() -> None:
    options = GateSettings(longest_s=2.0, closes_part=0.0)
    rng = np.random.default_rng(3)
    syllables = [part for _ in range(14) for part in (burst(0.2, dbfs=rng.uniform(-25, -15)), hiss(0.1, -75.0))]
    gate = Gate(options)

    found = [one for one in gate.hear(np.concatenate([silence(1.0), *syllables])) if one.end is not None]

    assert found[0].cut
    assert gate.cuts == len([one for one in found if one.cut])


def test_a_word_that_ends_with_the_recording_is_found() -> None:
    sound = np.concatenate([hiss(1.0, -70.0), burst(0.4)])

    [word] = utterances(sound)

    assert word.end is not None
    assert word.end <= len(sound)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 5000), min_size=1, max_size=30))
def test_how_sound_is_cut_into_blocks_changes_nothing(cuts: list[int]) -> None:
    sound = placed(0.4, hiss(3.0, -65.0, seed=4), one=0.7, two=1.9)
    whole = utterances(sound, block=len(sound))
    gate = Gate(GateSettings())
    found: list[Utterance] = []
    at = turn = 0
    while at < len(sound):
        step = cuts[turn % len(cuts)] if turn < 200 else len(sound)
        found += [one for one in gate.hear(sound[at : at + step]) if one.end is not None]
        at, turn = at + step, turn + 1

    assert [*found, *gate.finish(len(sound))] == whole
