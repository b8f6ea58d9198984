"""Take detections, carry out their rules' actions in order on a thread of its own, and report each."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from voicego.acting import chime, cores, launch, notify, open_, pause, run, say
from voicego.acting.describe import describe
from voicego.acting.desk import Desk, Ran, System, nothing, this_system
from voicego.acting.door import Door
from voicego.acting.limits import Limits
from voicego.acting.placeholders import Heard
from voicego.acting.rehearsal import Rehearsal
from voicego.acting.runner import Runner
from voicego.acting.session import Session
from voicego.flow import Action, ActionRun, Launch, Notify, Open, Outcome, Pause, Rate, Run, Say

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.flow import Detection, Notice, Rule
    from voicego.seams import Ears

log = logging.getLogger("voicego.acting")

TEND_S = 5.0
"""How often children that were detached are looked after, while there are any."""

OLDEST_S = 30.0
"""What has waited so long behind slow actions is not carried out: by then it would surprise."""

CHIMES = Rate(5, chime.LONGEST_S)
"""A player that hangs lives so long: there are never more of them."""

ONE_CHIME = Rate(1, 0.5)
"""A word that was heard and asks has one, not two."""


def desk_here(clock: Callable[[], float] = time.monotonic, born: Callable[[int], None] = cores.leave) -> Desk:
    """Name this desktop. Programs start in the person's home, not where voicego happened to be started.

    `born` is called with the process id of each.
    """
    system, session = this_system(), Session(os.environ)
    runner = Runner(session, Path.home(), clock=clock, born=born)
    join = partial(session.join, runner) if system is System.LINUX else nothing
    return Desk(system, runner, session, Path.home(), join)


@dataclass(frozen=True, slots=True)
class Job:
    """What one detection asks for."""

    id: str
    heard: Heard
    actions: tuple[Action, ...]
    since: float
    """When it was asked for, on the dispatcher's clock."""


