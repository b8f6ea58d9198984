from __future__ import annotations

import contextlib
import logging
import threading
from datetime import datetime
from queue import Queue
from typing import TYPE_CHECKING

import pytest

from voicego.acting import chime
from voicego.acting.desk import Ran, System
from voicego.acting.dispatcher import Dispatcher
from voicego.flow import ActionRun, Detection, Launch, Notify, Open, Outcome, Pause, Rule, Run, Say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.unit.acting.conftest import Room
    from voicego.flow import Action

WAIT_S = 10.0
"""How long a test waits for what should come at once."""


def rule(*actions: Action, keyword: str = "go") -> Rule:
    return Rule(keyword, actions)


def detection(id_: str = "d1", keyword: str = "go") -> Detection:
    return Detection(id_, keyword, 0.974, 16_000)


class Ears:
    def __init__(self) -> None:
        self.deaf_times = 0

    @contextlib.contextmanager
    def deaf(self) -> Iterator[None]:
        self.deaf_times += 1
        yield


class Stage:
    """A dispatcher on a laid desk, with what it reports and which pauses it asked for."""

    def __init__(self, room: Room, **settings: object) -> None:
        self.reports: Queue[ActionRun] = Queue()
        self.pauses: list[float | None] = []
        self.ears = Ears()
        self.dispatcher = Dispatcher(
            report=self.reports.put,
            ears=self.ears,
            pause=self.pauses.append,
            desk=room.desk,
            now=lambda: datetime(2026, 1, 2, 14, 3, 5),  # noqa: DTZ001 -- local time is what a person reads
            **settings,  # type: ignore[arg-type]
        )

    def next(self) -> ActionRun:
        return self.reports.get(timeout=WAIT_S)


@pytest.fixture
def stages(room: Room) -> Iterator[Callable[..., Stage]]:
    """Make stages; each is stopped at the end."""
    made: list[Stage] = []

    def make(**settings: object) -> Stage:
        made.append(Stage(room, **settings))
        return made[-1]

    yield make
    for stage in made:
        assert stage.dispatcher.stop(WAIT_S)


@pytest.fixture
def linux(room: Room) -> Room:
    room.lay(System.LINUX, "playerctl", "xdg-open", "notify-send", "espeak-ng", "code")
    return room


class Gate:
    """Holds up a program until it is let go, as a slow one does."""

    def __init__(self, room: Room) -> None:
        self.began = threading.Event()
        self.go_on = threading.Event()
        self._run = room.rehearsal.run_to_end
        room.rehearsal.run_to_end = self.run_to_end  # type: ignore[method-assign, assignment]
        self._halt = room.rehearsal.halt
        room.rehearsal.halt = self.halt  # type: ignore[method-assign]

    def run_to_end(self, argv: Sequence[str], timeout_s: float, extra: Mapping[str, str] | None = None) -> Ran:
        self.began.set()
        assert self.go_on.wait(WAIT_S)
        return self._run(argv, timeout_s, extra=extra)

    def halt(self) -> None:
        self._halt()
        self.go_on.set()


def test_a_detection_is_acted_on_and_reported(linux: Room, stages: Callable[..., Stage]) -> None:
    stage = stages()
    stage.dispatcher.start()

    taken = stage.dispatcher.offer(detection(), rule(Run(("playerctl", "pause"))))

    done = stage.next()
    assert taken
    assert (done.detection_id, done.keyword, done.action) == ("d1", "go", "run playerctl pause")
    assert (done.outcome, done.exit_code) == (Outcome.OK, 0)
    assert done.started_at > 0
    assert linux.commands == [("playerctl", "pause")]


def test_the_thread_has_its_name_and_ends_with_stop(linux: Room, stages: Callable[..., Stage]) -> None:
    stage = stages()
    stage.dispatcher.start()
    names = {thread.name for thread in threading.enumerate()}

    ended = stage.dispatcher.stop(WAIT_S)

    assert "voicego-actions" in names
    assert ended
    assert "voicego-actions" not in {thread.name for thread in threading.enumerate()}
    assert not linux.commands


def test_placeholders_hold_what_was_heard(linux: Room, stages: Callable[..., Stage]) -> None:
    stages().dispatcher.do(rule(Run(("playerctl", "{keyword}", "{time}"))))
    stage = stages()
    stage.dispatcher.start()
    stage.dispatcher.offer(detection(), rule(Run(("playerctl", "{score}"))))
    stage.next()

    assert linux.commands == [("playerctl", "go", "14:03:05"), ("playerctl", "0.97")]


