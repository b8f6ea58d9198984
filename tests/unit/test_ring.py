"""The ring against a plain list, and between two threads."""

from __future__ import annotations

import time
from threading import Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from voicego.hearing.ring import Frames, Ring


def counted(start: int, n: int, channels: int = 1) -> Frames:
    """Make frames that hold their own index, the channel in the fraction."""
    frames = np.arange(start, start + n)[:, np.newaxis] + np.arange(channels) / 8
    return (frames[:, 0] if channels == 1 else frames).astype(np.float32)


class LikeAList(RuleBasedStateMachine):
    channels = 1

    def __init__(self) -> None:
        super().__init__()
        self.size = 7
        self.ring = Ring(self.size, self.channels)
        self.all: list[Frames] = []
        self.cleared = 0

    @property
    def oldest(self) -> int:
        return max(self.cleared, len(self.all) - self.size)

    def stacked(self, start: int, end: int) -> Frames:
        shape = () if self.channels == 1 else (self.channels,)
        return np.asarray(self.all[start:end], dtype=np.float32).reshape(end - start, *shape)

    @rule(n=st.integers(0, 20))
    def write(self, n: int) -> None:
        block = counted(len(self.all), n, self.channels)
        self.ring.write(block)
        self.all.extend(block.copy())
        block[:] = -1  # The ring must have copied.

    @rule(n=st.integers(0, 20))
    def write_bytes(self, n: int) -> None:
        block = counted(len(self.all), n, self.channels)
        content = bytearray(block.tobytes())
        self.ring.write_bytes(content, n)
        self.all.extend(block)
        content[:] = b"\xff" * len(content)  # The ring must have copied.

    @rule(back=st.integers(-3, 25), least=st.integers(1, 9), most=st.one_of(st.none(), st.integers(1, 9)))
    def read(self, back: int, least: int, most: int | None) -> None:
        since = max(0, len(self.all) - back)
        fresh = self.ring.read(since, 0, least=least, most=most)
        if since >= len(self.all):
            assert fresh.samples.shape[0] == 0
            assert (fresh.start, fresh.skipped) == (since, 0)
            return
        start = max(since, self.oldest)
        end = len(self.all) if most is None else min(len(self.all), start + most)
        assert (fresh.start, fresh.skipped) == (start, start - since)
        np.testing.assert_array_equal(fresh.samples, self.stacked(start, end))
        fresh.samples[:] = -1  # It must be a copy.

    @rule(start=st.integers(-12, 60), length=st.integers(0, 20))
    def view(self, start: int, length: int) -> None:
        end = start + length
        if end > len(self.all):
            with pytest.raises(ValueError, match="not written yet"):
                self.ring.view(start, end)
            return
        seen = self.ring.view(start, end)
        if end > max(start, 0) and max(start, 0) < self.oldest:
            assert seen is None
            return
        assert seen is not None
        before = max(0, min(end, 0) - start)
        assert not seen[:before].any()
        np.testing.assert_array_equal(seen[before:], self.stacked(max(start, 0), max(start, 0) + length - before))
        seen[:] = -1

    @rule()
    def clear(self) -> None:
        self.ring.clear()
        self.cleared = len(self.all)

    @invariant()
    def counts_agree(self) -> None:
        assert self.ring.written == len(self.all)
        assert self.ring.oldest == self.oldest
        assert self.ring.capacity == self.size


class LikeAListOfThreeChannels(LikeAList):
    channels = 3


@pytest.mark.parametrize("machine", [LikeAList, LikeAListOfThreeChannels])
def test_ring_behaves_like_a_list_that_remembers_its_tail(machine: type[LikeAList]) -> None:
    run_state_machine_as_test(machine)


@given(st.lists(st.integers(0, 30), max_size=30))
def test_what_is_read_in_time_is_what_was_written(lengths: list[int]) -> None:
    ring, at, heard = Ring(30), 0, [counted(0, 0)]
    for length in lengths:
        ring.write(counted(ring.written, length))
        fresh = ring.read(at, timeout_s=0)
        assert fresh.skipped == 0
        heard.append(fresh.samples)
        at += len(fresh.samples)

    np.testing.assert_array_equal(np.concatenate(heard), counted(0, sum(lengths)))


def test_a_slow_reader_is_told_how_much_it_missed() -> None:
    ring = Ring(10)
    ring.write(counted(0, 25))

    fresh = ring.read(3, timeout_s=0)

    assert (fresh.start, fresh.skipped) == (15, 12)
    np.testing.assert_array_equal(fresh.samples, counted(15, 10))


def test_close_wakes_the_reader_and_leaves_the_rest_to_be_read() -> None:
    ring = Ring(10)
    reader = Thread(target=ring.read, args=(0, 60))
    reader.start()

    ring.close()
    reader.join(timeout=10)

    assert not reader.is_alive()
    ring.write(counted(0, 3))
    assert len(ring.read(0, timeout_s=60).samples) == 3
    assert len(ring.read(3, timeout_s=60).samples) == 0


def test_a_reader_that_wants_more_is_woken_when_there_is_enough() -> None:
    ring = Ring(10)
    ring.write(counted(0, 2))
    got: list[Frames] = []
    reader = Thread(target=lambda: got.append(ring.read(0, 60, least=5).samples))
    reader.start()

    ring.write(counted(2, 2))
    ring.write(counted(4, 1))
    reader.join(timeout=10)

    assert [len(samples) for samples in got] == [5]


def test_view_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="backwards"):
        Ring(10).view(5, 4)


@pytest.mark.parametrize(("frames", "channels"), [(0, 1), (10, 0), (-1, 1)])
def test_an_empty_ring_is_refused(frames: int, channels: int) -> None:
    with pytest.raises(ValueError, match="holds nothing"):
        Ring(frames, channels)


@pytest.mark.parametrize("channels", [1, 2])
def test_two_threads_lose_nothing_that_is_not_counted(channels: int) -> None:
    total, block, ring = 200_000, 37, Ring(512, channels)

    def write() -> None:
        for start in range(0, total, block):
            ring.write(counted(start, min(block, total - start), channels))
        ring.close()

    writer = Thread(target=write)
    writer.start()
    at, heard, skipped = 0, 0, 0
    while at < total:
        fresh = ring.read(at, timeout_s=60)
        np.testing.assert_array_equal(fresh.samples, counted(fresh.start, len(fresh.samples), channels))
        assert fresh.start == at + fresh.skipped
        at = fresh.start + len(fresh.samples)
        heard += len(fresh.samples)
        skipped += fresh.skipped
    writer.join(timeout=10)

    assert not writer.is_alive()
    assert heard + skipped == total
    assert len(ring.read(at, timeout_s=60).samples) == 0


def test_who_waits_for_much_is_not_woken_for_little() -> None:
    ring = Ring(1000)
    looks: list[int] = []
    holds = ring._holds

    def noted(end: int) -> bool:
        looks.append(end)
        return holds(end)

    ring._holds = noted  # type: ignore[method-assign]
    reader = Thread(target=ring.read, args=(0, 30.0), kwargs={"least": 200})
    reader.start()
    while not looks:
        time.sleep(0.001)
    for _ in range(20):
        ring.write(np.zeros(10, np.float32))
    reader.join(30.0)

    assert not reader.is_alive()
    assert looks == [200, 200], "once before it slept, once when all was there"
