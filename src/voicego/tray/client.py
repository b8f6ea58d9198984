"""Follows a daemon through its socket, does what is clicked, and says what is to be shown."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from voicego.control.client import NotRunning, ask, events
from voicego.errors import VoicegoError
from voicego.flow import State
from voicego.tray.menu import morning
from voicego.tray.model import Ask, Click, Deed, Known
from voicego.tray.view import view

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from voicego.tray.model import View

log = logging.getLogger(__name__)

FLASH_S = 0.6
"""Seconds for which a detection is shown."""
LOOK_S = 5.0
"""Seconds between two looks at a daemon that says nothing new."""
SOON_S = 1.0
"""The same while the menu is open, or while nobody answers."""
ANSWER_S = 3.0
STARTING_S = 30.0
"""Seconds that a daemon is given to answer after it was started."""
BURST_S = 0.1
"""Seconds in which what happens is gathered: a look a tenth of a second is enough for an eye."""


@dataclass(frozen=True, slots=True)
class Deeds:
    """What only the world outside can do; each raises VoicegoError where it fails."""

    start: Callable[[], None]
    """Start a daemon."""
    edit: Callable[[str], None]
    """Open a rules file; empty: the one that lies where it usually does."""
    show_log: Callable[[], None]
    at_login: Callable[[], bool]
    """Whether voicego starts at login."""
    set_login: Callable[[bool], None]


Message = Callable[[], None]


class Client:
    """Two threads: one that listens to events, and one on which everything else happens, in order."""

    def __init__(  # noqa: PLR0913 -- each is a seam
        self,
        socket: Path,
        show: Callable[[View], None],
        deeds: Deeds,
        leave: Callable[[], None],
        *,
        attached: bool,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember; `show` and `leave` (end the tray) are called from the client's thread and must not wait for it.

        `attached`: a daemon started this tray, and it ends with it, if that ends on purpose. Otherwise one is started
        where none runs.
        """
        self._socket = socket
        self._show = show
        self._deeds = deeds
        self._leave = leave
        self._attached = attached
        self._now = now
        self._clock = clock
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._threads = (
            threading.Thread(target=self._follow, name="voicego-tray-client", daemon=True),
            # It ends with the daemon or with the process: a wait for the next event cannot be cut short.
            threading.Thread(target=self._listen, name="voicego-tray-events", daemon=True),
        )
        self._known = Known(starting=True)
        self._shown: View | None = None
        self._look_at = 0.0
        self._flash_until = 0.0
        self._starting_until = self._clock() + STARTING_S
        self._open = False
        self._on_purpose = False
        self._first = True
        """Nothing is known yet of whether a daemon runs."""

    def start(self) -> None:
        """Begin to follow."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = ANSWER_S) -> None:
        """End; what was clicked and not yet asked is dropped."""
        self._ending.set()
        self._post(lambda: None)
        if threading.current_thread() is not self._threads[0]:
            self._threads[0].join(timeout_s)

    def click(self, click: Click) -> None:
        """Do as asked, soon. Any thread."""
        self._post(lambda: self._do(click))

    def opened(self, *, is_open: bool) -> None:
        """Take note that the menu is looked at, or no more. Any thread."""
        self._post(lambda: self._opened(is_open=is_open))

    def end(self) -> None:
        """End the tray, soon; fit for a signal handler (SimpleQueue.put is reentrant)."""
        self._post(self._leave)

    # --- the thread of events -----------------------------------------------------------------------------------

    def _listen(self) -> None:
        while not self._ending.is_set():
            try:
                for event in events(self._socket):
                    self._post(lambda event=event: self._happened(event))  # type: ignore[misc]
                    if self._ending.is_set():
                        return
            except VoicegoError:  # nobody there; the other thread says so
                pass
            except Exception:
                log.exception("following the daemon's events met a surprise")
            self._post(self._look)
            self._ending.wait(SOON_S)

    # --- the client's thread --------------------------------------------------------------------------------------

    def _post(self, message: Message) -> None:
        self._inbox.put(message)

    def _follow(self) -> None:
        while not self._ending.is_set():
            try:
                self._turn()
            except Exception:
                log.exception("the tray met a surprise")
                self._ending.wait(SOON_S)

    def _turn(self) -> None:
        """Wait until something is to be done, do all of it, and show what came of it."""
        with suppress(queue.Empty):
            self._inbox.get(timeout=max(0.0, self._due() - self._clock()))()
            while not self._ending.is_set():
                self._inbox.get_nowait()()
        if self._ending.is_set():
            return
        if self._clock() >= self._look_at:
            self._refresh()
        self._known = replace(self._known, flash=self._clock() < self._flash_until)
        shown = view(self._known, self._now())
        if shown != self._shown:
            self._shown = shown
            self._show(shown)

    def _due(self) -> float:
        return min(self._look_at, self._flash_until) if self._known.flash else self._look_at

    def _look(self) -> None:
        """Look at the daemon soon; many calls are one look."""
        self._look_at = min(self._look_at, self._clock() + BURST_S)

    def _happened(self, event: Mapping[str, Any]) -> None:
        if event.get("event") == "detection":
            self._flash_until = self._clock() + FLASH_S
        if event.get("event") == "state":
            self._on_purpose = event.get("state") == State.STOPPED
            if self._on_purpose and self._attached:
                self._leave()
        self._look()

    def _refresh(self) -> None:
        before = self._known.status
        try:
            status = ask(self._socket, "status", timeout_s=ANSWER_S)["status"]
        except NotRunning:
            self._nobody()
        except VoicegoError as error:  # it hangs, or ended in mid-answer, or the socket is another's
            self._known = replace(self._known, status=None, gone=str(error), died=True, starting=self._starting())
        else:
            self._known = replace(self._known, status=status, gone="", died=False, starting=False)
            self._starting_until, self._first = 0.0, False
            if before is None:
                self._on_purpose = False
                self._known = replace(self._known, trouble="", at_login=self._at_login())
            if before is None or _inputs(before) != _inputs(status):
                self._look_for_microphones()
        quiet = self._known.status is not None and not self._open
        self._look_at = self._clock() + (LOOK_S if quiet else SOON_S)

    def _nobody(self) -> None:
        if self._known.status is not None:
            log.info("the daemon ended%s", "" if self._on_purpose else ", and nobody asked it to")
            self._known = replace(self._known, died=not self._on_purpose)
        gone = "it ended, and nobody asked it to; the log may say why" if self._known.died else ""
        first, self._first = self._first, False
        trouble = self._trouble(Deed.START) if first and not self._attached else self._known.trouble
        at_login = self._at_login() if first else self._known.at_login
        self._known = replace(self._known, status=None, starting=self._starting(), at_login=at_login, trouble=trouble)
        self._known = replace(self._known, gone="" if self._known.starting else gone)

    def _starting(self) -> bool:
        return self._clock() < self._starting_until

    def _opened(self, *, is_open: bool) -> None:
        self._open = is_open
        if is_open:
            self._look_at = self._clock()
            if self._known.status is not None:
                self._look_for_microphones()

    def _look_for_microphones(self) -> None:
        """On a thread that lives for that alone: the answer may take seconds, and clicks should not wait for it."""
        threading.Thread(target=self._microphones, name="voicego-tray-looking", daemon=True).start()

    def _microphones(self) -> None:
        try:
            found = tuple(ask(self._socket, "microphones", timeout_s=ANSWER_S * 2)["microphones"])
        except VoicegoError as error:
            log.debug("no list of microphones: %s", error)
            return
        self._post(lambda: self._listed(found))

    def _listed(self, found: tuple[Mapping[str, Any], ...]) -> None:
        self._known = replace(self._known, microphones=found)

    # --- clicks ---------------------------------------------------------------------------------------------------

    def _do(self, click: Click) -> None:
        trouble = self._trouble(click)
        self._known = replace(self._known, trouble=trouble)
        self._look_at = self._clock()

    def _trouble(self, click: Click) -> str:
        """Do what was clicked; returns why it did not work, for a person."""
        try:
            if isinstance(click, Ask):
                ask(self._socket, click.verb, timeout_s=ANSWER_S * 2, **click.arguments)
            else:
                self._deed(click)
        except VoicegoError as error:
            log.warning("%s", error)
            return str(error).splitlines()[0]
        return ""

    def _deed(self, deed: Deed) -> None:
        match deed:
            case Deed.QUIT:
                self._quit()
            case Deed.START:
                self._start_daemon()
            case Deed.UNTIL_MORNING:
                ask(self._socket, "pause", timeout_s=ANSWER_S, for_s=morning(self._now()) - self._now())
            case Deed.EDIT:
                self._deeds.edit((self._known.status or {}).get("rules_file") or "")
            case Deed.SHOW_LOG:
                self._deeds.show_log()
            case Deed.LOGIN_ON | Deed.LOGIN_OFF:
                self._deeds.set_login(deed is Deed.LOGIN_ON)
                self._known = replace(self._known, at_login=self._at_login())

    def _start_daemon(self) -> None:
        self._starting_until = self._clock() + STARTING_S
        try:
            self._deeds.start()
        except VoicegoError:
            self._starting_until = 0.0
            raise

    def _at_login(self) -> bool | None:
        try:
            return self._deeds.at_login()
        except VoicegoError as error:
            log.warning("cannot tell what starts at login: %s", error)
            return None

    def _quit(self) -> None:
        self._on_purpose = True
        try:
            ask(self._socket, "stop", timeout_s=ANSWER_S)
        except VoicegoError as error:
            log.info("quitting without a daemon: %s", error)
        self._leave()


def _inputs(status: Mapping[str, Any]) -> tuple[object, object]:
    """What a new list of microphones is asked for when it changes."""
    return status.get("microphone"), (status.get("choices") or {}).get("microphone")