def test_actions_run_in_order_and_a_failing_one_holds_up_none(
    room: Room, stages: Callable[..., Stage], failure: Ran
) -> None:
    room.lay(System.LINUX, "playerctl", "notify-send", "code", answers={"playerctl": failure})
    stage = stages()
    stage.dispatcher.start()

    stage.dispatcher.offer(detection(), rule(Run(("playerctl",)), Notify("x"), Launch(("code",)), Open("nothing")))

    done = [stage.next() for _ in range(4)]
    assert [each.outcome for each in done] == [Outcome.FAILED, Outcome.OK, Outcome.OK, Outcome.FAILED]
    assert [each.action for each in done] == ["run playerctl", "notify x", "launch code", "open nothing"]
    assert done[0].detail == "it ended with 3"


def test_say_is_spoken_to_deaf_ears(linux: Room, stages: Callable[..., Stage]) -> None:
    stage = stages()

    (done,) = stage.dispatcher.do(rule(Say("go")))

    assert done.outcome is Outcome.OK
    assert stage.ears.deaf_times == 1
    assert linux.commands == [("espeak-ng", "--", "go")]


class TestTheQueue:
    def test_is_bounded_and_what_is_dropped_is_counted(self, linux: Room, stages: Callable[..., Stage]) -> None:
        gate = Gate(linux)
        stage = stages(capacity=2)
        stage.dispatcher.start()
        slow = rule(Run(("playerctl",)))
        stage.dispatcher.offer(detection("d1"), slow)
        assert gate.began.wait(WAIT_S)

        taken = [stage.dispatcher.offer(detection(f"d{n}"), slow) for n in (2, 3, 4, 5)]
        gate.go_on.set()

        assert taken == [True, True, False, False]
        assert stage.dispatcher.dropped == 2
        assert [stage.next().detection_id for _ in range(3)] == ["d1", "d2", "d3"]

    def test_takes_nothing_before_the_start_and_after_the_stop(self, linux: Room, stages: Callable[..., Stage]) -> None:
        stage = stages()
        before = stage.dispatcher.offer(detection(), rule(Run(("playerctl",)), Pause()))
        stage.dispatcher.start()
        stage.dispatcher.stop(WAIT_S)

        after = stage.dispatcher.offer(detection(), rule(Run(("playerctl",)), Pause()))

        assert (before, after) == (False, False)
        assert not linux.commands
        assert not stage.pauses

    def test_is_forgotten_by_stop_while_what_runs_is_ended(self, linux: Room, stages: Callable[..., Stage]) -> None:
        gate = Gate(linux)
        stage = stages()
        stage.dispatcher.start()
        stage.dispatcher.offer(detection("d1"), rule(Run(("playerctl",)), Notify("never")))
        stage.dispatcher.offer(detection("d2"), rule(Run(("playerctl",))))
        assert gate.began.wait(WAIT_S)

        ended = stage.dispatcher.stop(WAIT_S)

        assert ended
        assert (stage.next().detail, stage.reports.empty()) == ("voicego is stopping", True)

    def test_can_be_waited_for(self, linux: Room, stages: Callable[..., Stage]) -> None:
        gate = Gate(linux)
        stage = stages()
        stage.dispatcher.start()
        empty = stage.dispatcher.drain(WAIT_S)
        for id_ in ("d1", "d2"):
            stage.dispatcher.offer(detection(id_), rule(Run(("playerctl",))))
        assert gate.began.wait(WAIT_S)

        too_soon = stage.dispatcher.drain(0.0)
        gate.go_on.set()
        drained = stage.dispatcher.drain(WAIT_S)

        assert (empty, too_soon, drained) == (True, False, True)
        assert stage.reports.qsize() == 2

    def test_works_again_after_a_stop_and_a_start(self, linux: Room, stages: Callable[..., Stage]) -> None:
        stage = stages()
        for _ in range(2):
            stage.dispatcher.start()
            assert stage.dispatcher.offer(detection(), rule(Run(("playerctl",))))
            assert stage.next().outcome is Outcome.OK
            assert stage.dispatcher.stop(WAIT_S)

        assert len(linux.commands) == 2


