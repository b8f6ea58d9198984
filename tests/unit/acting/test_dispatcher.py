from __future__ import annotations

import contextlib
import logging
import threading
from dataclasses import replace
from datetime import datetime
from queue import Queue
from typing import TYPE_CHECKING

import pytest

from voicego.acting import chime
from voicego.acting.desk import Ran, System
from voicego.acting.dispatcher import Dispatcher
from voicego.flow import (
    ActionRun,
    Detection,
    Launch,
    Notice,
    Notify,
    Open,
    Outcome,
    Pause,
    Rate,
    Rule,
    Run,
    Say,
    in_samples,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.unit.acting.conftest import Room
    from voicego.flow import Action

WAIT_S = 10.0
"""How long a test waits for what should come at once."""


def rule(*actions: Action, keyword: str = "go") -> Rule:
    return Rule(keyword, actions)


def detection(id_: str = "d1", keyword: str = "go", at_s: float = 1.0) -> Detection:
    return Detection(id_, keyword, 0.974, in_samples(at_s))


class Clock:
    """Stands still until a test sets it."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


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
        self.notices: Queue[Notice] = Queue()
        self.ears = Ears()
        self.dispatcher = Dispatcher(
            report=self.reports.put,
            ears=self.ears,
            pause=self.pauses.append,
            note=self.notices.put,
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

    @pytest.mark.parametrize(("unlimited", "done"), [(False, ["d1", "d3"]), (True, ["d1", "d2", "d3"])])
    def test_does_not_carry_out_what_waited_too_long_but_of_a_recording(
        self,
        linux: Room,
        stages: Callable[..., Stage],
        caplog: pytest.LogCaptureFixture,
        *,
        unlimited: bool,
        done: list[str],
    ) -> None:
        gate, clock = Gate(linux), Clock()
        stage = stages(clock=clock, unlimited=unlimited)
        stage.dispatcher.start()
        stage.dispatcher.offer(detection("d1"), PLAY)
        assert gate.began.wait(WAIT_S)
        stage.dispatcher.offer(detection("d2"), PLAY)
        clock.now += 30.0
        stage.dispatcher.offer(detection("d3"), PLAY)
        clock.now += 1.0
        gate.go_on.set()
        assert stage.dispatcher.drain(WAIT_S)

        assert [stage.next().detection_id for _ in done] == done
        assert stage.dispatcher.dropped == 3 - len(done)
        assert ("d2 go: not acted on, it waited for 31 s" in caplog.text) is not unlimited

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


PLAY = rule(Run(("playerctl",)))
SHOWN = ("notify-send", "--app-name=voicego", "--icon=audio-input-microphone", "--", "voicego")


class TestLimits:
    def test_what_is_beyond_is_not_acted_on_but_counted_told_once_and_logged(
        self, linux: Room, stages: Callable[..., Stage], caplog: pytest.LogCaptureFixture
    ) -> None:
        clock = Clock()
        stage = stages(clock=clock)
        stage.dispatcher.start()

        taken = [stage.dispatcher.offer(detection(f"d{n}"), PLAY) for n in range(1, 9)]
        assert stage.dispatcher.drain(WAIT_S)

        text = "words were heard more often than 5 in 10s: what is beyond is not acted on (at_most in the rules file)"
        assert taken == [True] * 5 + [False] * 3
        assert stage.dispatcher.limited == 3
        assert stage.dispatcher.dropped == 0
        assert linux.commands.count(("playerctl",)) == 5
        assert [argv for argv in linux.commands if argv != ("playerctl",)] == [(*SHOWN, text)]
        assert (stage.notices.get(), stage.notices.empty()) == (Notice("limited", text), True)
        assert [record.getMessage() for record in caplog.records] == [
            f"d{n} go: not acted on, that is more than 5 in 10s" for n in (6, 7, 8)
        ]

    def test_after_a_while_the_notice_is_taken_back_and_the_next_burst_is_told_anew(
        self, linux: Room, stages: Callable[..., Stage]
    ) -> None:
        clock = Clock()
        stage = stages(clock=clock)
        stage.dispatcher.limit(Rate(1, 10.0))
        stage.dispatcher.start()
        for number in range(3):
            stage.dispatcher.offer(detection(f"d{number}"), PLAY)
        assert stage.notices.get(timeout=WAIT_S).holds

        clock.now += 61.0
        stage.dispatcher.tell("a nudge")
        over = stage.notices.get(timeout=WAIT_S)
        for number in range(3):
            stage.dispatcher.offer(detection(f"e{number}"), PLAY)
        assert stage.dispatcher.drain(WAIT_S)

        assert over == Notice("limited", "", holds=False)
        assert stage.notices.get(timeout=WAIT_S).holds
        assert stage.dispatcher.limited == 4
        assert len([argv for argv in linux.commands if "more often" in argv[-1]]) == 2

    def test_a_rule_may_have_a_limit_of_its_own(self, linux: Room, stages: Callable[..., Stage]) -> None:
        stage = stages(clock=Clock())
        stage.dispatcher.start()
        seldom = Rule("off", (Run(("playerctl",)),), at_most=Rate(1, 90.0))

        taken = [stage.dispatcher.offer(detection(f"d{n}", "off"), seldom) for n in range(3)]
        others = [stage.dispatcher.offer(detection(f"e{n}"), PLAY) for n in range(4)]
        assert stage.dispatcher.drain(WAIT_S)

        assert (taken, others) == ([True, False, False], [True] * 4)
        assert stage.notices.get().text.startswith('"off" was heard more often than 1 in 1.5m: ')
        assert linux.commands.count(("playerctl",)) == 5

    def test_neither_pauses_nor_what_is_done_by_hand_are_limited(
        self, linux: Room, stages: Callable[..., Stage]
    ) -> None:
        stage = stages(clock=Clock())
        stage.dispatcher.limit(Rate(1, 10.0))
        stage.dispatcher.start()
        stage.dispatcher.offer(detection(), PLAY)

        only = stage.dispatcher.offer(detection(), rule(Pause()))
        among = stage.dispatcher.offer(detection(), rule(Run(("playerctl", "stop")), Pause(60.0)))
        by_hand = stage.dispatcher.do(PLAY)

        assert (only, among) == (True, False)
        assert stage.pauses == [None, 60.0]
        assert [each.outcome for each in by_hand] == [Outcome.OK]
        assert stage.dispatcher.drain(WAIT_S)
        assert ("playerctl", "stop") not in linux.commands

    def test_pauses_take_nothing_of_the_limit(self, linux: Room, stages: Callable[..., Stage]) -> None:
        stage = stages(clock=Clock())
        stage.dispatcher.start()
        for _ in range(9):
            stage.dispatcher.offer(detection(), rule(Pause()))

        assert stage.dispatcher.offer(detection(), PLAY)
        assert stage.dispatcher.drain(WAIT_S)
        assert linux.commands == [("playerctl",)]

    def test_a_recording_faster_than_life_has_none(self, linux: Room, stages: Callable[..., Stage]) -> None:
        stage = stages(clock=Clock(), unlimited=True)
        stage.dispatcher.start()

        taken = [stage.dispatcher.offer(detection(f"d{n}"), PLAY) for n in range(9)]
        assert stage.dispatcher.drain(WAIT_S)

        assert taken == [True] * 9
        assert len(linux.commands) == 9

    def test_a_burst_does_not_chime_without_end(self, room: Room, stages: Callable[..., Stage]) -> None:
        room.lay(System.LINUX, "aplay")
        clock = Clock()
        stage = stages(clock=clock)

        for _ in range(9):
            stage.dispatcher.chime()
        at_once = len(room.commands)
        for _ in range(9):
            clock.now += 0.5
            stage.dispatcher.chime()
        burst = len(room.commands)
        clock.now += chime.LONGEST_S
        stage.dispatcher.chime()

        assert (at_once, burst, len(room.commands)) == (1, 5, 6)


ASKS = Rule("off", (Run(("playerctl", "{keyword}")),), ask="yes")
QUESTION = '"off" was heard. Say "yes" to: run playerctl {keyword}'


class TestAsking:
    @pytest.fixture
    def asked(self, linux: Room, stages: Callable[..., Stage]) -> Stage:
        """A stage on which "off" was said after a second, and asks."""
        linux.lay(System.LINUX, "playerctl", "notify-send", "aplay")
        stage = stages(clock=Clock())
        stage.dispatcher.start()
        assert stage.dispatcher.offer(detection("d1", "off"), ASKS)
        return stage

    def test_the_person_sees_and_hears_the_question_and_nothing_is_done_yet(self, asked: Stage, linux: Room) -> None:
        assert asked.dispatcher.asks
        assert asked.notices.get() == Notice("asking", QUESTION)
        assert asked.dispatcher.drain(WAIT_S)
        assert linux.commands == [(*SHOWN, QUESTION), ("aplay", "-q", str(chime.SOUND))]

    def test_the_answer_carries_it_out_and_not_its_own_rule(
        self, asked: Stage, linux: Room, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "voicego.acting")

        taken = asked.dispatcher.offer(detection("d2", "yes", 3.0), rule(Notify("yes"), keyword="yes"))

        done = asked.next()
        assert taken
        assert (done.detection_id, done.keyword, done.action) == ("d1", "off", "run playerctl {keyword}")
        assert asked.dispatcher.drain(WAIT_S)
        assert linux.commands[2:] == [("playerctl", "off")]
        assert [asked.notices.get() for _ in range(2)][1] == Notice("asking", "", holds=False)
        assert not asked.dispatcher.asks
        assert caplog.messages[0] == "d1 off: d2 is the answer"

    def test_a_word_without_a_rule_may_be_the_answer(self, asked: Stage) -> None:
        assert asked.dispatcher.offer(detection("d2", "yes", 3.0), None)
        assert asked.next().keyword == "off"

    def test_another_word_ends_it_and_acts_by_its_own_rule(
        self, asked: Stage, linux: Room, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "voicego.acting")
        assert asked.dispatcher.offer(detection("d2", "go", 3.0), PLAY)
        late = asked.dispatcher.offer(detection("d3", "yes", 4.0), None)

        assert asked.next().keyword == "go"
        assert not late
        assert linux.commands[2:] == [("playerctl",)]
        assert caplog.messages[0] == "d1 off: not acted on, another word was said"

    def test_without_an_answer_it_is_given_up_and_told(
        self, asked: Stage, linux: Room, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "voicego.acting")
        assert isinstance(asked.dispatcher._clock, Clock)
        assert asked.notices.get(timeout=WAIT_S).holds
        asked.dispatcher._clock.now += 9.0
        asked.dispatcher.tell("a nudge")

        assert asked.notices.get(timeout=WAIT_S) == Notice("asking", "", holds=False)
        assert not asked.dispatcher.offer(detection("d2", "yes", 3.0), None)
        assert asked.dispatcher.stop(WAIT_S)
        assert not [argv for argv in linux.commands if argv[0] == "playerctl"]
        assert caplog.messages == ["d1 off: not acted on, nothing was said within 5s"]

    def test_an_answer_that_is_late_in_sound_fires_its_own_rule(self, asked: Stage) -> None:
        assert asked.dispatcher.offer(detection("d2", "yes", 6.1), rule(Notify("hm"), keyword="yes"))
        assert asked.next().action == "notify hm"

    def test_stopping_ends_the_question(self, asked: Stage, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "voicego.acting")

        asked.dispatcher.stop(WAIT_S)

        assert not asked.dispatcher.asks
        assert caplog.messages == ["d1 off: not acted on, voicego is stopping"]

    def test_a_pause_that_asks_waits_for_its_answer_and_for_no_slow_action(
        self, linux: Room, stages: Callable[..., Stage]
    ) -> None:
        gate = Gate(linux)
        stage = stages(clock=Clock())
        stage.dispatcher.start()
        stage.dispatcher.offer(detection("d1"), PLAY)
        assert gate.began.wait(WAIT_S)

        stage.dispatcher.offer(detection("d2", "off", 2.0), Rule("off", (Pause(),), ask="yes"))
        before = list(stage.pauses)
        stage.dispatcher.offer(detection("d3", "yes", 4.0), None)

        assert (before, stage.pauses) == ([], [None])

    def test_questions_count_and_answers_do_not(self, linux: Room, stages: Callable[..., Stage]) -> None:
        stage = stages(clock=Clock())
        stage.dispatcher.limit(Rate(2, 10.0))
        stage.dispatcher.start()
        for number in range(3):
            at_s = 1.0 + 2 * number
            stage.dispatcher.offer(detection(f"q{number}", "off", at_s), ASKS)
            stage.dispatcher.offer(detection(f"a{number}", "yes", at_s + 1.0), None)
        assert stage.dispatcher.drain(WAIT_S)

        assert linux.commands.count(("playerctl", "off")) == 2
        assert stage.dispatcher.limited == 1

    def test_a_pause_that_asks_is_not_done_for_want_of_a_question(
        self, linux: Room, stages: Callable[..., Stage]
    ) -> None:
        stage = stages(clock=Clock())
        stage.dispatcher.limit(Rate(1, 10.0))
        stage.dispatcher.start()
        stage.dispatcher.offer(detection(), PLAY)

        asked = stage.dispatcher.offer(detection("d2", "off", 2.0), replace(ASKS, actions=(*ASKS.actions, Pause())))

        assert (asked, stage.dispatcher.asks, stage.pauses) == (False, False, [])
        assert stage.dispatcher.drain(WAIT_S)
        assert [argv for argv in linux.commands if argv[0] == "playerctl"] == [("playerctl",)]

    def test_by_hand_nobody_is_asked(self, linux: Room, stages: Callable[..., Stage]) -> None:
        assert [each.outcome for each in stages().dispatcher.do(ASKS)] == [Outcome.OK]
        assert linux.commands == [("playerctl", "off")]


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
