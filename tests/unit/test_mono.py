"""Any rate and any channels become 16 kHz mono, the same however the stream is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, Samples
from voicego.hearing.mono import Mono

if TYPE_CHECKING:
    from voicego.hearing.ring import Frames


def tone(rate: int, hertz: float, length_s: float = 1.0) -> Samples:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * length_s)) / rate)).astype(np.float32)


def whole(mono: Mono, frames: Frames) -> Samples:
    return np.concatenate([mono.feed(frames), mono.end()])


@pytest.mark.parametrize("prompt", [True, False])
@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000])
def test_a_tone_keeps_its_pitch_level_and_length(rate: int, *, prompt: bool) -> None:
    heard = whole(Mono(rate, prompt=prompt), tone(rate, 1_000))

    assert abs(len(heard) - SAMPLE_RATE) <= 1
    spectrum = np.abs(np.fft.rfft(heard[1_000:9_000] * np.hanning(8_000)))
    assert np.argmax(spectrum) * SAMPLE_RATE / 8_000 == pytest.approx(1_000, abs=2)
    assert np.abs(heard[1_000:-1_000]).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("prompt", [True, False])
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_what_16_khz_cannot_hold_does_not_fold_back(rate: int, *, prompt: bool) -> None:
    heard = whole(Mono(rate, prompt=prompt), tone(rate, 11_000))

    assert np.abs(heard[1_000:-1_000]).max() < 1e-4


@pytest.mark.parametrize("rate", [32_000, 48_000, 96_000])
def test_what_speech_has_passes_whole_and_what_would_fold_into_it_does_not(rate: int) -> None:
    highest, folding = (whole(Mono(rate), tone(rate, hertz))[1_000:-1_000] for hertz in (7_000, 9_000))

    assert np.sqrt(np.mean(highest**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.005)
    assert np.abs(folding).max() < 0.5e-4


@pytest.mark.parametrize("rate", [32_000, 48_000])
def test_the_cheap_way_gives_what_the_other_one_gives(rate: int) -> None:
    slow = np.cumsum(np.random.default_rng(2).normal(0, 0.01, rate)).astype(np.float32)
    sound = 0.3 * (slow - slow.mean()) / np.abs(slow).max()

    cheap, dear = (whole(Mono(rate, prompt=prompt), sound) for prompt in (True, False))

    assert np.abs(cheap - dear)[100:-100].max() < 0.002


@pytest.mark.parametrize(
    ("rate", "longest_s"), [(16_000, 0.0), (44_100, 0.016), (48_000, 0.016), (96_000, 0.016), (8_000, 0.032)]
)
def test_only_a_moment_is_held_back(rate: int, longest_s: float) -> None:
    mono, fed, heard, longest = Mono(rate), 0, 0, 0.0
    for _ in range(200):
        heard += len(mono.feed(np.zeros(rate // 100, dtype=np.float32)))
        fed += rate // 100
        longest = max(longest, fed / rate - heard / SAMPLE_RATE)

    assert longest <= longest_s


@pytest.mark.parametrize("prompt", [True, False])
@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_a_click_stays_where_it_was(rate: int, *, prompt: bool) -> None:
    click = np.zeros(rate, dtype=np.float32)
    click[rate // 2] = 1

    assert np.argmax(np.abs(whole(Mono(rate, prompt=prompt), click))) == pytest.approx(SAMPLE_RATE // 2, abs=2)


@given(
    rate=st.sampled_from([16_000, 22_050, 32_000, 44_100, 48_000, 96_000]),
    cuts=st.lists(st.integers(0, 3_000), min_size=1, max_size=8),
    channels=st.sampled_from([1, 2, 3]),
    prompt=st.booleans(),
)
def test_the_cut_into_blocks_changes_nothing(rate: int, cuts: list[int], channels: int, *, prompt: bool) -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, (sum(cuts), channels)).astype(np.float32)
    mono, parts, at = Mono(rate, prompt=prompt), [], 0
    for n in cuts:
        parts.append(mono.feed(sound[at : at + n]))
        at += n
    parts.append(mono.end())

    np.testing.assert_array_equal(np.concatenate(parts), whole(Mono(rate, prompt=prompt), sound))


def test_after_the_end_a_new_stream_begins() -> None:
    mono = Mono(48_000)
    whole(mono, tone(48_000, 300))

    np.testing.assert_array_equal(whole(mono, tone(48_000, 1_000)), whole(Mono(48_000), tone(48_000, 1_000)))


def test_channels_are_mixed_or_picked() -> None:
    left, right = tone(16_000, 440), np.zeros(16_000, dtype=np.float32)
    frames = np.stack([left, right], axis=1)

    np.testing.assert_allclose(Mono(16_000).feed(frames), left / 2)
    np.testing.assert_array_equal(Mono(16_000, channel=1).feed(frames), left)
    np.testing.assert_array_equal(Mono(16_000, channel=2).feed(frames), right)


def test_what_is_no_number_becomes_silence_and_is_counted() -> None:
    mono = Mono(16_000)
    frames = np.array([[0.5, np.nan], [np.inf, -np.inf], [0.5, 0.5]], dtype=np.float32)

    np.testing.assert_array_equal(mono.feed(frames), np.array([0.25, 0, 0.5], dtype=np.float32))
    assert mono.broken == 3


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_nothing_leaves_full_scale(rate: int) -> None:
    wild = np.random.default_rng(1).normal(0, 1e30, 48_000).astype(np.float32)

    heard = whole(Mono(rate), wild)

    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 1


def test_the_callers_block_is_not_touched_and_not_kept() -> None:
    block = np.array([0.5, np.nan, 3], dtype=np.float32)
    heard = Mono(16_000).feed(block)
    before = heard.copy()
    block[0] = -1

    np.testing.assert_array_equal(heard, before)
    assert np.isnan(block[1])


@pytest.mark.parametrize("rate", [0, 1, 3_999, 1_000_000, 2**31])
def test_a_rate_that_no_sound_has_is_refused(rate: int) -> None:
    with pytest.raises(VoicegoError, match="only from 4000 to 768000 Hz"):
        Mono(rate)