class TestPause:
    def test_does_not_wait_behind_a_slow_action(self, linux: Room, stages: Callable[..., Stage]) -> None:
        gate = Gate(linux)
        stage = stages(capacity=1)
        stage.dispatcher.start()
        stage.dispatcher.offer(detection("d1"), rule(Run(("playerctl",))))
        assert gate.began.wait(WAIT_S)
        stage.dispatcher.offer(detection("d2"), rule(Run(("playerctl",))))

        only = stage.dispatcher.offer(detection("d3"), rule(Pause()))
        among = stage.dispatcher.offer(detection("d4"), rule(Notify("Bye"), Pause(600.0)))

        assert (only, among) == (True, False)
        assert stage.pauses == [None, 600.0]
        assert [(each.detection_id, each.action) for each in (stage.next(), stage.next())] == [
            ("d3", "pause"),
            ("d4", "pause for 10 min"),
        ]

    def test_leaves_the_rest_of_its_rule_to_the_thread(self, linux: Room, stages: Callable[..., Stage]) -> None:
        stage = stages()
        stage.dispatcher.start()

        stage.dispatcher.offer(detection(), rule(Notify("Bye"), Pause(), Run(("playerctl",))))

        assert [stage.next().action for _ in range(3)] == ["pause", "notify Bye", "run playerctl"]
        assert stage.pauses == [None]
        assert len(linux.commands) == 2


class TestDo:
    def test_runs_now_in_order_without_a_start(self, linux: Room, stages: Callable[..., Stage]) -> None:
        stage = stages()

        done = stage.dispatcher.do(rule(Notify("Bye"), Pause(5.0)))

        assert [(each.action, each.outcome) for each in done] == [
            ("notify Bye", Outcome.OK),
            ("pause for 5 s", Outcome.OK),
        ]
        assert {each.detection_id for each in done} == {"do-1"}
        assert [stage.next() for _ in range(2)] == list(done)
        assert len(linux.commands) == 1


class TestDryRun:
    def test_starts_nothing_and_says_what_it_would(self, linux: Room, stages: Callable[..., Stage]) -> None:
        stage = stages(dry_run=True)

        done = stage.dispatcher.do(
            rule(Run(("playerctl", "pause", "{keyword}")), Open("browser"), Say("hi"), Pause(60.0), Open("nothing"))
        )

        assert {each.outcome for each in done} == {Outcome.SKIPPED}
        assert [each.detail for each in done[:4]] == [
            "would run: playerctl pause go",
            "would run: xdg-open about:blank",
            "would run: espeak-ng -- hi",
            "would pause for 1 min",
        ]
        assert done[4].detail.startswith('would fail: nothing to open is called "nothing"')
        assert not linux.commands
        assert not stage.pauses
        assert not stage.ears.deaf_times

    def test_makes_no_sound(
        self, room: Room, stages: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        room.lay(System.LINUX, "aplay")
        (tmp_path / "chime.wav").touch()
        monkeypatch.setattr(chime, "SOUND", tmp_path / "chime.wav")

        stages(dry_run=True).dispatcher.chime()
        quiet = list(room.commands)
        stages().dispatcher.chime()

        assert (quiet, room.commands) == ([], [("aplay", "-q", str(tmp_path / "chime.wav"))])


def test_a_surprise_does_not_end_the_thread(
    linux: Room, stages: Callable[..., Stage], caplog: pytest.LogCaptureFixture
) -> None:
    stage = stages()
    run = linux.rehearsal.run_to_end

    def surprise(*_: object, **__: object) -> Ran:
        linux.rehearsal.run_to_end = run  # type: ignore[method-assign]
        raise RuntimeError("a surprise")

    linux.rehearsal.run_to_end = surprise  # type: ignore[method-assign]
    stage.dispatcher.start()

    stage.dispatcher.offer(detection("d1"), rule(Run(("playerctl",))))
    stage.dispatcher.offer(detection("d2"), rule(Run(("playerctl",))))

    assert stage.next().detection_id == "d2"
    assert "a surprise" in caplog.text


def test_the_diary_has_the_detections_id_on_every_line_and_output_only_of_failures(
    room: Room, stages: Callable[..., Stage], caplog: pytest.LogCaptureFixture
) -> None:
    answers = {"well": Ran(Outcome.OK, "private", 0), "ill": Ran(Outcome.FAILED, "ill ended with 3: so\nit is", 3)}
    room.lay(System.LINUX, "well", "ill", answers=answers)
    stage = stages(capacity=0)
    caplog.set_level(logging.DEBUG, "voicego.acting")

    stage.dispatcher.do(rule(Run(("well",)), Run(("ill",))))
    stage.dispatcher.offer(detection("d7"), rule(Run(("well",))))
    stage.dispatcher.start()
    stage.dispatcher.offer(detection("d8"), rule(Run(("well",))))

    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "do-1 go: run well: ok (0.00 s)",
        "do-1 go: run ill: failed (0.00 s): ill ended with 3: so | it is",
        "d7 go: not acted on, voicego does not act now",
        "d8 go: not acted on, 0 wait already",
    ]
