"""The daemon as others see it: what the control socket, signals and actions may ask. Changes are the supervisor's."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from voicego.daemon.book import with_switch
from voicego.daemon.parts import Parts, Subscription
from voicego.daemon.supervisor import Supervisor
from voicego.errors import Exit, RulesError, VoicegoError
from voicego.flow import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.acting.dispatcher import Dispatcher
    from voicego.daemon.book import Book
    from voicego.daemon.choices import Choices
    from voicego.flow import Absence, ActionRun, Notice, Sensitivity, Setup, Status
    from voicego.listener import Deafness

ANSWER_S = 5.0
"""Seconds that the supervisor is given to make a change that somebody waits for."""


class Daemon:
    """The `Controls`. From any thread, but for `run`."""

    def __init__(self, parts: Parts, dispatcher: Callable[[Daemon], Dispatcher], ears: Deafness) -> None:
        self._supervisor = Supervisor(parts, dispatcher(self), ears)

    def run(self, setup: Setup | None, config_error: str = "") -> Exit:
        """Listen by `setup` (None: there are no rules that work) until told to stop. On the caller's thread."""
        return self._supervisor.run(setup, config_error)

    @property
    def again(self) -> bool:
        """Whether the process is to begin anew, now that `run` has ended."""
        return self._supervisor.again

    # --- nobody waits for these -----------------------------------------------------------------------------------

    def ran(self, run: ActionRun) -> None:
        """Note how an action ended; the dispatcher calls it, on its thread."""
        self._supervisor.happenings.ran(run)

    def note(self, notice: Notice) -> None:
        """Show a notice, or take it back."""
        self._supervisor.happenings.note(notice)

    def ask_to_pause(self, for_s: float | None) -> None:
        """Pause soon; for actions, which must not wait."""
        self._supervisor.post(lambda: self._supervisor.pause(for_s))

    def ask_to_stop(self, exit_code: Exit = Exit.OK) -> None:
        """Stop soon; fit for a signal handler."""
        self._supervisor.ask_to_stop(exit_code)

    def ask_to_reload(self) -> None:
        """Read the rules again soon; what is wrong with them is logged and shown in the status."""

        def quietly() -> None:
            with suppress(RulesError):  # noted by then
                self._supervisor.reload()

        self._supervisor.post(quietly)

    # --- what the control socket may ask --------------------------------------------------------------------------

    def status(self) -> Status:
        """Picture the daemon as it is now."""
        return self._supervisor.status()

    def pause(self, for_s: float | None = None) -> Status:
        """Stop listening and close the microphone."""
        return self._changed(lambda: self._supervisor.pause(for_s))

    def resume(self) -> Status:
        """Listen again."""
        return self._changed(self._supervisor.resume)

    def reload(self) -> Status:
        """Read the rules again."""
        return self._changed(self._supervisor.reload)

    def stop(self) -> Status:
        """End, after this answer."""
        status = replace(self.status(), state=State.STOPPED)
        self.ask_to_stop()
        return status

    def do(self, keyword: str) -> tuple[ActionRun, ...]:
        """Carry out a rule's actions now, in the caller's thread."""
        return self._supervisor.do(keyword)

    def microphones(self) -> dict[str, object]:
        """List what can be listened to; in the caller's thread, for that may take a second."""
        return self._supervisor.microphones()

    def choose_microphone(self, name: str | None) -> Status:
        """Hear this one while it is there; None: as the rules file says."""
        return self._chosen(lambda choices, _: replace(choices, microphone=name))

    def choose_sensitivity(self, level: Sensitivity | None, keyword: str | None = None) -> Status:
        """Choose for one word or for all; None: as the rules file says."""
        return self._changed(lambda: self._supervisor.choose_sensitivity(level, keyword))

    def switch_rule(self, keyword: str, *, on: bool) -> Status:
        """Switch a rule off, or on again."""
        return self._chosen(lambda choices, book: with_switch(choices, book, keyword, on=on))

    def choose_pause_while(self, what: Absence, *, on: bool | None) -> Status:
        """Pause while nobody means voicego, or do not; None: as the rules file says."""

        def change(choices: Choices, _: Book) -> Choices:
            others = {absence: value for absence, value in choices.pause_while.items() if absence is not what}
            return replace(choices, pause_while=others if on is None else others | {what: on})

        return self._chosen(change)

    def wrong(self, detection_id: str) -> Status:
        """Note that a detection was none."""
        return self._changed(lambda: self._supervisor.happenings.wrong(detection_id))

    def subscribe(
        self, listener: Callable[[dict[str, object]], None], *, levels: bool = False, scores: bool = False
    ) -> Callable[[], None]:
        """Call `listener` with each event until what is returned is called."""
        return self._supervisor.subscribe(Subscription(listener, levels=levels, scores=scores))

    def _chosen(self, change: Callable[[Choices, Book], Choices]) -> Status:
        return self._changed(lambda: self._supervisor.choose(change))

    def _changed(self, change: Callable[[], None]) -> Status:
        """Have the supervisor make a change and wait for it; return what the daemon is like then."""
        done: Future[None] = Future()

        def work() -> None:
            try:
                change()
                done.set_result(None)
            except BaseException as error:  # noqa: BLE001 -- it is the asker's
                done.set_exception(error)

        self._supervisor.post(work)
        try:
            done.result(ANSWER_S)
        except TimeoutError as error:
            raise VoicegoError("voicego is stopping, or stuck; `voicego log` may say why") from error
        return self.status()
