"""Windows slide while somebody speaks and lie over a word that ended."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sounds import hiss, placed
from voicego.flow import AudioBlock, Samples, Utterance, Window, in_samples, seconds
from voicego.hearing.gate import Gate, GateSettings
from voicego.hearing.rise import FRAME
from voicego.hearing.windows import LINGER_S, Windows, laid_end

WINDOW = 16_000


def cut(sound: Samples, block: int = 1600, *, slides: bool = True, wants: bool = True) -> list[Window]:
    windows = Windows(Gate(GateSettings()), WINDOW, 1600, lambda _: slides, lambda _: wants)
    found = [
        window for at in range(0, len(sound), block) for window in windows.hear(AudioBlock(sound[at : at + block], at))
    ]
    return [*found, *windows.finish()]


def test_a_window_holds_exactly_the_sound_between_its_edges() -> None:
    sound = placed(0.5, hiss(4.0, -70.0), word=2.0)

    for window in cut(sound):
        assert np.array_equal(window.samples, sound[window.start : window.end])


def test_before_the_edge_of_a_recording_lie_zeros() -> None:
    sound = placed(0.4, hiss(1.0, -70.0), word=0.1)

    first = cut(sound)[0]

    assert first.start < 0
    assert not first.samples[: -first.start].any()
    assert np.array_equal(first.samples[-first.start :], sound[: first.end])


def test_windows_slide_on_a_fixed_hop_until_the_utterance_ends_and_one_is_laid_over_it() -> None:
    found = cut(placed(0.6, hiss(4.0, -70.0), word=2.0))

    sliding, laid = [w for w in found if not w.laid], [w for w in found if w.laid]
    assert len(laid) == 1
    assert {b.end - a.end for a, b in itertools.pairwise(sliding)} == {1600}
    assert seconds((laid[0].start + laid[0].end) // 2) == pytest.approx(2.3, abs=0.06)


def test_windows_slide_on_for_a_while_after_an_utterance_is_over() -> None:
    found = cut(placed(0.3, hiss(4.0, -70.0), word=2.0))

    [laid] = [w for w in found if w.laid]
    last = max(w.end for w in found if not w.laid)
    assert in_samples(LINGER_S) - 1600 < last - laid.utterance.until <= in_samples(LINGER_S)


def test_windows_that_slide_on_give_way_to_the_next_utterance() -> None:
    found = cut(placed(0.3, hiss(4.0, -70.0), one=2.0, two=2.7))

    starts = [w.utterance.start for w in found]
    second = max(starts)
    assert starts == sorted(starts)
    assert len(set(starts)) == 2
    assert max(w.end for w in found if w.utterance.start < second) < second + 1600


def test_nobody_looking_on_means_one_window_a_word() -> None:
    assert [w.laid for w in cut(placed(0.6, hiss(4.0, -70.0), word=2.0), slides=False)] == [True]
    assert cut(placed(0.6, hiss(4.0, -70.0), word=2.0), slides=False, wants=False) == []


def test_silence_never_makes_a_window() -> None:
    assert cut(hiss(5.0, -65.0)) == []


def test_blocks_of_any_length_give_the_same_windows() -> None:
    sound = placed(0.5, hiss(14.0, -70.0), one=1.0, two=4.0, three=12.0)
    expected = [(w.start, w.end, w.laid) for w in cut(sound, 1600)]

    for block in (37_000, 441, len(sound)):
        assert [(w.start, w.end, w.laid) for w in cut(sound, block)] == expected


def test_after_a_reset_nothing_of_the_sound_before_is_in_a_window() -> None:
    windows = Windows(Gate(GateSettings()), WINDOW, 1600, lambda _: True)
    list(windows.hear(AudioBlock(np.full(8000, 0.25, np.float32), 0)))

    windows.reset(50_000, quiet_before=False)
    found = list(windows.hear(AudioBlock(placed(0.4, hiss(2.0, -70.0), word=0.3), 50_000)))

    assert found
    assert all(window.end > 50_000 for window in found)
    assert not found[0].samples[: 50_000 - found[0].start].any()


def test_a_laid_window_never_reaches_beyond_what_was_heard() -> None:
    short = Utterance(start=16_000, until=22_000, end=18_000)

    assert laid_end(short, WINDOW) == 22_000
    with pytest.raises(ValueError, match="not ended"):
        laid_end(Utterance(start=0, until=in_samples(1)), WINDOW)


@settings(max_examples=25, deadline=None)
@given(
    gap_s=st.floats(0.25, 0.8),
    hop=st.integers(320, 3200),
    cuts=st.lists(st.integers(1, 5000), min_size=1, max_size=20),
)
def test_how_sound_is_cut_into_blocks_changes_no_window(gap_s: float, hop: int, cuts: list[int]) -> None:
    sound = placed(0.3, hiss(2.6, -70.0), one=0.7, two=1.0 + gap_s)
    whole = Windows(Gate(GateSettings()), WINDOW, hop, lambda _: True)
    pieces = Windows(Gate(GateSettings()), WINDOW, hop, lambda _: True)
    expected = [*whole.hear(AudioBlock(sound, 0)), *whole.finish()]

    found: list[Window] = []
    at = 0
    for step in itertools.cycle(cuts):
        found += pieces.hear(AudioBlock(sound[at : at + max(step, 20)], at))
        at += max(step, 20)
        if at >= len(sound):
            break
    found += pieces.finish()

    assert [(w.start, w.end, w.laid, w.utterance.start) for w in found] == [
        (w.start, w.end, w.laid, w.utterance.start) for w in expected
    ]


@settings(max_examples=40, deadline=None)
@given(
    begin=st.integers(0, 100_000), length_s=st.floats(0.2, 1.2), tail=st.integers(0, 12_000), hop=st.integers(320, 3200)
)
def test_every_sliding_window_begins_on_the_grid_of_the_stream(
    begin: int, length_s: float, tail: int, hop: int
) -> None:
    sound = placed(length_s, hiss(3.0, -70.0), word=0.9)[: in_samples(0.9 + length_s) + tail]
    windows = Windows(Gate(GateSettings()), WINDOW, hop, lambda _: True)
    windows.reset(begin, quiet_before=True)

    found = [*windows.hear(AudioBlock(sound, begin)), *windows.finish()]

    assert {(window.start - begin) % FRAME for window in found if not window.laid} == {0}