class Dispatcher:
    """Takes detections. One action at a time; what comes meanwhile waits in a bounded queue.

    An action that fails is reported, and the next of its rule is carried out all the same: a notification must not
    depend on the music player. `pause` is the exception to the order: it is carried out by `offer` itself, on the
    caller's thread, so that it never waits behind a slow action. Nor is it ever beyond a limit.
    """

    def __init__(  # noqa: PLR0913 -- each is one seam, and most have a default
        self,
        *,
        report: Callable[[ActionRun], None],
        ears: Ears,
        pause: Callable[[float | None], None],
        note: Callable[[Notice], None] = lambda _: None,
        unlimited: bool = False,
        dry_run: bool = False,
        clock: Callable[[], float] = time.monotonic,
        capacity: int = 32,
        desk: Desk | None = None,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """Remember.

        `report` is called with every action's end, from the thread that carried it out (usually this one's own, for a
        pause the one that offers), and must not block. Neither must `pause`, nor `note`, which is told of what a person
        should know. `unlimited`: act on all that is offered, however much that is and however long it waited.
        """
        self._report = report
        self._ears = ears
        self._pause = pause
        self._dry_run = dry_run
        self._clock = clock
        self._capacity = capacity
        desk = desk or desk_here(clock=clock)
        self._desk = replace(desk, processes=Rehearsal(clock=clock)) if dry_run else desk
        self._now = now
        self._by_hand = itertools.count(1)
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()
        self._taking = False
        self._busy = False
        self._thread: threading.Thread | None = None
        self._unlimited = unlimited
        self._door = Door(clock=clock, note=note, show=self.tell, chime=self.chime, free=unlimited)
        self._chimes = Limits(CHIMES)
        self.dropped = 0
        """Detections that found the queue full, or waited too long in it."""

    # --- by one door in ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to carry out what is offered."""
        self._desk.processes.allow()
        self._taking = True
        if self._thread is not None and self._thread.is_alive():  # it outlived a stop, and takes up its work again
            return
        self._thread = threading.Thread(target=self._work, name="voicego-actions", daemon=True)
        self._thread.start()

    @property
    def limited(self) -> int:
        """Detections that were beyond a limit."""
        return self._door.refused

    @property
    def asks(self) -> bool:
        """Whether a rule waits for its answer: then every word is to be offered, one too that no rule has."""
        return self._door.asks

    def limit(self, overall: Rate) -> None:
        """Act at most so often, over all rules."""
        self._door.limit(overall)

    def offer(self, detection: Detection, rule: Rule | None) -> bool:
        """Queue the rule's actions; False, and nothing but its pauses done, when that cannot be. Never blocks.

        A rule that asks waits until its answer is offered. No rule: the word can only be an answer.
        """
        if not self._taking:
            log.info("%s %s: not acted on, voicego does not act now", detection.id, detection.keyword)
            return False
        let = self._door.let(detection, rule)
        return self._act(let.detection, let.actions) and let.taken

    def _act(self, detection: Detection, actions: tuple[Action, ...]) -> bool:
        job = Job(detection.id, self._heard(detection.keyword, detection.score), actions, self._clock())
        for action in job.actions:
            if isinstance(action, Pause):
                self._carry_out(action, job)
        job = replace(job, actions=tuple(each for each in job.actions if not isinstance(each, Pause)))
        return not job.actions or self._queue(job)

    def do(self, rule: Rule) -> tuple[ActionRun, ...]:
        """Carry out a rule's actions now, on the caller's thread, whether started or not."""
        job = Job(f"do-{next(self._by_hand)}", self._heard(rule.keyword, 1.0), rule.actions, self._clock())
        done = tuple(self._carry_out(action, job) for action in job.actions)
        self._wake()
        return done

    def tell(self, text: str) -> None:
        """Begin to show a notification of voicego's own. Never blocks, never fails."""
        ran = notify.begin(text, self._desk)
        if ran.outcome is Outcome.FAILED:
            log.debug("no notification: %s", ran.detail)
        self._wake()

    def chime(self) -> None:
        """Begin the sound that says "heard". Never blocks, never fails, and in a burst is not begun."""
        with self._changed:
            too_much = self._chimes.exceeded("", ONE_CHIME, self._clock())
        if too_much:
            return
        ran = chime.play(self._desk)
        if ran.outcome is Outcome.FAILED:
            log.debug("no chime: %s", ran.detail)
        self._wake()

    def drain(self, timeout_s: float) -> bool:
        """Wait until all that was offered is carried out; whether it was. For a recording that has ended."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._jobs or self._busy) or not self._taking, timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """Take nothing more, end what has a timeout and still runs, and wait for the thread; whether it ended.

        What was opened or launched lives on.
        """
        with self._changed:
            self._taking = False
            for job in self._jobs:
                log.info("%s %s: not acted on, voicego is stopping", job.id, job.heard.keyword)
            self._jobs.clear()
            self._changed.notify_all()
        self._door.close()
        self._desk.processes.halt()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _wake(self) -> None:
        """Let the thread see that there are children to tend."""
        with self._changed:
            self._changed.notify_all()

    def _queue(self, job: Job) -> bool:
        with self._changed:
            if len(self._jobs) >= self._capacity:
                self.dropped += 1
                log.warning("%s %s: not acted on, %d wait already", job.id, job.heard.keyword, self._capacity)
                return False
            self._jobs.append(job)
            self._changed.notify_all()
            return True

    # --- the thread -------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while self._taking:
            try:
                if job := self._next():
                    self._carry_out_all(job)
            except Exception:  # the thread must outlive a surprise
                log.exception("the actions thread met a surprise and goes on")
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    def _next(self) -> Job | None:
        """The next job; None when it is time to look around."""
        alive = self._desk.processes.tend()
        due_s = self._door.look_at_the_clock()
        if alive:
            due_s = TEND_S if due_s is None else min(TEND_S, due_s)
        with self._changed:
            if self._taking and not self._jobs:
                self._changed.wait(due_s)
            self._busy = self._taking and bool(self._jobs)
            return self._jobs.popleft() if self._busy else None

    def _carry_out_all(self, job: Job) -> None:
        waited_s = self._clock() - job.since
        if waited_s > OLDEST_S and not self._unlimited:
            self.dropped += 1
            log.warning("%s %s: not acted on, it waited for %.0f s", job.id, job.heard.keyword, waited_s)
            return
        for action in job.actions:
            if self._taking:
                self._carry_out(action, job)

    def _carry_out(self, action: Action, job: Job) -> ActionRun:
        ran = self._ran(action, job.heard)
        if self._dry_run and ran.outcome is not Outcome.SKIPPED:
            ran = replace(ran, outcome=Outcome.SKIPPED, detail=f"would fail: {ran.detail}")
        done = ActionRun(
            detection_id=job.id,
            keyword=job.heard.keyword,
            action=describe(action),
            outcome=ran.outcome,
            exit_code=ran.exit_code,
            seconds=ran.seconds,
            detail=ran.detail,
            started_at=ran.started_at or self._clock(),
        )
        _write(done)
        self._report(done)
        return done

    def _ran(self, action: Action, heard: Heard) -> Ran:  # noqa: PLR0911 -- one for each kind
        if not isinstance(action, Pause):  # a pause is carried out by whoever offers, who must not wait
            self._desk.join()
        match action:
            case Open():
                return open_.carry_out(action, heard, self._desk)
            case Launch():
                return launch.carry_out(action, heard, self._desk)
            case Run():
                return run.carry_out(action, heard, self._desk)
            case Notify():
                return notify.carry_out(action, heard, self._desk)
            case Say():
                deaf = contextlib.nullcontext if self._dry_run else self._ears.deaf
                return say.carry_out(action, heard, self._desk, deaf)
            case Pause() if self._dry_run:
                return Ran(Outcome.SKIPPED, f"would {describe(action)}")
            case Pause():
                return pause.carry_out(action, self._pause, self._clock)
            case _:
                assert_never(action)

    def _heard(self, keyword: str, score: float) -> Heard:
        return Heard(keyword, score, f"{self._now():%H:%M:%S}")


def _write(done: ActionRun) -> None:
    """One line in the diary. What an action printed is in it only when it failed."""
    told = (done.detection_id, done.keyword, done.action, done.outcome, done.seconds)
    if done.outcome is Outcome.OK:
        log.info("%s %s: %s: %s (%.2f s)", *told)
        return
    level = logging.INFO if done.outcome is Outcome.SKIPPED else logging.WARNING
    log.log(level, "%s %s: %s: %s (%.2f s): %s", *told, " | ".join(done.detail.splitlines()))
