"""The second stage while listening: candidates wait here, on a thread of its own, for the big model's word.

The model is there while somebody may be about: it is loaded when listening begins and whenever the gate hears anything,
for at a candidate it would be too late to begin. After a while in which nothing was heard at all its process is ended,
or, in torch, whose import takes longer than a word waits, only lets the weights go. What it cannot answer in time, or
at all, is not acted on, and that is counted and said.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from voicego.confirming.child import Ended, Message, Ready, Scored
from voicego.confirming.judge import Judge
from voicego.flow import Engine, NotConfirmed, Readiness, Unheard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voicego.flow import Candidate, ConfirmWith, Detection, Samples
    from voicego.seams import Confirmer

log = logging.getLogger(__name__)

LATE_S = 3.0
"""Seconds after which a word that was heard is acted on no more: by then it would surprise. A person who says the first
word after a long silence waits about as long before saying it again, and an export is loaded in less."""
MOST = 8
"""Candidates that may wait; more could not be answered in time."""
LOADING_S = 120.0
"""Seconds that loading may take before its process counts as stuck."""
ANSWER_S = 20.0
"""The same for an answer."""
RETRIES_S = (0.0, 30.0, 120.0, 600.0)
"""Seconds until the model is loaded again: at once where it had answered, later and later where it never does."""


class Process(Protocol):
    """The big model, somewhere else; what it says comes as `Message`."""

    @property
    def pid(self) -> int | None:
        """Its number."""
        ...

    def start(self) -> None:
        """Begin to load. Raises OSError."""
        ...

    def score(self, window: Samples) -> None:
        """Ask about one window."""
        ...

    def rest(self) -> None:
        """Let the weights go, and stay."""
        ...

    def wake(self) -> None:
        """Load them again."""
        ...

    def end(self) -> None:
        """End it now."""
        ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """A candidate and who asks."""

    candidate: Candidate
    since: float
    """When it was heard, on the stage's clock."""
    patient: bool
    """It comes from a recording, which nobody has to answer in time."""
    judge: Judge
    offer: Callable[[Detection], None]


@dataclass(slots=True)
class Asking:
    """The `Confirmer` of one stream of sound; never waits, but for a recording."""

    stage: SecondStage
    offer: Callable[[Detection], None]
    patient: bool
    _judge: Judge = field(default_factory=Judge)

    def stir(self) -> None:
        """Have the model there: something is heard."""
        self.stage.stir()

    def ask(self, candidate: Candidate) -> None:
        """Queue a candidate."""
        self.stage.ask(Waiting(candidate, self.stage.clock(), self.patient, self._judge, self.offer))


