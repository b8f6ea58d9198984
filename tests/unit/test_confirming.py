"""The second stage, step by step: a process that says what a test tells it to, and a clock that a test sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.sounds import hiss, placed
from tests.stand_ins import HandProcess, HandSource, LevelClassifier
from voicego.confirming.child import Ended, Scored
from voicego.confirming.judge import Promptly
from voicego.confirming.stage import ANSWER_S, LATE_S, LOADING_S, MOST, RETRIES_S, SecondStage
from voicego.flow import (
    Candidate,
    ConfirmWith,
    Detection,
    NotConfirmed,
    Readiness,
    Rule,
    Samples,
    Sensitivity,
    Setup,
    Unheard,
    in_samples,
)
from voicego.listener import Listener
from voicego.spotting.decision import Decision, confirmed_by, decide_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.confirming.child import Message
    from voicego.seams import Confirmer

BIG = ConfirmWith("big", idle_s=600.0)


def candidate(number: int = 1, at_s: float = 1.0, keyword: str = "go", cooldown_s: float = 1.0) -> Candidate:
    detection = Detection(f"d{number}", keyword, 0.9, in_samples(at_s))
    return Candidate(detection, np.full(16_000, number, np.float32), 0.5, cooldown_s)


@dataclass
class Stage:
    """A second stage without its thread, and all that a test may touch of it."""

    time: float = 100.0
    refuses: str = ""
    says: float | None = None
    processes: list[HandProcess] = field(default_factory=list)
    offered: list[Detection] = field(default_factory=list)
    dropped: list[NotConfirmed] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.one = SecondStage(BIG, self._process, self.dropped.append, lambda: self.time)
        self.asking = self.asking_for(patient=False)

    def asking_for(self, *, patient: bool) -> Confirmer:
        return self.one.asking(self.offered.append, patient=patient)

    def _process(self, tell: Callable[[Message], None]) -> HandProcess:
        self.processes.append(HandProcess(tell, self.refuses, self.says))
        return self.processes[-1]

    @property
    def process(self) -> HandProcess:
        return self.processes[-1]

    @property
    def outcomes(self) -> list[Unheard]:
        return [one.outcome for one in self.dropped]

    @property
    def state(self) -> Readiness:
        return Readiness(self.one.status["state"])

    def after(self, seconds: float) -> None:
        self.time += seconds
        self.one.step()

    def load(self, engine: str = "by hand") -> None:
        self.asking.stir()
        self.one.step()
        self.process.engine = engine
        self.process.load()
        self.one.step()

    def ask(self, *candidates: Candidate) -> None:
        for one in candidates:
            self.asking.ask(one)
        self.one.step()

    def answer(self, go: float) -> None:
        self.process.answer(go)
        self.one.step()

    def lose(self, why: str = "gone") -> None:
        self.process.tell(Ended(why))
        self.one.step()


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_candidate_is_offered_when_the_big_model_agrees(stage: Stage) -> None:
    stage.load()

    stage.ask(candidate())
    stage.answer(go=0.8)

    assert stage.offered == [Detection("d1", "go", 0.9, in_samples(1.0), confirmed=0.8)]
    assert stage.process.asked[0][0] == 1.0, "its own sound was asked about"
    assert stage.dropped == []


def test_a_candidate_is_refused_below_what_is_wanted(stage: Stage) -> None:
    stage.load()

    stage.ask(candidate())
    stage.answer(go=0.49)

    assert stage.offered == []
    assert stage.outcomes == [Unheard.REFUSED]


def test_candidates_are_asked_about_one_after_the_other_in_their_order(stage: Stage) -> None:
    stage.load()

    stage.ask(candidate(1, 1.0), candidate(2, 3.0), candidate(3, 5.0))
    for go in (0.9, 0.1, 0.9):
        stage.answer(go)

    assert [sound[0] for sound in stage.process.asked] == [1, 2, 3]
    assert [one.id for one in stage.offered] == ["d1", "d3"]


def test_the_cooldown_counts_from_what_was_confirmed(stage: Stage) -> None:
    stage.load()

    stage.ask(*(candidate(number, at_s, cooldown_s=2.0) for number, at_s in ((1, 1.0), (2, 1.5), (3, 3.0), (4, 3.5))))
    for go in (0.1, 0.9, 0.9):
        stage.answer(go)

    assert [one.id for one in stage.offered] == ["d2", "d4"]
    assert stage.outcomes == [Unheard.REFUSED], "the one that falls into the cooldown was nobody's question"


def test_another_stream_of_sound_has_cooldowns_of_its_own(stage: Stage) -> None:
    stage.load()
    stage.ask(candidate(1, 100.0, cooldown_s=60.0))
    stage.answer(go=0.9)
    stage.asking = stage.asking_for(patient=False)

    stage.ask(candidate(1, 1.0))
    stage.answer(go=0.9)

    assert len(stage.offered) == 2


def test_it_is_loaded_as_soon_as_anything_stirs_and_not_before(stage: Stage) -> None:
    stage.one.step()
    assert (stage.processes, stage.state) == ([], Readiness.RESTING)

    stage.asking.stir()
    stage.one.step()
    assert (len(stage.processes), stage.state) == (1, Readiness.LOADING)

    stage.process.load()
    stage.one.step()
    assert (len(stage.processes), stage.state) == (1, Readiness.READY)


def test_a_candidate_waits_while_it_is_loaded(stage: Stage) -> None:
    stage.ask(candidate())
    stage.after(LATE_S - 0.1)

    stage.process.load()
    stage.one.step()
    stage.answer(go=0.9)

    assert len(stage.offered) == 1


def test_a_candidate_that_waited_too_long_is_dropped_and_the_reason_told(stage: Stage) -> None:
    stage.ask(candidate())

    stage.after(LATE_S)
    stage.process.load()
    stage.one.step()

    assert stage.process.asked == []
    assert [(one.outcome, one.why) for one in stage.dropped] == [
        (Unheard.TOO_LATE, "the confirming model was still loading")
    ]


def test_an_answer_that_comes_too_late_confirms_nothing(stage: Stage) -> None:
    stage.load()
    stage.ask(candidate())

    stage.time += LATE_S
    stage.answer(go=0.9)

    assert stage.offered == []
    assert stage.outcomes == [Unheard.TOO_LATE]


def test_a_recording_is_never_too_late(stage: Stage) -> None:
    stage.asking = stage.asking_for(patient=True)
    stage.ask(candidate())
    stage.after(100.0)

    stage.process.load()
    stage.one.step()
    stage.time += 10.0
    stage.answer(go=0.9)

    assert len(stage.offered) == 1


def test_one_candidate_too_many_is_dropped_at_once(stage: Stage) -> None:
    for number in range(MOST + 1):
        stage.asking.ask(candidate(number, number * 2.0))

    assert stage.outcomes == [Unheard.TOO_LATE]
    assert stage.dropped[0].detection.id == f"d{MOST}"


def test_its_process_ends_when_nothing_was_heard_for_a_while_and_is_back_at_the_next_sound(stage: Stage) -> None:
    stage.load()
    stage.after(BIG.idle_s - 1)
    stage.asking.stir()
    stage.after(BIG.idle_s - 1)
    assert stage.state is Readiness.READY

    stage.after(1.0)
    assert (stage.process.ends, stage.state) == (1, Readiness.RESTING)
    stage.after(1000.0)
    assert len(stage.processes) == 1

    stage.asking.stir()
    stage.one.step()
    assert (len(stage.processes), stage.state) == (2, Readiness.LOADING)


def test_in_torch_its_process_stays_without_the_weights_and_loads_them_at_the_next_sound(stage: Stage) -> None:
    stage.load(engine="torch")
    stage.after(BIG.idle_s)
    assert (stage.process.told, stage.process.ends, stage.state) == (["rest"], 0, Readiness.RESTING)
    stage.after(1000.0)
    assert (stage.process.told, stage.one.patience()) == (["rest"], None)

    stage.asking.stir()
    stage.one.step()
    assert (stage.process.told, stage.state) == (["rest", "wake"], Readiness.LOADING)
    stage.ask(candidate())
    stage.after(LATE_S - 0.1)
    stage.process.load()
    stage.one.step()
    stage.answer(go=0.9)

    assert len(stage.processes) == 1
    assert len(stage.offered) == 1


def test_a_process_that_dies_at_rest_is_no_trouble(stage: Stage) -> None:
    stage.load(engine="torch")
    stage.after(BIG.idle_s)

    stage.lose("its process was ended by SIGKILL")
    assert (stage.state, stage.one.status["reason"]) == (Readiness.RESTING, "")

    stage.load()
    stage.ask(candidate())
    stage.answer(go=0.9)
    assert (len(stage.processes), len(stage.offered)) == (2, 1)


def test_a_process_that_does_not_wake_is_ended(stage: Stage) -> None:
    stage.load(engine="torch")
    stage.after(BIG.idle_s)
    stage.asking.stir()
    stage.one.step()

    stage.after(LOADING_S)

    assert (stage.processes[0].ends, stage.one.status["reason"]) == (1, "it has not answered in time")


def test_the_thread_sleeps_until_something_is_due(stage: Stage) -> None:
    assert stage.one.patience() is None

    stage.asking.stir()
    stage.one.step()
    assert stage.one.patience() == LOADING_S

    stage.process.load()
    stage.one.step()
    assert stage.one.patience() == BIG.idle_s

    stage.ask(candidate(1), candidate(2, 3.0))
    assert stage.one.patience() == LATE_S, "the second waits for the first"

    stage.answer(go=0.9)
    stage.answer(go=0.9)
    stage.after(BIG.idle_s)
    assert stage.one.patience() is None


def test_a_process_that_dies_is_told_with_what_it_was_asked_and_replaced_at_once(stage: Stage) -> None:
    stage.load()
    stage.ask(candidate(1))
    stage.answer(go=0.9)
    stage.ask(candidate(2, 4.0))

    stage.lose("its process was ended by SIGKILL")
    stage.one.step()
    stage.process.load()
    stage.ask(candidate(3, 8.0))
    stage.answer(go=0.9)

    assert [(one.detection.id, one.outcome) for one in stage.dropped] == [("d2", Unheard.NOT_ASKED)]
    assert "SIGKILL" in stage.dropped[0].why
    assert [one.id for one in stage.offered] == ["d1", "d3"]
    assert stage.one.status["reason"] == ""


def test_what_cannot_be_loaded_confirms_nothing_and_is_tried_again_later_and_later(stage: Stage) -> None:
    stage.asking.stir()
    stage.one.step()
    stage.lose("no such file")
    stage.ask(candidate())

    assert stage.outcomes == [Unheard.NOT_ASKED]
    assert (stage.state, stage.one.status["reason"]) == (Readiness.FAILED, "no such file")
    for tries, wait_s in enumerate((*RETRIES_S[1:], RETRIES_S[-1]), 1):
        stage.asking.stir()
        stage.after(wait_s - 1)
        assert len(stage.processes) == tries
        stage.asking.stir()
        stage.after(1)
        assert len(stage.processes) == tries + 1
        stage.lose("no such file")


def test_a_process_that_cannot_be_started_is_told(stage: Stage) -> None:
    stage.refuses = "Cannot allocate memory"

    stage.ask(candidate())
    stage.one.step()

    assert stage.outcomes == [Unheard.NOT_ASKED]
    assert "Cannot allocate memory" in stage.dropped[0].why


@pytest.mark.parametrize(("loaded", "wait_s"), [(False, LOADING_S), (True, ANSWER_S)])
def test_a_process_that_says_nothing_is_ended(stage: Stage, *, loaded: bool, wait_s: float) -> None:
    stage.asking = stage.asking_for(patient=True)
    if loaded:
        stage.load()
    stage.ask(candidate())

    stage.after(wait_s)
    stage.one.step()

    assert stage.processes[0].ends == 1
    assert Unheard.NOT_ASKED in stage.outcomes


def test_what_an_ended_process_still_says_is_no_news(stage: Stage) -> None:
    stage.load()
    old = stage.process
    stage.after(BIG.idle_s)
    stage.load()
    stage.ask(candidate())

    old.tell(Scored((0.99, 0.0, 0.0, 0.0)))
    old.tell(Ended("its process ended with exit code 0"))
    stage.one.step()

    assert stage.offered == []
    assert stage.state is Readiness.READY


def test_its_thread_confirms_drains_and_ends_with_the_process() -> None:
    stage = Stage(says=1.0)
    stage.asking = stage.asking_for(patient=True)
    stage.one.start()

    for number in range(3 * MOST):
        stage.asking.ask(candidate(number, number * 2.0))
    drained = stage.one.drain(10.0)

    assert drained
    assert len(stage.offered) == 3 * MOST
    assert stage.one.stop(10.0)
    assert stage.process.ends == 1


# --- from the sound on ----------------------------------------------------------------------------------------------


def decisions(*, least: float, confirm: bool = True) -> tuple[Decision, ...]:
    rule = Rule("go", (), cooldown_s=3.0, confirm=confirm)
    return (
        confirmed_by(ConfirmWith("big", least), rule, decide_by(rule, {}, Sensitivity.NORMAL), {}, Sensitivity.NORMAL),
    )


def words() -> Samples:
    return placed(0.5, hiss(16.0, -70.0), one=2.0, two=4.0, three=7.0, four=9.0, five=13.0)


def source(sound: Samples) -> HandSource:
    made = HandSource(live=False)
    for at in range(0, len(sound), 1600):
        made.hear(sound[at : at + 1600])
    made.end()
    return made


def heard(decided: tuple[Decision, ...], classifier: LevelClassifier | None = None) -> list[tuple[str, int]]:
    """What is offered, with a big model that computes promptly."""
    found: list[Detection] = []
    confirmer = Promptly(lambda: classifier, found.append) if classifier else None
    Listener(source(words()), LevelClassifier(), Setup(), decided, found.append, confirmer=confirmer).listen()
    return [(one.keyword, one.at) for one in found]


def test_with_a_model_that_always_agrees_the_detections_are_the_same_as_without_it() -> None:
    plain = (decide_by(Rule("go", (), cooldown_s=3.0), {}, Sensitivity.NORMAL),)
    big = LevelClassifier()

    assert heard(decisions(least=0.5), big) == heard(plain)
    assert len(heard(plain)) == 3
    assert big.batches == [1] * 3, "what falls into a cooldown is not asked about"


def test_with_a_model_that_never_agrees_nothing_is_heard_but_what_does_without_it() -> None:
    assert heard(decisions(least=1.0), LevelClassifier()) == []
    assert len(heard(decisions(least=1.0, confirm=False), LevelClassifier())) == 3


def test_the_stage_is_stirred_by_sound_and_not_by_quiet() -> None:
    class Noting:
        stirred = 0

        def stir(self) -> None:
            self.stirred += 1

        def ask(self, candidate: Candidate) -> None: ...

    def stirs(sound: Samples) -> int:
        one = Noting()
        listened = Listener(
            source(sound), LevelClassifier(), Setup(), decisions(least=0.5), lambda _: None, confirmer=one
        )
        listened.listen()
        return one.stirred

    assert stirs(hiss(5.0, -70.0)) == 0
    assert stirs(placed(0.3, hiss(5.0, -70.0), word=2.0)) > 0
