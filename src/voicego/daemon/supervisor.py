"""The supervisor: builds the parts, starts, watches and stops them, and answers the control socket."""

from __future__ import annotations

import itertools
import logging
import os
import queue
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, TypeVar

from voicego import __version__
from voicego.daemon import choices as chosen
from voicego.daemon.capture import HUNG_S, Capture, Ending
from voicego.daemon.choices import Choices
from voicego.daemon.parts import JOIN_S, Parts, Subscribers, Subscription, Watch
from voicego.daemon.pauses import Pauses
from voicego.daemon.recent import Recent, Wrongs
from voicego.daemon.watching import GAP_S, Passage, Restarts
from voicego.errors import Exit, RulesError, VoicegoError
from voicego.flow import Engine, Notice, Outcome, Rule, RuleState, Sensitivity, Setup, State, Status, Unheard, seconds
from voicego.listener import Counters, Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.acting.dispatcher import Dispatcher
    from voicego.confirming.stage import SecondStage
    from voicego.daemon.watching import Heart
    from voicego.flow import Absence, ActionRun, ConfirmWith, Detection, NotConfirmed, Scores
    from voicego.listener import Deafness
    from voicego.seams import Classifier, Source
    from voicego.spotting.decision import Decision

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

DRAIN_S = 60.0
"""Seconds that the last actions are given when a recording has ended."""
ANSWER_S = 5.0
"""Seconds that the supervisor is given to make a change that somebody waits for."""
ROUND_S = 1.0
"""How often it looks around when nothing is due."""
LEVEL_S = 0.1
"""Least seconds between two levels that a subscriber is told."""
READ_AT_EACH_WORD = ("rules", "sensitivity", "chime", "pause_while", "at_most")
"""What a running listener does not depend on, or takes between two utterances."""
GRACE_S = 10.0
"""Seconds that a person is given to mend their rules before they are told: editors save in several steps."""


