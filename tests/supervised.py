"""A daemon that runs in a thread, with stand-ins for everything that it watches over."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tests.sounds import hiss, placed
from tests.stand_ins import HandProcess, HandSource, LevelClassifier, NotingActor
from voicego.confirming.stage import SecondStage
from voicego.daemon import Daemon, Manager, Parts
from voicego.errors import Exit, Problem, RulesError, VoicegoError
from voicego.flow import Notify, Rule, Setup
from voicego.hearing.choosing import Device
from voicego.listener import Deafness
from voicego.spotting.decision import Decision, Row, Thresholds, decide_by

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voicego.acting.dispatcher import Dispatcher
    from voicego.confirming.child import Message
    from voicego.flow import Absence, NotConfirmed, Samples

GO = Setup(rules=(Rule("go", (Notify("went"),)),))
TABLE = {"go": Row(alone=Thresholds(lower=0.99, normal=0.7, higher=0.5))}
"""The stand-in for the model is 0.94 sure."""
WAIT_S = 10.0


@dataclass
class HandWatch:
    """Tells of absence when a test says so."""

    kinds: frozenset[Absence]
    tell: Callable[[Absence, bool], None]
    running: bool = False

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        self.running = False


class StuckClassifier(LevelClassifier):
    """Holds whoever asks until an event is cleared."""

    def __init__(self, stuck: threading.Event) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.freed = threading.Event()
        self._stuck = stuck

    def score(self, windows: Samples) -> Samples:
        if self._stuck.is_set():
            self.asked.set()
            self.freed.wait()
        return super().score(windows)


@dataclass
class House:
    """A daemon that runs in a thread, and all that a test may touch of it."""

    setup: Setup | None = GO
    config_error: str = ""
    patient: bool = True
    waits: bool = True
    live: bool = True
    rules: Setup | RulesError = GO
    model: VoicegoError | None = None
    refuses: Exception | None = None
    sources: list[HandSource] = field(default_factory=list)
    loads: list[Setup] = field(default_factory=list)
    kept: int = 0
    time: float = 1000.0
    bigs: list[HandProcess] = field(default_factory=list)
    refuses_big: str = ""
    big_says: float | None = 1.0
    folder: Path | None = None
    """Where choices are kept; None: nothing is chosen."""
    slept: float = 0.0
    """Seconds that the computer has slept."""
    better: bool = False
    """A preferred microphone is there."""
    hanging: threading.Event | None = None
    """Opening comes back when it is set."""
    holding: threading.Event = field(default_factory=threading.Event)
    """Models are loaded while it is set."""
    may_begin: bool = False
    """The process may begin anew."""
    undecided: Exception | None = None
    """What it takes to detect a word cannot be told."""
    missing: tuple[str, ...] = ()
    """Microphones that are not there."""
    wanted: list[tuple[str, ...]] = field(default_factory=list)
    """Microphones that a source was made for, one after the other."""
    models: list[LevelClassifier] = field(default_factory=list)
    answers: tuple[str, ...] = ()
    """Words that are heard as answers alone."""
    loud: str = "go"
    """What the model takes loud sound for."""
    stuck: threading.Event | None = None
    """While it is set, the model scores nothing and comes not back."""
    manager: Manager = field(default_factory=lambda: Manager({}, 0))
    watches: list[HandWatch] = field(default_factory=list)
    actor: NotingActor = field(default_factory=NotingActor)
    exit_code: Exit | None = None
    events: SimpleQueue[dict[str, object]] = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        self.holding.set()
        ears = Deafness()
        parts = Parts(
            read_rules=self._read,
            classifier=self._load,
            decisions=self._decisions,
            source=self._source,
            second_stage=self._second_stage,
            keep=self._keep,
            lasting=self.live,
            patient=self.patient,
            waits_for=lambda _: self.waits,
            better=lambda *_: self.better,
            microphones=lambda: (Device("other", "ALSA", 2, 48_000.0), Device("default", "ALSA", 2, 48_000.0)),
            absence=self._absence,
            choices_file=self.folder / "choices.json" if self.folder else None,
            wrong_file=self.folder / "wrong.tsv" if self.folder else None,
            may_begin_again=lambda: self.may_begin,
            manager=self.manager,
            clock=lambda: self.time,
            outside=lambda: self.time + self.slept,
            now=lambda: self.time,
        )
        self.daemon = Daemon(parts, self._act, ears)
        self.daemon.subscribe(self.events.put)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        self.exit_code = self.daemon.run(self.setup, self.config_error)

    def _act(self, daemon: Daemon) -> Dispatcher:
        self.actor.report = daemon.ran
        return cast("Dispatcher", self.actor)

    def _read(self) -> Setup:
        if isinstance(self.rules, RulesError):
            raise self.rules
        return self.rules

    def _load(self, setup: Setup) -> LevelClassifier:
        self.loads.append(setup)
        self.holding.wait()
        if self.model:
            raise self.model
        self.models.append(LevelClassifier(loud=self.loud) if self.stuck is None else StuckClassifier(self.stuck))
        return self.models[-1]

    def _absence(self, kinds: frozenset[Absence], tell: Callable[[Absence, bool], None]) -> HandWatch:
        self.watches.append(HandWatch(kinds, tell))
        return self.watches[-1]

    def _decisions(self, setup: Setup) -> tuple[Decision, ...]:
        if self.undecided:
            raise self.undecided
        plain = tuple(decide_by(rule, TABLE, setup.sensitivity) for rule in setup.rules)
        plain += tuple(decide_by(Rule(word, ()), TABLE, setup.sensitivity) for word in self.answers)
        return tuple(replace(one, confirm=0.5) for one in plain) if setup.confirm_with else plain

    def _second_stage(self, setup: Setup, report: Callable[[NotConfirmed], None]) -> SecondStage | None:
        return SecondStage(setup.confirm_with, self._big, report) if setup.confirm_with else None

    def _big(self, tell: Callable[[Message], None]) -> HandProcess:
        self.bigs.append(HandProcess(tell, self.refuses_big, says=self.big_says))
        return self.bigs[-1]

    def _source(self, setup: Setup) -> HandSource:
        self.wanted.append(setup.microphones)
        there = [name for name in setup.microphones if name not in self.missing]
        source = HandSource(self.live, there[0], self.refuses, hanging=self.hanging)
        self.sources.append(source)
        return source

    def _keep(self) -> None:
        self.kept += 1

    def look_around(self, passed_s: float = 0.0, *, heard: bool = True) -> None:
        """Let time pass in steps of a second, in each of which sound comes (or not) and the supervisor looks around."""
        for _ in range(max(1, round(passed_s))):
            self.time += passed_s and 1.0
            if heard and (session := self.daemon._supervisor._capture.session):
                self.sources[-1].hear(np.zeros(0, np.float32))
                while session.heart._last != self.time:
                    time.sleep(0.001)
            for _ in range(2):  # the first may be asked when it has looked already
                self.daemon._changed(lambda: None)

    @property
    def listener_thread(self) -> threading.Thread | None:
        session = self.daemon._supervisor._capture.session
        return session.thread if session else None

    def until_scoring(self) -> None:
        """Wait until the model that stands still was asked."""
        assert isinstance(self.models[-1], StuckClassifier)
        assert self.models[-1].asked.wait(WAIT_S)

    def free(self) -> None:
        """Let those that stand still go on."""
        for model in self.models:
            if isinstance(model, StuckClassifier):
                model.freed.set()

    def until(self, event: str, **values: object) -> dict[str, object]:
        """Wait for an event that has these values."""
        while True:
            found = self.events.get(timeout=WAIT_S)
            if found["event"] == event and all(found[name] == value for name, value in values.items()):
                return found

    def say_go(self) -> None:
        sound = placed(0.4, hiss(3.0, -75.0), word=1.5)
        for at in range(0, len(sound), 1600):
            self.sources[-1].hear(sound[at : at + 1600])

    def ends(self) -> Exit | None:
        self.thread.join(WAIT_S)
        return self.exit_code


def began(**options: Any) -> House:  # noqa: ANN401 -- the fields of House
    one = House(**options)
    one.thread.start()
    return one


def broken(text: str = "no keyword") -> RulesError:
    return RulesError((Problem("voicego.yaml:3:1", text),))


def left(house: House) -> None:
    house.daemon.ask_to_stop()
    assert house.ends() is Exit.OK
