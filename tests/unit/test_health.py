"""What a person is told of the sound that comes in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from voicego.flow import AudioBlock, Notice, Samples, in_samples
from voicego.hearing.health import FLOOR_DB, Health


def hiss(length_s: float, level_db: float, seed: int = 1) -> Samples:
    sound = np.random.default_rng(seed).standard_normal(in_samples(length_s)) * 10 ** (level_db / 20)
    return sound.clip(-1, 1).astype(np.float32)


def still(length_s: float, level: float = 0.0) -> Samples:
    return np.full(in_samples(length_s), level, np.float32)


def told(health: Health, *sounds: Samples, block_s: float = 0.2) -> list[Notice]:
    sound = np.concatenate(sounds)
    edges = [*range(0, len(sound), in_samples(block_s)), len(sound)]
    blocks = (AudioBlock(sound[one:two], one) for one, two in pairwise(edges))
    return [notice for block in blocks for notice in health.hear(block)]


def kinds(notices: list[Notice]) -> list[tuple[str, bool]]:
    return [(notice.kind, notice.holds) for notice in notices]


@pytest.fixture(params=[0.02, 0.2, 1.0])
def block_s(request: pytest.FixtureRequest) -> float:
    return float(request.param)


# --- level -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0.0, 0.3])
def test_the_level_is_that_of_the_newest_block_whatever_its_offset(offset: float) -> None:
    health = Health()
    assert health.level_db is None

    told(health, hiss(0.2, -20), hiss(0.2, -46) + np.float32(offset))

    assert health.level_db == pytest.approx(-46, abs=0.5)


def test_silence_has_the_lowest_level_there_is() -> None:
    health = Health()

    told(health, still(0.2))
    assert health.level_db == FLOOR_DB
    health.hear(AudioBlock(np.zeros(0, np.float32), 3_200))

    assert health.level_db == FLOOR_DB


# --- silence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [0.0, 0.25, -1.0])
def test_ten_seconds_of_exact_silence_are_told_once_and_hold_until_sound_comes(level: float, block_s: float) -> None:
    health = Health()

    assert told(health, hiss(1, -50), still(9.9, level)[: in_samples(9)], block_s=block_s) == []
    begun = told(health, still(30, level), block_s=block_s)
    assert kinds(begun) == [("silence", True)]
    assert "muted" in begun[0].text
    assert health.holding == ("silence",)

    assert kinds(told(health, hiss(1, -60), block_s=block_s)) == [("silence", False)]
    assert not health.holding
    assert kinds(told(health, still(11, level), block_s=block_s)) == [("silence", True)]


def test_the_faintest_noise_of_16_bits_is_no_silence() -> None:
    step = np.zeros(in_samples(30), np.float32)
    step[:: in_samples(0.1)] = 1 / 32_768

    assert told(Health(), step) == []


def test_lost_sound_and_empty_blocks_are_no_silence() -> None:
    health = Health()
    leap = AudioBlock(still(5), 0), AudioBlock(np.zeros(0, np.float32), in_samples(65), in_samples(60))

    assert [health.hear(block) for block in leap] == [(), ()]


# --- clipping --------------------------------------------------------------------------------------------------------


def test_speech_that_clips_is_told_once_and_is_over_after_a_clean_minute(block_s: float) -> None:
    health, loud = Health(), hiss(20, 0)

    assert kinds(told(health, loud, block_s=block_s)) == [("clipping", True)]
    assert kinds(told(health, hiss(50, -20), block_s=block_s)) == []
    assert health.holding == ("clipping",)
    assert kinds(told(health, hiss(20, -20), block_s=block_s)) == [("clipping", False)]
    assert told(health, loud, block_s=block_s) == []
    assert not health.holding


def test_a_knock_and_loud_speech_do_not_clip() -> None:
    knock = np.concatenate([hiss(2, -50), np.ones(in_samples(0.02), np.float32), hiss(8, -50)])

    assert told(Health(), np.tile(knock, 5), hiss(60, -14)) == []


# --- hardly anything -------------------------------------------------------------------------------------------------


def test_a_minute_in_which_hardly_anything_comes_is_told_once_until_something_does(block_s: float) -> None:
    health = Health()

    begun = told(health, hiss(150, -88), block_s=block_s)
    assert kinds(begun) == [("faint", True)]
    assert "-8" in begun[0].text
    assert health.holding == ("faint",)
    assert kinds(told(health, hiss(1, -40), block_s=block_s)) == [("faint", False)]
    assert told(health, hiss(150, -88), block_s=block_s) == []


def test_a_quiet_room_is_not_faint_nor_is_one_word_in_an_hour_too_little() -> None:
    assert told(Health(), hiss(200, -70)) == []
    assert told(Health(), hiss(30, -90), hiss(0.3, -50), hiss(300, -90)) == []


def test_silence_is_not_faint_too() -> None:
    assert kinds(told(Health(), still(100))) == [("silence", True)]


def test_an_offset_does_not_make_a_level() -> None:
    assert kinds(told(Health(), hiss(70, -88) + np.float32(0.2))) == [("faint", True)]


# --- broken numbers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_harms_nothing(value: float) -> None:
    health, sound = Health(), hiss(0.2, -30)
    sound[::10] = value

    assert told(health, sound) == []
    assert health.level_db == pytest.approx(-30.5, abs=1)

    assert kinds(told(health, still(11), still(1, value))) == [("silence", True)]