class Daemon:
    """The `Controls`. Every change is made on the thread that calls `run`; other threads post it and may wait."""

    def __init__(self, parts: Parts, dispatcher: Callable[[Daemon], Dispatcher], ears: Deafness) -> None:
        self._parts = parts
        self._ears = ears
        self._dispatcher = dispatcher(self)
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._file: Setup | None = None
        """As the rules file says."""
        self._setup: Setup | None = None
        """As it is in force: with what was chosen, and what the command line wishes."""
        self._choices = Choices()
        self._rules: dict[str, Rule] = {}
        self._rule_states: tuple[RuleState, ...] = ()
        self._thresholds: dict[str, float] = {}
        self._config_error = ""
        self._broken_at: float | None = None
        """When the rules broke, while the person is given time; by `parts.clock`."""
        self._told_broken = False
        self._classifier: Classifier | None = None
        self._classifier_of: tuple[str, Engine, int] | None = None
        self._loading: Setup | None = None
        self._capture = Capture(self._posted.put, parts.clock, self._listener, self._hearing_ended, self._better)
        self._before_it: tuple[str, ...] = ()
        """Microphones that were in use when others were asked for; they stand in while those are not there."""
        self._ids = itertools.count(1)
        self._stage: SecondStage | None = None
        self._stage_of: tuple[ConfirmWith | None, Engine, int] | None = None
        self._ever_heard = False
        self._trouble = ""
        self._failure = ""
        self._starving = False
        """The service manager is to start this process anew."""
        self._pauses = Pauses()
        self._absence: tuple[frozenset[Absence], Watch | None] = frozenset(), None
        self._passage = Passage(parts.clock, parts.outside)
        self._restarts = Restarts(parts.clock)
        self._stopping: Exit | None = None
        self._state = State.STARTING
        self._counters: dict[str, int] = dict.fromkeys(
            ("detections", "actions", "actions_failed", "reconnects", "restarts", "confirmed", *Unheard), 0
        )
        self._counting = threading.Lock()
        """Detections come from the listener's thread, and from the second stage's."""
        self._before = Counters()
        """Sums of the sessions that ended."""
        self._notices: dict[str, str] = {}
        self._recent = Recent()
        self._wrongs = Wrongs(parts.wrong_file)
        self._last_detection: dict[str, Any] | None = None
        self._last_run: dict[str, Any] | None = None
        self._level_at = 0.0
        self._subscribers = Subscribers()

    # --- the supervisor's thread ----------------------------------------------------------------------------------

    def run(self, setup: Setup | None, config_error: str = "") -> Exit:
        """Listen by `setup` (None: there are no rules that work) until told to stop."""
        self._take_up_choices()
        self._note_config_error(config_error)
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

    def _patience(self) -> float:
        """Seconds until something is due."""
        ends = [until - self._parts.now() for until in (self._pauses.until,) if until is not None]
        if self._capture.tries.at is not None:
            ends.append(self._capture.tries.at - self._parts.clock())
        return max(0.0, min([ROUND_S, *ends]))

    def _settle(self) -> None:
        """Do what is due, and bring hearing in line with what is wanted."""
        if self._stopping is not None:
            return
        self._mind_the_time()
        if self._pauses.expire(self._parts.now()):
            log.info("listening again, the pause is over")
            self._keep_pauses()
        self._capture.look()
        if self._pauses:
            self._end_session()
        elif self._classifier and not self._failure:
            self._capture.begin(self._source)
        if self._broken_at is not None and self._parts.clock() - self._broken_at >= GRACE_S:
            self._tell_of_broken_rules()
        self._show()

    def _mind_the_time(self) -> None:
        passed, slept = self._passage.look()
        if passed > GAP_S:
            self._capture.forgive()
        if slept and self._capture.session:
            log.info("the computer slept for %.0f s; listening anew", slept)
            self._end_session()

    def _source(self) -> Source:
        """Make the source that is wanted; on the thread that opens it."""
        assert self._setup is not None, "a classifier is loaded for a setup"  # noqa: S101
        setup = self._setup
        more = (name for name in self._before_it if name not in setup.microphones)
        return self._parts.source(replace(setup, microphones=(*setup.microphones, *more)))

    def _listener(self, source: Source, heart: Heart) -> Listener:
        """Put a listener together around a source that has just been opened."""
        assert self._setup is not None  # noqa: S101
        assert self._classifier is not None  # noqa: S101
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
            look_on=self._scored if self._subscribers.scores else None,
            confirmer=stage.asking(self._heard, patient=not source.live) if stage else None,
            beat=lambda: self._beat(heart, listener),
            note=self.note,
            ids=self._ids,
        )
        log.info("listening to %s for: %s", source.name, ", ".join(self._rules) or "nothing, no rule is active")
        return listener

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
        if listener := self._capture.end():
            self._before = self._before + listener.counters
            for kind in listener.health.holding:
                self.note(Notice(kind, "", holds=False))

    def _better(self, source: Source) -> bool:
        """Look for a better microphone; on a thread of its own."""
        return self._setup is not None and self._parts.better(self._setup.microphones, source.name)

    def _hearing_ended(self, how: Ending, why: VoicegoError | None, source: Source | None) -> None:
        """Notice that hearing came to an end by itself, or did not begin."""
        self._end_session()
        match how:
            case Ending.BETTER:
                pass
            case Ending.OVER:
                log.info("%s has ended", source.name if source else "the recording")
                if self._stage:
                    self._stage.drain(DRAIN_S)
                self._dispatcher.drain(DRAIN_S)
                self._stopping = Exit.OK
            case Ending.STUCK:
                self._begin_anew(str(why))
            case Ending.LOST:
                self._counters["reconnects"] += 1
                self._lose(str(why), wait=source is not None and source.live)
            case Ending.REFUSED:
                may_come = self._ever_heard or (why is not None and self._parts.waits_for(why))
                self._lose(str(why), wait=source is not None and source.live and may_come)

    def _begin_anew(self, why: str) -> None:
        """Load the model again and listen with that: the old one may hold the thread for ever."""
        self._counters["restarts"] += 1
        self._classifier = self._classifier_of = None
        if not self._restarts.another():
            self._starving = True
            minutes = self._restarts.within_s / 60
            self._failure = f"{why} {self._restarts.most + 1} times within {minutes:.0f} minutes; see the log"
            log.error("%s", self._failure)
            return
        log.error("%s; beginning anew", why)
        if self._file:
            self._adopt(self._file)

    def _lose(self, why: str, *, wait: bool) -> None:
        """Say that there is nothing to hear, and try again in a while if it may come."""
        if wait:
            if self._trouble != why:
                log.warning("%s; waiting for one (`voicego demo`, or `make demo`, needs none)", why)
            self._trouble = why
            self._capture.tries.failed()
        else:
            log.error("%s", why)
            self._stopping = Exit.FAILED

    def _adopt(self, file: Setup) -> None:
        """Take new rules, or new choices. What they share with the old ones goes on without a gap."""
        setup = self._parts.wished(chosen.applied(self._choices, file))
        needed = _model(setup)
        if self._classifier is None:  # nothing listens yet, but `voicego do` can
            self._take(file, setup)
        if self._classifier_of != needed:
            self._loading = file
            threading.Thread(target=self._load, args=(file, setup), name="voicego-loading", daemon=True).start()
            return
        self._loading = None
        old = self._setup
        self._take(file, setup)
        session = self._capture.session
        if session is None:
            self._capture.tries.now()
        elif old and _same_hearing(old, setup):
            session.listener.follow_rules(self._parts.decisions(setup))
        else:
            self._before_it = old.microphones if old and old.microphones != setup.microphones else ()
            self._end_session()
            self._capture.tries.now()

    def _take(self, file: Setup, setup: Setup) -> None:
        """Replace the values that everybody reads."""
        self._file, self._setup = file, setup
        self._rules = {rule.keyword: rule for rule in setup.rules if rule.enabled}
        whole = replace(setup, rules=tuple(replace(rule, enabled=True) for rule in setup.rules))
        self._thresholds = {one.keyword: one.threshold for one in self._decisions(whole)}
        self._rule_states = tuple(
            self._rule_state(now, then) for now, then in zip(setup.rules, file.rules, strict=True)
        )
        self._dispatcher.limit(setup.at_most)
        self._watch_absence(frozenset(setup.pause_while))

    def _decisions(self, setup: Setup) -> tuple[Decision, ...]:
        try:
            return self._parts.decisions(setup)
        except VoicegoError:  # the model is not there, which is told where it is loaded
            return ()

    def _rule_state(self, now: Rule, then: Rule) -> RuleState:
        assert self._setup is not None  # noqa: S101
        return RuleState(
            now.keyword,
            enabled=now.enabled,
            in_file=then.enabled,
            does=self._parts.describe(now),
            threshold=self._thresholds.get(now.keyword),
            sensitivity=now.sensitivity or self._setup.sensitivity,
            chosen=self._choices.sensitivities.get(now.keyword),
        )

    def _watch_absence(self, wanted: frozenset[Absence]) -> None:
        kinds, watch = self._absence
        if kinds == wanted:
            return
        if watch:
            watch.stop()
        for absence in kinds - wanted:
            self._pauses.away(absence, now=False)
        watch = self._parts.absence(wanted, self._absent) if wanted else None
        self._absence = wanted, watch
        if watch:
            watch.start()

    def _loaded(self, file: Setup, setup: Setup, classifier: Classifier | VoicegoError) -> None:
        if file is not self._loading:  # the rules were changed again meanwhile
            return
        self._loading = None
        if isinstance(classifier, VoicegoError):
            log.error("%s", classifier)
            if self._classifier is None:
                self._failure = str(classifier)
                self._stopping = None if self._parts.patient else Exit.FAILED
            else:
                self._note_config_error(f"{classifier}; the model in use stays")
            return
        self._failure = ""
        self._classifier, self._classifier_of = classifier, _model(setup)
        session, old = self._capture.session, self._setup
        if session and old and _same_hearing(replace(old, **_of_model(setup)), setup):
            session.listener.follow_model(classifier, self._parts.decisions(setup))
            self._setup = replace(old, **_of_model(setup))
        else:
            self._end_session()
        self._adopt(file)

    def _shut_down(self) -> None:
        self._parts.manager.stopping()
        self._end_session()
        self._end_stage()
        self._watch_absence(frozenset())
        if not self._dispatcher.stop(JOIN_S):
            log.warning("the actions' thread did not end in time")
        self._state = State.STOPPED
        self._subscribers.tell({"event": "state", "state": self._state, "reason": ""})
        log.info("stopped")

    def _show(self) -> None:
        state, reason = self._which_state(), self._reason()
        if state is not self._state:
            self._state = state
            log.info("%s%s", state, f": {reason}" if reason else "")
            self._subscribers.tell({"event": "state", "state": state, "reason": reason})
        manager, session = self._parts.manager, self._capture.session
        manager.status(f"{state}: {reason}" if reason else state)
        if state not in {State.STARTING, State.LOADING}:
            manager.ready()
        if not self._starving and (session is None or session.heart.beats):
            manager.alive()

    def _which_state(self) -> State:
        if self._failure:
            return State.FAILED
        if self._pauses:
            return State.PAUSED
        if self._capture.session:
            return State.LISTENING
        if self._loading:
            return State.LOADING
        if self._setup is None:
            return State.CONFIG_ERROR
        return State.RECONNECTING

    def _reason(self) -> str:
        if self._pauses and not self._failure:
            return self._pauses.told()
        opening_s = self._capture.opening_s
        if opening_s is not None and opening_s > HUNG_S:
            return f"the sound system has not answered for {opening_s:.0f} s; waiting for it"
        opening = "" if opening_s is None else "opening the microphone"
        return self._failure or self._trouble or opening or ("" if self._setup else self._config_error)

    def _note_config_error(self, error: str) -> None:
        """Show what is wrong with the rules at once; tell of it later, unless it is mended by then."""
        self._config_error = error
        if error:
            self._subscribers.tell({"event": "config error", "error": error})
            self._broken_at = self._parts.clock() if self._broken_at is None else self._broken_at
            return
        self._broken_at = None
        if self._told_broken:
            self._told_broken = False
            self._dispatcher.tell("The rules work again.")

    def _tell_of_broken_rules(self) -> None:
        self._broken_at = None
        if not self._told_broken:
            self._told_broken = True
            first = self._config_error.splitlines()[0]
            self._dispatcher.tell(f"The rules are broken, the last good ones stay in use. {first}")

    # --- other threads ----------------------------------------------------------------------------------------------

    def _load(self, file: Setup, setup: Setup) -> None:
        try:
            outcome: Classifier | VoicegoError = self._parts.classifier(setup)
        except VoicegoError as error:
            outcome = error
        except Exception as error:
            log.exception("loading the model met a surprise")
            outcome = VoicegoError(f"the model {setup.model} cannot be loaded ({type(error).__name__}); see the log")
        self._posted.put(lambda: self._loaded(file, setup, outcome))

    def _beat(self, heart: Heart, listener: Listener) -> None:
        """The listener's thread lives."""
        heart.beat()
        if self._subscribers.levels and (now := self._parts.clock()) - self._level_at >= LEVEL_S:
            self._level_at = now
            self._subscribers.tell_level({"event": "level", "level_db": listener.level_db, "gate": listener.gate})

    def _scored(self, scores: Scores) -> None:
        """Somebody looks on; from the listener's thread."""
        found = dict(zip(scores.labels, (round(float(p), 4) for p in scores.probabilities), strict=True))
        self._subscribers.tell_scores(
            {
                "event": "scores",
                "start_s": round(seconds(scores.start), 3),
                "end_s": round(seconds(scores.end), 3),
                "laid": scores.laid,
                "probabilities": found,
                "thresholds": {word: self._thresholds[word] for word in self._rules if word in self._thresholds},
            }
        )

    def _heard(self, detection: Detection) -> None:
        """Pass a detection on, from the listener's thread or the second stage's. Never blocks."""
        rule = self._rules.get(detection.keyword)
        if rule is None and not self._dispatcher.asks:  # no more than an answer, or switched off a moment ago
            return
        confirmed = "" if detection.confirmed is None else f", confirmed {detection.confirmed:.2f}"
        log.info("%s heard %s (%.2f%s)", detection.id, detection.keyword, detection.score, confirmed)
        self._last_detection = found = self._recent.note(detection, self._parts.now())
        taken = self._dispatcher.offer(detection, rule)
        if self._setup and self._setup.chime:
            self._dispatcher.chime()
        with self._counting:
            self._counters["detections"] += 1
            self._counters["confirmed"] += detection.confirmed is not None
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
        with self._counting:
            self._counters["actions"] += 1
            self._counters["actions_failed"] += run.outcome in {Outcome.FAILED, Outcome.TIMED_OUT}
        self._last_run = asdict(run) | {"time": self._parts.now()}
        self._recent.ran(run)
        self._subscribers.tell({"event": "action", **self._last_run})

    def note(self, notice: Notice) -> None:
        """Show a notice, or take it back; from any thread."""
        notices = dict(self._notices)
        before = notices.pop(notice.kind, None)
        if notice.holds:
            notices[notice.kind] = notice.text
        elif before is None:
            return
        self._notices = notices  # replaced whole: a status may be read meanwhile
        if notice.holds and before != notice.text:
            log.warning("%s", notice.text)
        self._subscribers.tell({"event": "notice", "text": notice.text or before, "holds": notice.holds})

    def _absent(self, absence: Absence, now: bool) -> None:  # noqa: FBT001 -- what is told has two values
        """A reason not to listen began or ended; from the thread of who watches."""
        self._posted.put(lambda: self._pauses.away(absence, now=now))

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

    # --- changes, on the supervisor's thread ------------------------------------------------------------------------

    def _pause(self, for_s: float | None) -> None:
        self._pauses.pause(None if for_s is None else self._parts.now() + for_s)
        self._keep_pauses()
        self._settle()

    def _resume(self) -> None:
        self._pauses.resume()
        self._keep_pauses()
        if self._starving:  # it had given up; a person has not
            self._starving, self._failure = False, ""
            self._restarts.forget()
            if self._file:
                self._adopt(self._file)
        self._capture.tries.now()
        self._settle()

    def _take_up_choices(self) -> None:
        if self._parts.choices_file is None:
            return
        self._wrongs.read()
        self._choices = chosen.read(self._parts.choices_file)
        until = self._choices.paused_until
        if self._choices.paused or (until is not None and until > self._parts.now()):
            self._pauses.pause(None if self._choices.paused else until)
            log.info("still paused, %s; `voicego resume` ends it", self._pauses.told())

    def _keep_pauses(self) -> None:
        """Keep them for the next start; a crash must not end them."""
        self._keep_choices(replace(self._choices, paused=self._pauses.by_hand, paused_until=self._pauses.until))

    def _keep_choices(self, choices: Choices) -> None:
        if choices != self._choices:
            self._choices = choices
            if self._parts.choices_file:
                chosen.write(self._parts.choices_file, choices)

    def _choose(self, choices: Choices) -> None:
        """Keep what was chosen and go on by it."""
        if self._parts.choices_file is None:
            raise VoicegoError("a voicego that hears a recording goes by its rules file alone")
        self._keep_choices(choices)
        self._subscribers.tell({"event": "choices"})
        if self._file:
            self._adopt(self._file)
        self._settle()

    def _rule_of(self, keyword: str) -> Rule:
        """Find a rule, be it switched off.

        Raises:
            VoicegoError: there is none.
        """
        rules = {rule.keyword: rule for rule in self._setup.rules} if self._setup else {}
        if keyword in rules:
            return rules[keyword]
        raise VoicegoError(f'there is no rule for "{keyword}"; there are: {", ".join(rules) or "none"}')

    def _choose_sensitivity(self, level: Sensitivity | None, keyword: str | None) -> None:
        if keyword is None:
            self._choose(replace(self._choices, sensitivity=level))
            return
        if level and self._rule_of(keyword).threshold is not None:
            raise VoicegoError(f'the rule "{keyword}" has a threshold of its own, which counts alone; change it there')
        words = {word: found for word, found in self._choices.sensitivities.items() if word != keyword}
        self._wrongs.start_over(keyword, self._parts.now())
        self._choose(replace(self._choices, sensitivities=words | ({keyword: level} if level else {})))

    def _switch(self, keyword: str, *, on: bool) -> None:
        self._rule_of(keyword)
        off = tuple(word for word in self._choices.off if word != keyword)
        in_file = any(rule.keyword == keyword and rule.enabled for rule in self._file.rules) if self._file else False
        if on and not in_file:
            raise VoicegoError(f'the rule "{keyword}" is switched off in the rules file; switch it on there')
        self._choose(replace(self._choices, off=off if on else (*off, keyword)))

    def _reload(self) -> None:
        try:
            setup = self._parts.read_rules()
        except RulesError as error:
            if str(error) != self._config_error:
                log.error("the rules are broken, the last good ones stay:\n%s", error)
            self._note_config_error(str(error))
            self._show()
            raise
        self._note_config_error("")
        if setup != self._file:
            self._parts.keep()
            self._failure, self._starving = "", False
            self._adopt(setup)
            log.info("the rules were read: %s", ", ".join(r.keyword for r in setup.rules if r.enabled) or "none active")
        self._subscribers.tell({"event": "rules"})
        self._settle()

    def _stop(self, exit_code: Exit) -> None:
        self._stopping = exit_code

    def _look_on(self) -> None:
        """Let a session's windows be told, or no longer."""
        if session := self._capture.session:
            session.listener.look_on = self._scored if self._subscribers.scores else None

    # --- what the control socket may ask --------------------------------------------------------------------------

    def status(self) -> Status:
        """Picture the daemon as it is now; from any thread."""
        session = self._capture.session
        listener = session.listener if session else None
        totals = self._before + (listener.counters if listener else Counters())
        file, setup, stage = self._file, self._setup, self._stage
        # A word's lower sensitivity helps only where no threshold of its own stands in the file.
        own = {rule.keyword for rule in file.rules if rule.threshold is not None} if file else set()
        adjustable = {one.keyword: one.sensitivity for one in self._rule_states if one.keyword not in own}
        return Status(
            state=self._state,
            reason=self._reason(),
            pause_reasons=self._pauses.reasons,
            paused_until=self._pauses.until,
            pid=os.getpid(),
            version=__version__,
            rules_file=str(self._parts.rules_file or ""),
            rules=tuple(self._rules),
            config_error=self._config_error,
            sensitivity=setup.sensitivity if setup else Sensitivity.NORMAL,
            rule_states=self._rule_states,
            choices=self._choices.shown(),
            pause_while=setup.pause_while if setup else (),
            microphone=listener.source.name if listener else "",
            microphones_wanted=setup.microphones if setup else (),
            level_db=listener.level_db if listener else None,
            gate=listener.gate if listener else False,
            notices=tuple(self._notices.values()),
            offers=self._wrongs.offers(adjustable, self._parts.now()),
            engine=self._classifier.engine if self._classifier else "",
            engine_file=self._classifier.file if self._classifier else "",
            model=setup.model if setup else "",
            confirming=stage.status if stage else None,
            counters={
                **self._counters,
                "windows": totals.windows,
                "windows_skipped": totals.windows_skipped,
                "utterances": totals.utterances,
                "skipped_samples": totals.skipped,
                "dropped_detections": self._dispatcher.dropped,
                "limited": self._dispatcher.limited,
            },
            heard_s=round(seconds(totals.heard), 1),
            last_detection=self._last_detection,
            recent=self._recent.told(),
            last_run=self._last_run,
            log_file=str(self._parts.log_file or ""),
        )

    def pause(self, for_s: float | None = None) -> Status:
        """Stop listening and close the microphone."""
        return self._changed(lambda: self._pause(for_s))

    def resume(self) -> Status:
        """Listen again."""
        return self._changed(self._resume)

    def reload(self) -> Status:
        """Read the rules again."""
        return self._changed(self._reload)

    def microphones(self) -> dict[str, object]:
        """List what can be listened to; in the caller's thread, for that may take a second."""
        session, file = self._capture.session, self._file
        in_use = session.listener.source.name if session else ""
        found = [
            {"name": one.name, "host_api": one.host_api, "default": one.default, "in_use": one.name == in_use}
            for one in self._parts.microphones()
        ]
        return {
            "microphones": found,
            "chosen": self._choices.microphone,
            "file": list(file.microphones) if file else [],
        }

    def choose_microphone(self, name: str | None) -> Status:
        """Hear this one while it is there; None: as the rules file says."""
        return self._changed(lambda: self._choose(replace(self._choices, microphone=name)))

    def choose_sensitivity(self, level: Sensitivity | None, keyword: str | None = None) -> Status:
        """Choose for one word or for all; None: as the rules file says."""
        return self._changed(lambda: self._choose_sensitivity(level, keyword))

    def switch_rule(self, keyword: str, *, on: bool) -> Status:
        """Switch a rule off, or on again."""
        return self._changed(lambda: self._switch(keyword, on=on))

    def choose_pause_while(self, what: Absence, *, on: bool | None) -> Status:
        """Pause while nobody means voicego, or do not; None: as the rules file says."""
        others = {absence: value for absence, value in self._choices.pause_while.items() if absence is not what}
        chosen_now = others if on is None else others | {what: on}
        return self._changed(lambda: self._choose(replace(self._choices, pause_while=chosen_now)))

    def wrong(self, detection_id: str) -> Status:
        """Note that a detection was none."""

        def note() -> None:
            if found := self._recent.wrong(detection_id):
                self._wrongs.add(found["keyword"], found["score"], self._parts.now())
                log.info("%s %s: a person says that it was wrong", detection_id, found["keyword"])
                self._subscribers.tell({"event": "choices"})

        return self._changed(note)

    def _changed(self, change: Callable[[], None]) -> Status:
        self._done_by_supervisor(change)
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

    def subscribe(
        self, listener: Callable[[dict[str, object]], None], *, levels: bool = False, scores: bool = False
    ) -> Callable[[], None]:
        """Call `listener` with each event until what is returned is called."""
        end = self._subscribers.add(Subscription(listener, levels=levels, scores=scores))
        if not scores:
            return end
        self._posted.put(self._look_on)

        def end_scores() -> None:
            end()
            self._posted.put(self._look_on)

        return end_scores


def _model(setup: Setup) -> tuple[str, Engine, int]:
    """What a model is loaded anew for when it changes."""
    return setup.model, setup.engine, setup.threads


def _of_model(setup: Setup) -> dict[str, Any]:
    return {"model": setup.model, "engine": setup.engine, "threads": setup.threads}


def _same_hearing(old: Setup, new: Setup) -> bool:
    """Whether a running listener can go on under a new setup."""
    return replace(old, **{name: getattr(new, name) for name in READ_AT_EACH_WORD}) == new
