"""The supervisor: builds the parts, starts, watches and stops them."""

from __future__ import annotations

import itertools
import logging
import os
import queue
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from voicego import __version__
from voicego.daemon import choices as chosen
from voicego.daemon.away import Away
from voicego.daemon.book import Book, open_book, same_hearing, with_model_of, with_sensitivity
from voicego.daemon.capture import HUNG_S, Capture, Ending
from voicego.daemon.choices import Choices
from voicego.daemon.happenings import Happenings
from voicego.daemon.last_word import LastWord
from voicego.daemon.mistakes import Mistakes
from voicego.daemon.models import LOADING_S, SLOW_S, Models
from voicego.daemon.parts import JOIN_S, Parts, Subscription
from voicego.daemon.pauses import Pauses
from voicego.daemon.watching import GAP_S, Passage, Restarts
from voicego.errors import Exit, RulesError, VoicegoError
from voicego.flow import Notice, Sensitivity, Setup, State, Status, seconds
from voicego.hearing.choosing import SoundSystemHangs
from voicego.listener import Counters, Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.acting.dispatcher import Dispatcher
    from voicego.daemon.watching import Heart
    from voicego.flow import ActionRun, Detection, Scores
    from voicego.listener import Deafness
    from voicego.seams import Source

log = logging.getLogger(__name__)

DRAIN_S = 60.0
"""Seconds that the last actions are given when a recording has ended."""
LOST_S = 30.0
"""Seconds of opening after which it will never come back; a sound server that hangs is found out before."""
ROUND_S = 1.0
"""How often it looks around when nothing is due."""


