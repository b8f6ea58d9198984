"""The supervisor: builds the parts, starts, watches and stops them, and answers the control socket."""

from __future__ import annotations

import logging
import os
import queue
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from voicego import __version__
from voicego.daemon.parts import JOIN_S, Parts, Session, Subscribers
from voicego.errors import Exit, RulesError, VoicegoError
from voicego.flow import Engine, Outcome, Rule, Setup, State, Status, Unheard, seconds
from voicego.listener import Counters, Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.acting.dispatcher import Dispatcher
    from voicego.confirming.stage import SecondStage
    from voicego.flow import ActionRun, ConfirmWith, Detection, NotConfirmed
    from voicego.listener import Deafness
    from voicego.seams import Classifier

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

RETRY_S = 2.0
"""Seconds between two tries to open a microphone that is not there."""
DRAIN_S = 60.0
"""Seconds that the last actions are given when a recording has ended."""
ANSWER_S = 5.0
"""Seconds that the supervisor is given to make a change that somebody waits for."""
BY_HAND = "by hand"
FOR_A_WHILE = "for a while"


class Daemon:
    """The `Controls`. Every change is made on the thread that calls `run`; other threads post it and may wait."""

    def __init__(self, parts: Parts, dispatcher: Callable[[Daemon], Dispatcher], ears: Deafness) -> None:
        self._parts = parts
        self._ears = ears
        self._dispatcher = dispatcher(self)
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._setup: Setup | None = None
        self._rules: dict[str, Rule] = {}
        self._config_error = ""
        self._classifier: Classifier | None = None
        self._classifier_of: tuple[str, Engine, int] | None = None
        self._loading: Setup | None = None
        self._session: Session | None = None
        self._stage: SecondStage | None = None
        self._stage_of: tuple[ConfirmWith | None, Engine, int] | None = None
        self._retry_at: float | None = None
        self._ever_heard = False
        self._trouble = ""
        self._failure = ""
        self._paused: dict[str, float | None] = {}
        """Reason to the time at which it ends, by `parts.now`, or None."""
        self._stopping: Exit | None = None
        self._state = State.STARTING
        self._counters: dict[str, int] = dict.fromkeys(
            ("detections", "actions", "actions_failed", "reconnects", "confirmed", *Unheard), 0
        )
        self._counting = threading.Lock()
        """Detections come from the listener's thread, and from the second stage's."""
        self._before = Counters()
        """Sums of the sessions that ended."""
        self._last_detection: dict[str, Any] | None = None
        self._last_run: dict[str, Any] | None = None
        self._subscribers = Subscribers()

    # --- the supervisor's thread ----------------------------------------------------------------------------------

    def run(self, setup: Setup | None, config_error: str = "") -> Exit:
        """Listen by `setup` (None: there are no rules that work) until told to stop."""
        self._config_error = config_error
        self._dispatcher.start()
        if setup is not None:
            self._adopt(setup)
        try:
            self._settle()
            while self._stopping is None:
                with suppress(queue.Empty):
                    self._posted.get(timeout=self._patience())()
                self._settle()
        finally:
            self._shut_down()
        return self._stopping or Exit.OK

    def _patience(self) -> float | None:
        """Seconds until something is due."""
        ends = [until - self._parts.now() for until in self._paused.values() if until is not None]
        if self._retry_at is not None:
            ends.append(self._retry_at - self._parts.clock())
        return max(0.0, min(ends)) if ends else None

    def _settle(self) -> None:
        """Do what is due, and bring hearing in line with what is wanted."""
        if self._stopping is not None:
            return
        for reason, until in list(self._paused.items()):
            if until is not None and until <= self._parts.now():
                del self._paused[reason]
                log.info("listening again, the pause is over")
        if self._paused and self._session:
            self._end_session()
        due = self._retry_at is None or self._retry_at <= self._parts.clock()
        if not self._paused and not self._session and self._classifier and not self._failure and due:
            self._begin_session()
        self._show()

    def _begin_session(self) -> None:
        assert self._setup is not None, "a classifier is loaded for a setup"  # noqa: S101
        assert self._classifier is not None  # noqa: S101
        source = self._parts.source(self._setup)
        self._retry_at = None
        try:
            source.open()
        except VoicegoError as error:
            may_come = self._ever_heard or self._parts.waits_for(error)
            self._lose(str(error), wait=source.live and may_come)
            return
        self._trouble = ""
        self._ever_heard = True
        stage = self._stage_for(self._setup)
        listener = Listener(
            source,
            self._classifier,
            self._setup,
            self._parts.decisions(self._setup),
            self._heard,
            self._ears,
            confirmer=stage.asking(self._heard, patient=not source.live) if stage else None,
        )
        thread = threading.Thread(target=self._listen, args=(listener,), name="voicego-listener", daemon=True)
        self._session = Session(listener, thread)
        log.info("listening to %s for: %s", source.name, ", ".join(self._rules) or "nothing, no rule is active")
        thread.start()

    def _stage_for(self, setup: Setup) -> SecondStage | None:
        """Take the second stage in use, or another where a setup asks for that; awake, for listening begins."""
        wanted = (setup.confirm_with, setup.engine, setup.threads)
        if self._stage_of != wanted:
            self._end_stage()
            self._stage, self._stage_of = self._parts.second_stage(setup, self._not_confirmed), wanted
            if self._stage:
                self._stage.start()
        if self._stage:
            self._stage.stir()
        return self._stage

    def _end_stage(self) -> None:
        stage, self._stage, self._stage_of = self._stage, None, None
        if stage and not stage.stop(JOIN_S):
            log.warning("the thread voicego-confirming did not end in time")

    def _end_session(self) -> None:
        if self._session is None:
            return
        session, self._session = self._session, None
        if not session.end():
            log.warning("the thread %s did not end in time", session.thread.name)
        self._add_up(session.listener.counters)

    def _add_up(self, counters: Counters) -> None:
        self._before = Counters(**{name: n + getattr(counters, name) for name, n in asdict(self._before).items()})

    def _lose(self, why: str, *, wait: bool) -> None:
        """Say that there is nothing to hear, and try again in a while if it may come."""
        if wait:
            if self._trouble != why:
                log.warning("%s; waiting for one (`voicego demo`, or `make demo`, needs none)", why)
            self._trouble = why
            self._retry_at = self._parts.clock() + RETRY_S
        else:
            log.error("%s", why)
            self._stopping = Exit.FAILED

    def _adopt(self, setup: Setup) -> None:
        """Take new rules. What they share with the old ones goes on without a gap."""
        needed = _model(setup)
        if self._classifier is None:  # nothing listens yet, but `voicego do` can
            self._setup, self._rules = setup, _active(setup)
        if self._classifier_of != needed:
            self._loading = setup
            threading.Thread(target=self._load, args=(setup,), name="voicego-loading", daemon=True).start()
            return
        self._loading = None
        old, self._setup = self._setup, setup
        self._rules = _active(setup)
        if self._session is None:
            return
        if old and replace(old, rules=setup.rules, sensitivity=setup.sensitivity, chime=setup.chime) == setup:
            self._session.listener.follow_rules(self._parts.decisions(setup))
        else:
            self._end_session()
            self._retry_at = None

    def _loaded(self, setup: Setup, classifier: Classifier | VoicegoError) -> None:
        if setup is not self._loading:  # the rules were changed again meanwhile
            return
        self._loading = None
        if isinstance(classifier, VoicegoError):
            log.error("%s", classifier)
            if self._classifier is None:
                self._failure = str(classifier)
                self._stopping = None if self._parts.patient else Exit.FAILED
            else:
                self._config_error = f"{classifier}; the model in use stays"
                self._subscribers.tell({"event": "config error", "error": self._config_error})
            return
        self._end_session()
        self._failure = ""
        self._classifier, self._classifier_of = classifier, _model(setup)
        self._adopt(setup)

    def _ended(self, listener: Listener, error: str) -> None:
        """Notice that a listener's thread came to its end."""
        if self._session is None or self._session.listener is not listener:
            return
        self._end_session()
        if error:
            self._counters["reconnects"] += 1
            self._lose(error, wait=listener.source.live)
        elif not listener.source.live:
            log.info("%s has ended", listener.source.name)
            if self._stage:
                self._stage.drain(DRAIN_S)
            self._dispatcher.drain(DRAIN_S)
            self._stopping = Exit.OK

    def _shut_down(self) -> None:
        self._end_session()
        self._end_stage()
        if not self._dispatcher.stop(JOIN_S):
            log.warning("the actions' thread did not end in time")
        self._state = State.STOPPED
        self._subscribers.tell({"event": "state", "state": self._state, "reason": ""})
        log.info("stopped")

    def _show(self) -> None:
        state = self._which_state()
        if state is not self._state:
            self._state = state
            log.info("%s%s", state, f": {self._reason()}" if self._reason() else "")
            self._subscribers.tell({"event": "state", "state": state, "reason": self._reason()})

    def _which_state(self) -> State:
        if self._failure:
            return State.FAILED
        if self._paused:
            return State.PAUSED
        if self._session:
            return State.LISTENING
        if self._loading:
            return State.LOADING
        if self._setup is None:
            return State.CONFIG_ERROR
        return State.RECONNECTING

    def _reason(self) -> str:
        if self._paused and not self._failure:
            return ", ".join(
                reason if until is None else f"until {datetime.fromtimestamp(until):%H:%M:%S}"  # noqa: DTZ006 -- shown to a person
                for reason, until in self._paused.items()
            )
        return self._failure or self._trouble or ("" if self._setup else self._config_error)

    # --- other threads ----------------------------------------------------------------------------------------------

    def _load(self, setup: Setup) -> None:
        try:
            outcome: Classifier | VoicegoError = self._parts.classifier(setup)
        except VoicegoError as error:
            outcome = error
        except Exception as error:
            log.exception("loading the model met a surprise")
            outcome = VoicegoError(f"the model {setup.model} cannot be loaded ({type(error).__name__}); see the log")
        self._posted.put(lambda: self._loaded(setup, outcome))

    def _listen(self, listener: Listener) -> None:
        error = ""
        try:
            listener.listen()
        except VoicegoError as lost:
            error = str(lost)
        except Exception as surprise:
            log.exception("the listener met a surprise")
            error = f"listening failed ({type(surprise).__name__}); see the log"
        finally:
            listener.source.close()
        self._posted.put(lambda: self._ended(listener, error))

    def _heard(self, detection: Detection) -> None:
        """Pass a detection on, from the listener's thread or the second stage's. Never blocks."""
        rule = self._rules.get(detection.keyword)
        if rule is None:  # switched off a moment ago
            return
        confirmed = "" if detection.confirmed is None else f", confirmed {detection.confirmed:.2f}"
        log.info("%s heard %s (%.2f%s)", detection.id, detection.keyword, detection.score, confirmed)
        taken = self._dispatcher.offer(detection, rule)
        if self._setup and self._setup.chime:
            self._dispatcher.chime()
        with self._counting:
            self._counters["detections"] += 1
            self._counters["confirmed"] += detection.confirmed is not None
        self._last_detection = found = {
            "id": detection.id,
            "keyword": detection.keyword,
            "score": detection.score,
            "confirmed": detection.confirmed,
            "at_s": round(seconds(detection.at), 3),
            "time": self._parts.now(),
        }
        self._subscribers.tell({"event": "detection", **found, "taken": taken})

    def _not_confirmed(self, one: NotConfirmed) -> None:
        """Note a candidate that is not acted on; from the second stage's thread or the listener's. Never blocks."""
        with self._counting:
            self._counters[one.outcome] += 1
        heard = one.detection
        self._subscribers.tell(
            {"event": "not confirmed", "id": heard.id, "keyword": heard.keyword, "outcome": one.outcome, "why": one.why}
        )

    def ran(self, run: ActionRun) -> None:
        """Note how an action ended; the dispatcher calls it, on its thread."""
        self._counters["actions"] += 1
        self._counters["actions_failed"] += run.outcome in {Outcome.FAILED, Outcome.TIMED_OUT}
        self._last_run = asdict(run) | {"time": self._parts.now()}
        self._subscribers.tell({"event": "action", **self._last_run})

    def ask_to_pause(self, for_s: float | None) -> None:
        """Pause soon; for actions, which must not wait."""
        self._posted.put(lambda: self._pause(for_s))

    def ask_to_stop(self, exit_code: Exit = Exit.OK) -> None:
        """Stop soon; fit for a signal handler (SimpleQueue.put is reentrant)."""
        self._posted.put(lambda: self._stop(exit_code))

    def ask_to_reload(self) -> None:
        """Read the rules again soon; what is wrong with them is logged and shown in the status."""

        def quietly() -> None:
            with suppress(RulesError):  # noted by then
                self._reload()

        self._posted.put(quietly)

    def _done_by_supervisor(self, change: Callable[[], Answer]) -> Answer:
        """Have the supervisor make a change and wait for it."""
        future: Future[Answer] = Future()

        def work() -> None:
            try:
                future.set_result(change())
            except BaseException as error:  # noqa: BLE001 -- it is the asker's
                future.set_exception(error)

        self._posted.put(work)
        try:
            return future.result(ANSWER_S)
        except TimeoutError as error:
            raise VoicegoError("voicego is stopping, or stuck; `voicego log` may say why") from error

    def _pause(self, for_s: float | None) -> None:
        if for_s is None:
            self._paused = {BY_HAND: None}
        else:
            self._paused.pop(BY_HAND, None)
            self._paused[FOR_A_WHILE] = self._parts.now() + for_s
        self._settle()

    def _resume(self) -> None:
        self._paused.clear()
        self._settle()

    def _reload(self) -> None:
        try:
            setup = self._parts.read_rules()
        except RulesError as error:
            if str(error) != self._config_error:
                log.error("the rules are broken, the last good ones stay:\n%s", error)
            self._config_error = str(error)
            self._subscribers.tell({"event": "config error", "error": self._config_error})
            self._show()
            raise
        self._config_error = ""
        if setup != self._setup:
            self._parts.keep()
            self._failure = ""
            self._adopt(setup)
            log.info("the rules were read: %s", ", ".join(r.keyword for r in setup.rules if r.enabled) or "none active")
        self._subscribers.tell({"event": "rules"})
        self._settle()

    def _stop(self, exit_code: Exit) -> None:
        self._stopping = exit_code

    # --- what the control socket may ask --------------------------------------------------------------------------

    def status(self) -> Status:
        """Picture the daemon as it is now; from any thread."""
        session = self._session
        now = session.listener.counters if session else Counters()
        totals = {name: n + getattr(now, name) for name, n in asdict(self._before).items()}
        until = [end for end in list(self._paused.values()) if end is not None]
        setup, stage = self._setup, self._stage
        return Status(
            state=self._state,
            reason=self._reason(),
            pause_reasons=tuple(self._paused),
            paused_until=until[0] if until else None,
            pid=os.getpid(),
            version=__version__,
            rules_file=str(self._parts.rules_file or ""),
            rules=tuple(self._rules),
            config_error=self._config_error,
            microphone=session.listener.source.name if session else "",
            engine=self._classifier.engine if self._classifier else "",
            engine_file=self._classifier.file if self._classifier else "",
            model=setup.model if setup else "",
            confirming=stage.status if stage else None,
            counters={
                **self._counters,
                "windows": totals["windows"],
                "utterances": totals["utterances"],
                "skipped_samples": totals["skipped"],
                "dropped_detections": self._dispatcher.dropped,
            },
            heard_s=round(seconds(totals["heard"]), 1),
            last_detection=self._last_detection,
            last_run=self._last_run,
            log_file=str(self._parts.log_file or ""),
        )

    def pause(self, for_s: float | None = None) -> Status:
        """Stop listening and close the microphone."""
        self._done_by_supervisor(lambda: self._pause(for_s))
        return self.status()

    def resume(self) -> Status:
        """Listen again."""
        self._done_by_supervisor(self._resume)
        return self.status()

    def reload(self) -> Status:
        """Read the rules again."""
        self._done_by_supervisor(self._reload)
        return self.status()

    def stop(self) -> Status:
        """End, after this answer."""
        status = replace(self.status(), state=State.STOPPED)
        self.ask_to_stop()
        return status

    def do(self, keyword: str) -> tuple[ActionRun, ...]:
        """Carry out a rule's actions now, in the caller's thread."""
        rule = self._rules.get(keyword)
        if rule is None:
            there = ", ".join(self._rules) or "none"
            raise VoicegoError(f'there is no active rule for "{keyword}"; there are: {there}')
        return self._dispatcher.do(rule)

    def subscribe(self, listener: Callable[[dict[str, object]], None]) -> Callable[[], None]:
        """Call `listener` with each event until what is returned is called."""
        return self._subscribers.add(listener)


def _model(setup: Setup) -> tuple[str, Engine, int]:
    """What a model is loaded anew for when it changes."""
    return setup.model, setup.engine, setup.threads


def _active(setup: Setup) -> dict[str, Rule]:
    return {rule.keyword: rule for rule in setup.rules if rule.enabled}
