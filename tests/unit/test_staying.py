"""A stream that the sound server moves to another microphone is noticed."""

from __future__ import annotations

import subprocess
import sys
from threading import Event

import pytest

from voicego.errors import VoicegoError
from voicego.hearing.sound_server import UNLINKED
from voicego.hearing.staying import AS_IT_IS, Changes, Staying

STREAM = "Event 'change' on source-output #4"
NEW = ("Event 'new' on source #2", "Event 'change' on server #-1", "Event 'change' on card #0")
OTHERS = ("Event 'new' on client #9", "Event 'change' on sink #0", "Event 'new' on source-output #4")


class Told:
    """A server that tells line by line; a thread waits until it has told all."""

    def __init__(self, *lines: str, ends: bool = True) -> None:
        script = f"print({chr(10).join(lines)!r}, flush=True)" + ("" if ends else "\nimport time\ntime.sleep(60)")
        self._command = [sys.executable, "-c", script]
        self.process: subprocess.Popen[bytes] | None = None

    def __call__(self) -> subprocess.Popen[bytes]:
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE)
        return self.process


def watched(staying: Staying) -> None:
    """Let it watch until nothing more is told."""
    staying.start()
    if staying._thread.ident is not None:
        staying._thread.join(10)
    assert not staying._thread.is_alive()
    staying.stop()


@pytest.mark.parametrize(
    ("heard", "moved"),
    [
        ([{1}, {1}, {1}, {2}], True),
        ([{1}, {1}, {2}], True),
        ([{1}, {2}], True),
        ([{1}, {1, 2}, {1, 2}], False),
        ([{1}, set(), {UNLINKED}], False),
        ([{2}, {2}, {3}], False),
    ],
    ids=[
        "moved",
        "before the first word",
        "before the watch",
        "another stream beside it",
        "not linked",
        "never where it should be",
    ],
)
def test_it_is_moved_when_another_one_is_heard_instead(heard: list[set[int]], *, moved: bool) -> None:
    answers = iter([*heard, *([heard[-1]] * 3)])
    told: list[bool] = []

    watched(Staying(1, lambda: told.append(True), Told(STREAM, STREAM), lambda _: frozenset(next(answers))))

    assert told == [True] * moved


@pytest.mark.parametrize(
    ("heard", "moved"),
    [([{4}, {4}, {2}], True), ([{4}, {4}, {4}], False), ([{4, 5}, {2}, {2}], False), ([set()], False)],
)
def test_where_it_is_at_first_it_is_to_stay(heard: list[set[int]], *, moved: bool) -> None:
    answers = iter([*heard, *([heard[-1]] * 3)])
    told: list[bool] = []

    watched(Staying(AS_IT_IS, lambda: told.append(True), Told(STREAM, STREAM), lambda _: frozenset(next(answers))))

    assert told == [True] * moved


def test_nobody_is_asked_when_other_things_change_and_those_that_matter_are_counted() -> None:
    changes, asked = Changes(), []

    def heard_by(pid: int) -> frozenset[int]:
        asked.append(pid)
        return frozenset({1})

    watched(Staying(1, lambda: None, Told(*NEW, *OTHERS), heard_by, changes))

    assert changes == Changes(listeners=0, count=1 + len(NEW))
    assert len(asked) == 3, "at the start, when the watch begins, and at its first word"


def test_a_stream_of_no_source_in_particular_is_never_moved() -> None:
    changes = Changes()

    def heard_by(_: int) -> frozenset[int]:
        raise AssertionError

    watched(Staying(None, lambda: None, Told(STREAM, *NEW), heard_by, changes))

    assert changes.count == 1 + len(NEW)


def test_a_server_that_hangs_moves_nothing() -> None:
    def heard_by(_: int) -> frozenset[int]:
        raise VoicegoError("the sound server does not answer")

    told: list[bool] = []
    watched(Staying(1, lambda: told.append(True), Told(STREAM), heard_by))

    assert not told


def test_stopped_it_leaves_neither_thread_nor_process() -> None:
    asked, changes = Event(), Changes()

    def heard_by(_: int) -> frozenset[int]:
        if server.process is not None:
            asked.set()
        return frozenset({1})

    server = Told(ends=False)
    staying = Staying(1, lambda: None, server, heard_by, changes)
    staying.start()
    assert asked.wait(10)

    staying.stop()

    assert not staying._thread.is_alive()
    assert server.process is not None
    assert server.process.poll() is not None
    assert changes.listeners == 0


def test_stopped_before_it_began_it_starts_nothing() -> None:
    server = Told(ends=False)
    staying = Staying(1, lambda: None, server, lambda _: frozenset())
    staying.stop()

    watched(staying)

    assert server.process is None


def test_a_move_before_the_server_knew_of_the_watch_is_found_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicego.hearing.staying.SETTLING_S", (0.01, 0.01))
    heard, moved = iter([{1}, {1}, {1}, {2}]), Event()
    server = Told(ends=False)  # it never tells of anything

    staying = Staying(1, moved.set, server, lambda _: frozenset(next(heard)), Changes())
    staying.start()

    assert moved.wait(10)
    staying.stop()
