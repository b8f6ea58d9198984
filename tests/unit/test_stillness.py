"""What stillness is, and that nothing of it is lost or held back for long."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sounds import hiss, silence
from tests.spoken import all_said, files_saying, spoken
from voicego.flow import SAMPLE_RATE, Samples, in_samples
from voicego.hearing.gate import Gate, GateSettings
from voicego.hearing.ring import Fresh
from voicego.hearing.stillness import Stillness, gathered

PIECE = in_samples(0.2)


def rumble(length_s: float, dbfs: float) -> Samples:
    """A room in which all is below 100 Hz or so."""
    noise = np.cumsum(hiss(length_s, 0.0, seed=3))
    noise -= np.convolve(noise, np.ones(1600) / 1600, "same")
    return np.asarray(noise * (10 ** (dbfs / 20) / np.std(noise)), np.float32)


def pieces(sound: Samples, size: int = PIECE) -> list[Fresh]:
    return [Fresh(sound[at : at + size], at, 0) for at in range(0, len(sound), size)]


def lengths(sound: Samples) -> list[int]:
    stillness = Stillness(SAMPLE_RATE)
    given = gathered(pieces(sound), SAMPLE_RATE, lambda frames: not stillness.broken_by(frames))
    return [len(fresh.samples) // PIECE for fresh in given]


@pytest.mark.parametrize(
    "room", [silence(20.0), hiss(20.0, -90.0), hiss(20.0, -60.0), hiss(20.0, -20.0), rumble(20.0, -30.0)]
)
def test_a_steady_room_is_given_a_second_at_once(room: Samples) -> None:
    given = lengths(room)

    assert given[0] == 1, "there is nothing yet to compare it with"
    assert given[1:-1] == [5] * len(given[1:-1])


def test_what_breaks_it_is_given_at_once_with_what_was_held_back() -> None:
    room = hiss(4.0, -60.0)
    room[13 * PIECE :] *= 10

    assert lengths(room)[:4] == [1, 5, 5, 3]


def test_a_device_that_gives_next_to_nothing_is_heard_all_the_same() -> None:
    given = [len(fresh.samples) for fresh in gathered(pieces(silence(0.01), 10), SAMPLE_RATE, lambda _: True)]

    assert given == [60, 60, 40]


@pytest.mark.parametrize("channels", [1, 2])
def test_numbers_that_are_none_break_it(channels: int) -> None:
    stillness = Stillness(SAMPLE_RATE)
    frames = np.zeros((100, channels), np.float32)
    stillness.broken_by(frames)
    assert not stillness.broken_by(frames)

    frames[50] = np.nan

    assert stillness.broken_by(frames)


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.integers(0, 20)), max_size=40))
def test_every_frame_comes_out_once_and_in_its_place(cut: list[tuple[int, bool, int]]) -> None:
    sound, at, fed, stills = np.arange(4_000, dtype=np.float32), 0, [], iter([still for _, still, _ in cut])
    for size, _, skipped in cut:
        fed.append(Fresh(sound[at + skipped : at + skipped + size], at + skipped, skipped))
        at += skipped + size

    out: list[Fresh] = []
    for fresh in gathered(fed, 100, lambda _: next(stills)):
        assert len(fresh.samples) <= 100
        np.testing.assert_array_equal(fresh.samples, sound[fresh.start : fresh.start + len(fresh.samples)])
        out.append(Fresh(fresh.samples.copy(), fresh.start, fresh.skipped))

    placed = [n for fresh in out for n in range(fresh.start, fresh.start + len(fresh.samples))]
    assert placed == [n for fresh in fed for n in range(fresh.start, fresh.start + len(fresh.samples))]
    assert [one.skipped for one in out if one.skipped] == [one.skipped for one in fed if one.skipped]


LEAD_S = 1.5
ROOMS = {"hiss": hiss(6.0, -60.0, seed=5), "louder": hiss(6.0, -45.0, seed=6), "rumble": rumble(6.0, -40.0)}


def seconds_late(sound: Samples) -> float | None:
    """From the onset of the first utterance to the piece by which stillness is broken; None: the gate stays closed."""
    gate, stillness, onset = Gate(GateSettings()), Stillness(SAMPLE_RATE), None
    for piece in pieces(sound):
        onsets = [one.start for one in gate.hear(piece.samples) if one.start > in_samples(LEAD_S) - PIECE]
        onset = onsets[0] if onsets and onset is None else onset
        broken = stillness.broken_by(piece.samples) and piece.start + PIECE > in_samples(LEAD_S)
        if broken and onset is not None:
            return (piece.start - onset) / SAMPLE_RATE
        if broken:
            return 0.0
    return None if onset is None else (len(sound) - onset) / SAMPLE_RATE


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("level_db", [0.0, -15.0])
def test_no_word_for_which_the_gate_opens_is_taken_for_stillness(room: str, level_db: float) -> None:
    late = {}
    for voice in (voice for text in all_said() for voice in files_saying(text)):
        said = spoken(LEAD_S, voice, 0.3, room_dbfs=None)[: in_samples(6.0)] * np.float32(10 ** (level_db / 20))
        late[voice.name] = seconds_late(ROOMS[room][: len(said)] + said)

    heard = [one for one in late.values() if one is not None]
    assert len(heard) > 30
    assert max(heard) <= 0.2, late