class Supervisor:
    """Every change is made on the thread that calls `run`; other threads post it."""

    def __init__(self, parts: Parts, dispatcher: Dispatcher, ears: Deafness) -> None:
        self._parts = parts
        self._ears = ears
        self._dispatcher = dispatcher
        self._posted: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.happenings = Happenings(parts.clock, parts.now, parts.wrong_file)
        self._book: Book | None = None
        """None: there are no rules that work."""
        self._choices = Choices()
        self._mistakes = Mistakes(parts.clock, self._dispatcher.tell, lambda: self._book is not None)
        self._models = Models(parts.classifier, self._posted.put, parts.clock, self._model_came)
        self._capture = Capture(self._posted.put, parts.clock, self._listener, self._hearing_ended, self._better)
        self._before_it: tuple[str, ...] = ()
        """Microphones that were in use when others were asked for; they stand in while those are not there."""
        self._ids = itertools.count(1)
        self._last_word = LastWord(parts.second_stage, self.happenings.not_confirmed)
        self._ever_heard = False
        self._trouble = ""
        self._failure = ""
        self._hangs_since: float | None = None
        """Since when a call into the sound system has held up every other, by `parts.clock`."""
        self._again = False
        self._asked_to_stop = False
        """Set from any thread, at any time: who was told to stop does not begin anew."""
        self._starving = False
        """The service manager is to start this process anew."""
        self._pauses = Pauses()
        self._away = Away(parts.absence, self._posted.put, self._pauses)
        self._passage = Passage(parts.clock, parts.outside)
        self._restarts = Restarts(parts.clock)
        self._stopping: Exit | None = None
        self._state = State.STARTING
        self._counted: tuple[Counters, Listener | None] = Counters(), None
        """Sums of the sessions that ended, and who counts now; replaced whole, so that nothing is missing meanwhile."""

    # --- the supervisor's thread ----------------------------------------------------------------------------------

    def run(self, setup: Setup | None, config_error: str = "") -> Exit:
        """Listen by `setup` (None: there are no rules that work) until told to stop."""
        self._take_up_choices()
        self._note_config_error(config_error)
        self._dispatcher.start()
        if setup is not None:
            self._adopt(setup)
        try:
            went_well = self._go_round(_nothing)
            while self._stopping is None:
                change = _nothing
                with suppress(queue.Empty):
                    change = self._posted.get(timeout=self._patience() if went_well else ROUND_S)
                went_well = self._go_round(change)
        finally:
            self._shut_down()
        return self._stopping or Exit.OK

    def _go_round(self, change: Callable[[], None]) -> bool:
        """Make a change and bring everything in line; whether no surprise was met. This thread must outlive one."""
        try:
            change()
            self._settle()
        except VoicegoError as error:
            log.error("%s", error)
        except Exception:
            if not self._parts.lasting:
                raise
            log.exception("the supervisor met a surprise and goes on")
        else:
            return True
        return False

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
        elif self._models.in_use:  # though it had failed: who hung may answer again
            self._capture.begin(self._source)
        self._mistakes.look()
        if (self._capture.opening_s or 0.0) > LOST_S:
            self._begin_the_process_anew("the sound system")
        self._mind_loading()
        self._show()

    def _mind_the_time(self) -> None:
        passed, slept = self._passage.look()
        if passed > GAP_S:
            self._capture.forgive()
            self._models.forgive()
        if slept and self._capture.session:
            log.info("the computer slept for %.0f s; listening anew", slept)
            self._end_session()

    def _mind_hanging(self, why: VoicegoError | None) -> None:
        """A source was refused; see whether that is because an earlier call into the sound system never comes back."""
        if not isinstance(why, SoundSystemHangs):
            self._answered()
            return
        if not self._failure:  # no growing pauses before it is known
            self._capture.tries.worked()
        now = self._parts.clock()
        self._hangs_since = now if self._hangs_since is None else self._hangs_since
        if now - self._hangs_since >= HUNG_S:
            self._begin_the_process_anew("the sound system")

    def _mind_loading(self) -> None:
        """Go on without a model that never comes, or begin anew: nothing can end the thread that loads it."""
        book = self._models.awaited
        if book is None or not self._models.hung:
            return
        if self._models.in_use or not self._parts.patient:
            self._models.await_none()
            self._model_came(book, VoicegoError(f"the model {book.setup.model} is not loaded after {LOADING_S:.0f} s"))
        else:
            self._begin_the_process_anew(f"loading the model {book.setup.model}")

    def _hope_again(self) -> bool:
        """Forget that it had given up, and why; whether it had."""
        given_up, self._failure, self._starving = bool(self._failure), "", False
        return given_up

    def _answered(self) -> None:
        """The sound system does not hang, or no more."""
        self._hangs_since = None
        self._hope_again()

    def _begin_the_process_anew(self, who: str) -> None:
        """End, to begin anew in the same place: nothing in this process can free what is held up for good."""
        if self._parts.may_begin_again():
            log.error("%s holds voicego up for good; beginning anew in the same place", who)
            self._again, self._stopping = True, Exit.OK
        elif not self._failure:
            self._starving = True
            self._failure = f"{who} holds voicego up again and again; see the log"
            log.error("%s", self._failure)

    def _source(self) -> Source:
        """Make the source that is wanted; on the thread that opens it."""
        assert self._book is not None, "a classifier is loaded for a setup"  # noqa: S101
        setup = self._book.setup
        more = (name for name in self._before_it if name not in setup.microphones)
        return self._parts.source(replace(setup, microphones=(*setup.microphones, *more)))

    def _listener(self, source: Source, heart: Heart) -> Listener:
        """Put a listener together around a source that has just been opened."""
        assert self._book is not None  # noqa: S101
        assert self._models.in_use is not None  # noqa: S101
        self._answered()
        self._trouble = ""
        self._ever_heard = True
        setup, happenings = self._book.setup, self.happenings
        self._note_who_stands_in(source, setup)
        stage = self._last_word.stage_for(setup)
        listener = Listener(
            source,
            self._models.in_use,
            setup,
            self._parts.decisions(setup),
            self._heard,
            self._ears,
            look_on=self._scored if happenings.subscribers.scores else None,
            watched=happenings.subscribers.levels,
            confirmer=stage.asking(self._heard, patient=not source.live) if stage else None,
            beat=lambda: self._beat(heart, listener),
            note=happenings.note,
            ids=self._ids,
        )
        self._counted = self._counted[0], listener
        log.info("listening to %s for: %s", source.name, ", ".join(self._book.rules) or "nothing, no rule is active")
        return listener

    def _note_who_stands_in(self, source: Source, setup: Setup) -> None:
        """Say that others were asked for than the microphone that is heard."""
        chosen_here = self._choices.microphone
        asked = (chosen_here,) if chosen_here else setup.microphones if self._before_it else ()
        there = any(name.casefold() in f"default {source.name}".casefold() for name in asked)
        names = " or ".join(f'"{name}"' for name in asked)
        text = f"there is no microphone {names}; {source.name} is heard until it comes"
        self.happenings.note(Notice("microphone", text, holds=bool(asked) and not there))

    def _end_session(self) -> None:
        if listener := self._capture.end():
            self._counted = self._counted[0] + listener.counters, None
            for kind in listener.health.holding:
                self.happenings.note(Notice(kind, "", holds=False))

    def _better(self, source: Source) -> bool:
        """Look for a better microphone; on a thread of its own."""
        return self._book is not None and self._parts.better(self._book.setup.microphones, source.name)

    def _hearing_ended(self, how: Ending, why: VoicegoError | None, source: Source | None) -> None:
        """Notice that hearing came to an end by itself, or did not begin."""
        self._end_session()
        match how:
            case Ending.BETTER:
                pass
            case Ending.OVER:
                log.info("%s has ended", source.name if source else "the recording")
                self._wait_for(self._last_word.drain)
                self._wait_for(self._dispatcher.drain)
                self._stopping = Exit.OK
            case Ending.STUCK:
                self._begin_anew(str(why))
            case Ending.LOST:
                self.happenings.count("reconnects")
                self._lose(str(why), wait=source is not None and source.live)
            case Ending.REFUSED:
                self._mind_hanging(why)
                may_come = self._ever_heard or (why is not None and self._parts.waits_for(why))
                self._lose(str(why), wait=source is not None and source.live and may_come)

    def _wait_for(self, drain: Callable[[float], bool]) -> None:
        """Give the last words of a recording and their actions their time, unless it is told to stop."""
        for _ in range(round(DRAIN_S / ROUND_S)):
            if self._asked_to_stop or drain(ROUND_S):
                return

    def _begin_anew(self, why: str) -> None:
        """Load the model again and listen with that: the old one may hold the thread for ever."""
        self._models.give_up()
        if not self._restarts.another():
            self._starving = True
            minutes = self._restarts.within_s / 60
            self._failure = f"{why} {self._restarts.most + 1} times within {minutes:.0f} minutes; see the log"
            log.error("%s", self._failure)
            return
        self.happenings.count("restarts")
        log.error("%s; beginning anew", why)
        self._adopt_again()

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
        book, old = open_book(file, self._choices, self._parts), self._book
        if self._models.in_use is None:  # nothing listens yet, but `voicego do` can
            self._take(book)
        if not self._models.fit(book.setup):
            self._models.fetch(book)
            return
        self._models.await_none()
        self._take(book)
        session = self._capture.session
        if old is None or not same_hearing(old.setup, book.setup):
            before = old.setup.microphones if old and session else ()
            self._before_it = before if before != book.setup.microphones else ()
            self._end_session()  # or what is being opened by the old ones
            self._capture.tries.now()
        elif session:
            session.listener.follow_rules(self._parts.decisions(book.setup))
        else:
            self._capture.tries.now()

    @property
    def _newest(self) -> Book | None:
        """The newest rules that are good, be their model still to come."""
        return self._models.awaited or self._book

    def _adopt_again(self) -> None:
        """Take the newest rules that are good once more, with what is chosen by now."""
        if self._newest:
            self._adopt(self._newest.file)

    def _take(self, book: Book) -> None:
        """Replace what everybody reads."""
        self._book = book
        self._dispatcher.limit(book.setup.at_most)
        self._away.watch(frozenset(book.setup.pause_while))

    def _model_came(self, book: Book, why_not: VoicegoError | None) -> None:
        """Take a book whose model is there, or say that it cannot be."""
        model = self._models.in_use
        if why_not:
            log.error("%s", why_not)
            if model:
                self._note_config_error(f"{why_not}; the model in use stays")
            else:
                self._failure = str(why_not)
                self._stopping = None if self._parts.patient else Exit.FAILED
            return
        self._hope_again()
        session, old = self._capture.session, self._book
        if model and session and old and same_hearing(with_model_of(old.setup, book.setup), book.setup):
            session.listener.follow_model(model, self._parts.decisions(book.setup))
            self._take(book)
        self._adopt(book.file)

    def _shut_down(self) -> None:
        if not self.again:
            self._parts.manager.stopping()
        for step in (self._end_session, self._last_word.end, lambda: self._away.watch(frozenset()), self._end_acting):
            try:
                step()
            except Exception:  # the others are to end all the same
                log.exception("a surprise at the end")
        self._state = State.STARTING if self.again else State.STOPPED
        self.happenings.tell("state", state=self._state, reason="")
        log.info("%s", "beginning anew" if self.again else "stopped")

    def _end_acting(self) -> None:
        if not self._dispatcher.stop(JOIN_S):
            log.warning("the actions' thread did not end in time")

    def _show(self) -> None:
        state, reason = self._which_state(), self._reason()
        if state is not self._state:
            self._state = state
            log.info("%s%s", state, f": {reason}" if reason else "")
            self.happenings.tell("state", state=state, reason=reason)
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
        if self._models.awaited:
            return State.LOADING
        if self._book is None:
            return State.CONFIG_ERROR
        return State.RECONNECTING

    def _reason(self) -> str:
        if self._pauses and not self._failure:
            return self._pauses.told()
        opening_s = self._capture.opening_s
        if opening_s is not None and opening_s > HUNG_S:
            return f"the sound system has not answered for {opening_s:.0f} s; waiting for it"
        under_way = self._loading_too_long() if opening_s is None else "opening the microphone"
        return self._failure or self._trouble or under_way or ("" if self._book else self._mistakes.error)

    def _loading_too_long(self) -> str:
        awaited, loading_s = self._models.awaited, self._models.loading_s
        if self._models.in_use or awaited is None or loading_s is None or loading_s < SLOW_S:
            return ""
        return f"the model {awaited.setup.model} has been loading for {loading_s:.0f} s"

    def _note_config_error(self, error: str) -> None:
        self._mistakes.note(error)
        if error:
            self.happenings.tell("config error", error=error)

    # --- other threads ----------------------------------------------------------------------------------------------

    def _beat(self, heart: Heart, listener: Listener) -> None:
        """The listener's thread lives."""
        heart.beat()
        self.happenings.level(listener)

    def _scored(self, scores: Scores) -> None:
        """Somebody looks on; from the listener's thread."""
        if book := self._book:
            active = {word: least for word, least in book.thresholds.items() if word in book.rules}
            self.happenings.scored(scores, active)

    def _heard(self, detection: Detection) -> None:
        """Pass a detection on, from the listener's thread or the second stage's. Never blocks."""
        if self._pauses:  # said before it, and confirmed after it
            log.info("%s %s: not acted on, voicego is paused by now", detection.id, detection.keyword)
            return
        book = self._book
        rule = book.rules.get(detection.keyword) if book else None
        if rule is None and not self._dispatcher.asks:  # no more than an answer, or switched off a moment ago
            return
        confirmed = "" if detection.confirmed is None else f", confirmed {detection.confirmed:.2f}"
        log.info("%s heard %s (%.2f%s)", detection.id, detection.keyword, detection.score, confirmed)
        found = self.happenings.heard(detection)  # before its actions, which are noted beside it
        taken = self._dispatcher.offer(detection, rule)
        if book and book.setup.chime:
            self._dispatcher.chime()
        self.happenings.tell("detection", **found, taken=taken)

    # --- changes, on the supervisor's thread ------------------------------------------------------------------------

    def pause(self, for_s: float | None) -> None:
        """Stop listening by a person's wish, for so many seconds or until resumed."""
        self._pauses.pause(None if for_s is None else self._parts.now() + for_s)
        self._keep_pauses()
        self._settle()

    def resume(self) -> None:
        """Listen again by a person's wish."""
        self._pauses.resume()
        self._keep_pauses()
        if self._hope_again():  # a person has not given up
            self._restarts.forget()
            self._adopt_again()
        self._capture.tries.now()
        self._settle()

    def _take_up_choices(self) -> None:
        if self._parts.choices_file is None:
            return
        self.happenings.wrongs.read()
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

    def choose(self, change: Callable[[Choices, Book], Choices]) -> None:
        """Keep what was chosen and go on by it.

        Raises:
            VoicegoError: nothing can be chosen.
        """
        if self._parts.choices_file is None:
            raise VoicegoError("a voicego that hears a recording goes by its rules file alone")
        if self._book is None:
            raise VoicegoError("there are no rules that work, of which anything could be chosen")
        self._keep_choices(change(self._choices, self._book))
        self.happenings.tell("choices")
        self._adopt_again()
        self._settle()

    def choose_sensitivity(self, level: Sensitivity | None, keyword: str | None) -> None:
        """Keep what was chosen; what was called wrong before is no longer counted."""
        self.choose(lambda choices, book: with_sensitivity(choices, book, level, keyword))
        if keyword:
            self.happenings.wrongs.start_over(keyword, self._parts.now())

    def reload(self) -> None:
        """Read the rules again.

        Raises:
            RulesError: they are broken; the last good ones stay.
        """
        try:
            setup = self._parts.read_rules()
        except RulesError as error:
            if str(error) != self._mistakes.error:
                log.error("the rules are broken, %s:\n%s", self._mistakes.meanwhile, error)
            self._note_config_error(str(error))
            self._show()
            raise
        self._note_config_error("")
        if (given_up := self._hope_again()) or self._newest is None or setup != self._newest.file:
            self._parts.keep()
            if given_up:
                self._restarts.forget()
            self._adopt(setup)
            log.info("the rules were read: %s", ", ".join(r.keyword for r in setup.rules if r.enabled) or "none active")
        self.happenings.tell("rules")
        self._settle()

    def _stop(self, exit_code: Exit) -> None:
        self._stopping = exit_code

    def look_on(self) -> None:
        """Let a session's windows and levels be told, or no longer."""
        if session := self._capture.session:
            subscribers = self.happenings.subscribers
            session.listener.look_on = self._scored if subscribers.scores else None
            session.listener.watched = subscribers.levels

    # --- from any thread ---------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """Picture the daemon as it is now; from any thread."""
        session = self._capture.session
        listener = session.listener if session else None
        before, counting = self._counted
        totals = before + counting.counters if counting else before
        book, model, happenings = self._book, self._models.in_use, self.happenings
        setup = book.setup if book else Setup()
        return Status(
            state=self._state,
            reason=self._reason(),
            pause_reasons=self._pauses.reasons,
            paused_until=self._pauses.until,
            pid=os.getpid(),
            version=__version__,
            rules_file=str(self._parts.rules_file or ""),
            rules=tuple(book.rules) if book else (),
            config_error=self._mistakes.error,
            sensitivity=setup.sensitivity,
            rule_states=book.states if book else (),
            choices=self._choices.shown(),
            pause_while=setup.pause_while,
            microphone=listener.source.name if listener else "",
            microphones_wanted=setup.microphones if book else (),
            level_db=listener.level_db if listener else None,
            gate=listener.gate if listener else False,
            notices=happenings.notices,
            offers=happenings.wrongs.offers(book.adjustable(), self._parts.now()) if book else (),
            engine=model.engine if model else "",
            engine_file=model.file if model else "",
            model=setup.model if book else "",
            confirming=self._last_word.status,
            counters={
                **happenings.counters,
                "windows": totals.windows,
                "windows_skipped": totals.windows_skipped,
                "utterances": totals.utterances,
                "skipped_samples": totals.skipped,
                "dropped_detections": self._dispatcher.dropped,
                "limited": self._dispatcher.limited,
            },
            heard_s=round(seconds(totals.heard), 1),
            last_detection=happenings.last_detection,
            recent=happenings.recent.told(),
            last_run=happenings.last_run,
            log_file=str(self._parts.log_file or ""),
        )

    def microphones(self) -> dict[str, object]:
        """List what can be listened to; in the caller's thread, for that may take a second."""
        session, book = self._capture.session, self._book
        in_use = session.listener.source.name if session else ""
        found = [
            {"name": one.name, "host_api": one.host_api, "default": one.default, "in_use": one.name == in_use}
            for one in self._parts.microphones()
        ]
        return {
            "microphones": found,
            "chosen": self._choices.microphone,
            "file": list(book.file.microphones) if book else [],
        }

    def do(self, keyword: str) -> tuple[ActionRun, ...]:
        """Carry out a rule's actions now, in the caller's thread."""
        if self._book is None:
            raise VoicegoError("there are no rules that work")
        return self._dispatcher.do(self._book.active(keyword))

    def subscribe(self, subscription: Subscription) -> Callable[[], None]:
        """Tell somebody what happens until what is returned is called."""
        end = self.happenings.subscribers.add(subscription)
        if not (subscription.scores or subscription.levels):
            return end
        self.post(self.look_on)

        def end_and_look_away() -> None:
            end()
            self.post(self.look_on)

        return end_and_look_away

    @property
    def again(self) -> bool:
        """Whether the process is to begin anew when this has ended."""
        return self._again and not self._asked_to_stop

    def ask_to_stop(self, exit_code: Exit) -> None:
        """End soon; fit for a signal."""
        self._asked_to_stop = True
        self.post(lambda: self._stop(exit_code))

    def post(self, change: Callable[[], None]) -> None:
        """Have a change made soon, on the supervisor's thread (SimpleQueue.put is reentrant: fit for a signal)."""
        self._posted.put(change)


def _nothing() -> None:
    """Change nothing."""