class SecondStage:
    """Owns the big model's process and the thread `voicego-confirming`, on which everything is decided."""

    def __init__(
        self,
        confirm_with: ConfirmWith,
        process: Callable[[Callable[[Message], None]], Process],
        report: Callable[[NotConfirmed], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember.

        `process` makes one that tells what it says. `report` is called with every candidate that is not acted on, from
        this stage's thread or the one that asks, and must not block.
        """
        self._confirm_with = confirm_with
        self._make = process
        self._report = report
        self.clock = clock
        self._changed = threading.Condition()
        self._news = False
        self._stopping = False
        self._stirred: float | None = None
        """When something was last heard."""
        self._waiting: deque[Waiting] = deque()
        self._said: deque[tuple[Process, Message]] = deque()
        self._thread = threading.Thread(target=self._work, name="voicego-confirming", daemon=True)
        # What follows is the thread's own.
        self._process: Process | None = None
        self._ready: Ready | None = None
        self._resting = False
        """The process is there, without its weights."""
        self._asked: Waiting | None = None
        self._answer_by: float | None = None
        self._lost = 1
        self._retry_at = clock()
        self._trouble = ""

    # --- any thread -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to work. Nothing is loaded before something stirs."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Confirm nothing more, end the process, and wait for the thread; whether it ended."""
        with self._changed:
            self._stopping = True
            self._waiting.clear()
            self._wake()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def drain(self, timeout_s: float) -> bool:
        """Wait until every candidate is decided; whether it is. For a recording that has ended."""
        with self._changed:
            return self._changed.wait_for(self._idle, timeout_s)

    def asking(self, offer: Callable[[Detection], None], *, patient: bool) -> Confirmer:
        """Make the `Confirmer` of one stream of sound. `offer`, called on this stage's thread, must not block."""
        return Asking(self, offer, patient)

    def stir(self) -> None:
        """Have the model there, now and for the time that the rules say; never blocks."""
        now = self.clock()
        rested = not self._is_about(now)
        self._stirred = now
        if rested:
            with self._changed:
                self._wake()

    def ask(self, waiting: Waiting) -> None:
        """Queue a candidate; one too many is dropped, but a recording waits."""
        self.stir()
        with self._changed:
            if waiting.patient:
                self._changed.wait_for(lambda: len(self._waiting) < MOST or self._stopping)
            full = len(self._waiting) >= MOST
            if not full and not self._stopping:
                self._waiting.append(waiting)
                self._wake()
        if full:
            self._drop(waiting, Unheard.TOO_LATE, f"{MOST} others wait for the same")

    @property
    def status(self) -> dict[str, Any]:
        """For `voicego status`."""
        ready, process = self._ready, self._process
        if ready:
            state = Readiness.READY
        elif process and not self._resting:
            state = Readiness.LOADING
        else:
            state = Readiness.FAILED if self._trouble else Readiness.RESTING
        return {
            "model": self._confirm_with.model,
            "state": state,
            "reason": self._trouble,
            "engine": ready.engine if ready else "",
            "file": ready.file if ready else "",
            "pid": process.pid if process else None,
        }

    def _wake(self) -> None:
        self._news = True
        self._changed.notify_all()

    def _idle(self) -> bool:
        return self._stopping or not (self._waiting or self._asked)

    # --- the thread -------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._stopping:
            try:
                self.step()
            except Exception:  # the thread must outlive a surprise
                log.exception("confirming met a surprise and goes on")
                self._asked = None
            with self._changed:
                self._changed.notify_all()  # for whoever drains, or waits for room
                self._changed.wait_for(lambda: self._news or self._stopping, self.patience())
                self._news = False
        self._end()

    def step(self) -> None:
        """Do what is due; called by the thread, and by tests in its place."""
        for message in self._messages():
            self._hear(message)
        now = self.clock()
        if self._process and self._answer_by is not None and now >= self._answer_by:
            self._lose("it has not answered in time")
        self._drop_late(now)
        if self._process is None:
            if now >= self._retry_at and self._is_wanted(now):
                self._begin(now)
            elif self._trouble:
                self._drop_all()
        elif self._resting and self._is_wanted(now):
            self._resting, self._answer_by = False, now + LOADING_S
            self._process.wake()
        elif self._ready and self._asked is None:
            if asked := self._take_next():
                self._answer_by = now + ANSWER_S
                self._process.score(asked.candidate.samples)
            elif not self._is_wanted(now):
                self._rest(self._process, self._ready)

    def patience(self) -> float | None:
        """Seconds until something is due; None: until somebody calls."""
        due = [waiting.since + LATE_S for waiting in self._waiting if not waiting.patient]
        if self._answer_by is not None:
            due.append(self._answer_by)
        now = self.clock()
        if self._ready and self._asked is None and self._stirred is not None:
            due.append(self._stirred + self._confirm_with.idle_s)
        if self._process is None and self._is_wanted(now):
            due.append(self._retry_at)
        return max(0.0, min(due) - now) if due else None

    @property
    def _name(self) -> str:
        return f"the confirming model {self._confirm_with.model}"

    def _messages(self) -> Iterator[Message]:
        """What the process said; what one said that was ended is no news."""
        while self._said:
            process, message = self._said.popleft()
            if process is self._process:
                yield message

    def _is_wanted(self, now: float) -> bool:
        return bool(self._waiting) or self._is_about(now)

    def _is_about(self, now: float) -> bool:
        """Whether somebody may be about, by what was heard lately."""
        return self._stirred is not None and now < self._stirred + self._confirm_with.idle_s

    def _begin(self, now: float) -> None:
        def tell(message: Message) -> None:
            with self._changed:
                self._said.append((process, message))
                self._wake()

        process = self._make(tell)
        try:
            process.start()
        except OSError as error:
            self._lose(f"its process cannot be started: {error.strerror or error}")
            return
        self._process, self._answer_by = process, now + LOADING_S

    def _hear(self, message: Message) -> None:
        match message:
            case Ready():
                self._ready, self._answer_by, self._trouble = message, None, ""
                log.info("%s is there (%s)", self._name, message.engine)
            case Scored() if self._ready and self._asked:
                self._answer_by, self._lost = None, 0
                self._decide(self._asked, dict(zip(self._ready.labels, message.probabilities, strict=True)))
                self._asked = None  # only now: who drains waits for the offer, too
            case Ended() if self._resting:  # no harm is done: it is started when it is wanted
                log.info("%s no longer rests: %s", self._name, message.why)
                self._end()
            case Ended():
                self._lose(message.why)

    def _decide(self, asked: Waiting, posteriors: dict[str, float]) -> None:
        if self._is_late(asked, self.clock()):
            self._drop(asked, Unheard.TOO_LATE, "the confirming model was too slow")
            return
        heard = asked.candidate.detection
        detection = asked.judge.judge(asked.candidate, posteriors)
        if detection is None:
            found, least = posteriors.get(heard.keyword, 0.0), asked.candidate.least
            self._drop(asked, Unheard.REFUSED, f"the confirming model says {found:.2f} where {least:.2f} is wanted")
            return
        asked.offer(detection)

    def _take_next(self) -> Waiting | None:
        """Take the next candidate that is worth asking about."""
        with self._changed:
            while self._waiting and self._asked is None:
                waiting = self._waiting.popleft()
                if not waiting.judge.cooled(waiting.candidate):
                    self._asked = waiting
        return self._asked

    def _is_late(self, waiting: Waiting, now: float) -> bool:
        return not waiting.patient and now >= waiting.since + LATE_S

    def _drop_late(self, now: float) -> None:
        doing = "was busy" if self._ready else "was still loading"
        while self._waiting and self._is_late(self._waiting[0], now):
            self._drop(self._waiting.popleft(), Unheard.TOO_LATE, f"the confirming model {doing}")

    def _drop_all(self) -> None:
        while self._waiting:
            self._drop(self._waiting.popleft(), Unheard.NOT_ASKED, f"{self._name} does not work: {self._trouble}")

    def _drop(self, waiting: Waiting, outcome: Unheard, why: str) -> None:
        """Say of a candidate that it is not acted on."""
        heard = waiting.candidate.detection
        level = logging.INFO if outcome is Unheard.REFUSED else logging.WARNING
        log.log(level, "%s %s (%.2f): not acted on, %s", heard.id, heard.keyword, heard.score, why)
        self._report(NotConfirmed(heard, outcome, why))

    def _lose(self, why: str) -> None:
        """Notice that the process has ended, or end it, and come back to it later."""
        asked = self._asked
        self._end()
        self._trouble = why
        wait_s = RETRIES_S[min(self._lost, len(RETRIES_S) - 1)]
        self._lost += 1
        self._retry_at = self.clock() + wait_s
        log.error("%s does not work: %s; words that need it are not acted on meanwhile", self._name, why)
        if asked:
            self._drop(asked, Unheard.NOT_ASKED, f"{self._name} does not work: {why}")

    def _rest(self, process: Process, ready: Ready) -> None:
        """Give memory back: all of it, or that of the weights, where the rest takes too long to come back."""
        log.info("nothing was heard for %g min, %s rests", self._confirm_with.idle_s / 60, self._name)
        if ready.engine == Engine.TORCH:
            self._ready, self._resting = None, True
            process.rest()
        else:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        self._ready = self._asked = self._answer_by = None
        self._resting = False
        if process:
            process.end()
