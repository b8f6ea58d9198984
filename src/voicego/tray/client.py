"""Follows a daemon through its socket, has clicks done, and says what is to be shown."""

from __future__ import annotations

import logging
import queue
import threading
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from voicego.control.client import NotRunning, ask, events
from voicego.errors import VoicegoError
from voicego.flow import State
from voicego.tray.model import Deed, Known
from voicego.tray.view import view

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from voicego.tray.clicks import Clicks
    from voicego.tray.model import Click, View

    Message = Callable[[], None]

log = logging.getLogger(__name__)

FLASH_S = 0.6
"""Seconds for which a detection is shown."""
LOOK_S = 5.0
"""Seconds between two looks at a daemon that says nothing new."""
SOON_S = 1.0
"""The same while the menu is open, or while nobody answers."""
OPEN_S = 60.0
"""Seconds after which a menu counts as closed: not every panel says that it was."""
ANSWER_S = 3.0
STARTING_S = 30.0
"""Seconds that a daemon is given to answer after it was started."""
BURST_S = 0.1
"""Seconds in which what happens is gathered: ten looks a second are enough for an eye."""


class Client:
    """Two threads: one that listens to events, and one on which everything else happens, in order."""

    def __init__(  # noqa: PLR0913 -- each is a seam
        self,
        socket: Path,
        clicks: Clicks,
        show: Callable[[View], None],
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
        self._clicks = clicks
        self._show = show
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
        self._asked_before = False
        self._look_at = 0.0
        self._flash_until = 0.0
        self._open_until = 0.0
        self._starting_until = self._clock() + STARTING_S
        self._on_purpose = False
        """The daemon said that it would end, or was asked to."""

    def start(self) -> None:
        """Begin to follow."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = ANSWER_S) -> None:
        """Follow no more; what was clicked and not yet asked is dropped."""
        self._ending.set()
        self._post(lambda: None)
        self._threads[0].join(timeout_s)

    def click(self, click: Click) -> None:
        """Do as asked, soon. Any thread."""
        self._post(lambda: self._do(click))

    def opened(self, *, is_open: bool) -> None:
        """Take note that the menu is looked at, or no more. Any thread."""
        self._post(lambda: self._opened(is_open=is_open))

    def end(self) -> None:
        """End the tray, soon. Any thread."""
        self._post(self._leave)

    # --- the thread of events -----------------------------------------------------------------------------------

    def _listen(self) -> None:
        while not self._ending.is_set():
            try:
                for event in events(self._socket):
                    self._post(partial(self._happened, event))
            except VoicegoError as error:  # nobody is there, which the other thread says
                log.debug("no events: %s", error)
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
        self._know(flash=self._clock() < self._flash_until)
        shown = view(self._known, self._now())
        if shown != self._shown:
            self._shown = shown
            self._show(shown)

    def _due(self) -> float:
        return min(self._look_at, self._flash_until) if self._known.flash else self._look_at

    def _know(self, **changes: Any) -> None:  # noqa: ANN401 -- fields of Known
        self._known = replace(self._known, **changes)

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
        first, self._asked_before = not self._asked_before, True
        if first:
            self._know(at_login=self._clicks.at_login())
        try:
            self._found(ask(self._socket, "status", timeout_s=ANSWER_S)["status"])
        except NotRunning:
            if first and not self._attached:
                self._do(Deed.START)
            self._nobody()
        except VoicegoError as error:  # it hangs, or ended in mid-answer, or the socket is another's
            self._know(status=None, gone=str(error), died=True, starting=False)
        calm = self._known.status is not None and self._clock() >= self._open_until
        self._look_at = self._clock() + (LOOK_S if calm else SOON_S)

    def _found(self, status: Mapping[str, Any]) -> None:
        before = self._known.status
        self._know(status=status, gone="", died=False, starting=False)
        self._starting_until = 0.0
        if before is None:
            self._on_purpose = False
            self._know(trouble="", at_login=self._clicks.at_login())
        if before is None or _inputs(before) != _inputs(status):
            self._look_for_microphones()

    def _nobody(self) -> None:
        died = self._known.died
        if self._known.status is not None:
            died = not self._on_purpose
            log.info("the daemon ended%s", ", and nobody asked it to" if died else "")
        starting = self._clock() < self._starting_until
        gone = "it ended, and nobody asked it to; the log may say why" if died and not starting else ""
        self._know(status=None, died=died, starting=starting, gone=gone)

    def _do(self, click: Click) -> None:
        if click is Deed.START:
            self._starting_until = self._clock() + STARTING_S
        self._on_purpose |= click is Deed.QUIT
        trouble = self._clicks.do(click, self._known.status)
        if click is Deed.START and trouble:
            self._starting_until = 0.0
        if isinstance(click, Deed) and click in {Deed.LOGIN_ON, Deed.LOGIN_OFF}:
            self._know(at_login=self._clicks.at_login())
        if click is Deed.QUIT:
            self._leave()
        self._know(trouble=trouble)
        self._look_at = self._clock()

    def _opened(self, *, is_open: bool) -> None:
        self._open_until = self._clock() + OPEN_S if is_open else 0.0
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
        self._post(lambda: self._know(microphones=found))


def _inputs(status: Mapping[str, Any]) -> tuple[object, object]:
    """What a new list of microphones is asked for when it changes."""
    return status.get("microphone"), (status.get("choices") or {}).get("microphone")
