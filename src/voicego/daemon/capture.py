"""Keeps one listener at work: opens its source off the supervisor's thread, watches over it, opens it again."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from voicego.daemon.parts import JOIN_S
from voicego.daemon.watching import Heart, Tries
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.flow import Candidate, Detection, Notice
    from voicego.listener import Listener
    from voicego.seams import Source

log = logging.getLogger(__name__)

OPEN_S = 1.0
"""Seconds that the supervisor waits for a source to open before it turns to other things."""
HUNG_S = 10.0
"""Seconds of opening after which the sound system counts as hung."""
LOOK_S = 10.0
"""How often to look for a microphone that is preferred to the one in use."""
STEADY_S = 10.0
"""Seconds of listening after which the next loss is a new one, not the same again."""


class Ending(StrEnum):
    """How hearing came to an end by itself."""

    REFUSED = "refused"
    """The source did not open."""
    LOST = "lost"
    OVER = "over"
    """A recording was heard to its end."""
    STUCK = "stuck"
    """The listener's thread stands still."""
    BETTER = "better"
    """A microphone that is preferred came back."""


class Opening:
    """One try to open a source, on a thread of its own: PortAudio may take its time, or hang."""

    def __init__(self, make: Callable[[], Source], then: Callable[[Opening], None]) -> None:
        self._make = make
        self._then = then
        self._lock = threading.Lock()
        self._abandoned = False
        self.done = threading.Event()
        self.source: Source | None = None
        self.error: VoicegoError | None = None
        self._thread = threading.Thread(target=self._open, name="voicego-opening", daemon=True)

    def start(self) -> None:
        """Begin; `then` is called at the end, on the thread that opened."""
        self._thread.start()

    def abandon(self) -> None:
        """Nobody wants it any more: what was opened is closed as soon as that is known."""
        with self._lock:
            self._abandoned = True
        if self.source is not None:
            self.source.close()

    def _open(self) -> None:
        try:
            self.source = self._make()
            self.source.open()
        except VoicegoError as error:
            self.error = error
        except Exception as error:
            log.exception("opening met a surprise")
            self.error = VoicegoError(f"opening failed ({type(error).__name__}); see the log")
        with self._lock:
            unwanted = self._abandoned or self.error is not None  # a surprise may have left it open
        if unwanted and self.source is not None:
            self.source.close()
        self.done.set()
        self._then(self)


@dataclass(slots=True)
class Session:
    """A listener, the thread that it runs in, and its heart."""

    listener: Listener
    heart: Heart
    thread: threading.Thread = field(init=False)
    began: float = 0.0

    def end(self) -> None:
        """Close the source and wait a moment for the thread."""
        self.listener.source.close()
        if self.thread is not threading.current_thread():
            self.thread.join(JOIN_S)
        if self.thread.is_alive():
            log.warning("the thread %s did not end in time", self.thread.name)
            self.disown()

    def disown(self) -> None:
        """Let nothing come of what it may still find."""
        self.listener.offer = _let_go
        self.listener.note = _ignore
        self.listener.confirmer = _Nobody()


class Capture:
    """Every method belongs to the supervisor's thread; what other threads find out is posted to it."""

    def __init__(
        self,
        post: Callable[[Callable[[], None]], None],
        clock: Callable[[], float],
        listener_for: Callable[[Source, Heart], Listener],
        ended: Callable[[Ending, VoicegoError | None, Source | None], None],
        better: Callable[[Source], bool] = lambda _: False,
    ) -> None:
        """Remember.

        Args:
            post: has the supervisor's thread call something.
            clock: monotonic seconds.
            listener_for: puts a listener together around a source that is open.
            ended: called with how hearing ended by itself, why, and the source, if there is one.
            better: whether a microphone is there that is preferred to this one; may take seconds.
        """
        self._post = post
        self._clock = clock
        self._listener_for = listener_for
        self._told = ended
        self._better = better
        self._opening: Opening | None = None
        self._since = 0.0
        self._looking = False
        self._look_at = 0.0
        self.tries = Tries(clock)
        self.session: Session | None = None

    @property
    def opening_s(self) -> float | None:
        """Seconds that opening has taken by now; None when nothing is being opened."""
        return None if self._opening is None else self._clock() - self._since

    def begin(self, make: Callable[[], Source]) -> None:
        """Open a source and listen, if that is not under way and a try is due."""
        if self.session or self._opening or not self.tries.due:
            return
        self.tries.now()
        self._since = self._clock()
        opening = Opening(make, lambda one: self._post(lambda: self._opened(one)))
        opening.start()
        self._opening = opening
        if opening.done.wait(OPEN_S):
            self._opened(opening)

    def end(self) -> Listener | None:
        """Stop hearing; returns who listened, for its counters."""
        opening, self._opening = self._opening, None
        if opening:
            opening.abandon()
        session, self.session = self.session, None
        if session is None:
            return None
        if self._clock() - session.began > STEADY_S:
            self.tries.worked()
        session.end()
        return session.listener

    def look(self) -> None:
        """See whether the listener lives, and now and then whether a better microphone is there."""
        session = self.session
        if session is None:
            return
        if session.heart.stuck and session.listener.source.live:  # a recording may wait, and is heard once
            session.disown()
            self._told(Ending.STUCK, VoicegoError("listening stood still"), session.listener.source)
        elif session.listener.source.live and self._clock() >= self._look_at and not self._looking:
            self._look_at = self._clock() + LOOK_S
            threading.Thread(target=self._look_for_better, args=(session,), name="voicego-looking", daemon=True).start()
            self._looking = True

    def forgive(self) -> None:
        """The whole process stood still: listener and opening are given their time anew."""
        self._since = self._clock()
        if self.session:
            self.session.heart.forgive()

    def _opened(self, opening: Opening) -> None:
        if opening is not self._opening:  # abandoned, or seen to already
            return
        self._opening = None
        if opening.error or opening.source is None:
            self._told(Ending.REFUSED, opening.error, opening.source)
            return
        try:
            self.session = self._begun(opening.source)
        except VoicegoError as error:
            opening.source.close()
            self._told(Ending.REFUSED, error, opening.source)
        except BaseException:  # nobody else would close it
            opening.source.close()
            self.tries.failed()
            raise
        self._look_at = self._clock() + LOOK_S

    def _begun(self, source: Source) -> Session:
        """Listen to a source that is open."""
        heart = Heart(self._clock)
        session = Session(self._listener_for(source, heart), heart, began=self._clock())
        session.thread = threading.Thread(target=self._listen, args=(session,), name="voicego-listener", daemon=True)
        session.thread.start()
        return session

    def _listen(self, session: Session) -> None:
        """On the listener's thread."""
        error: VoicegoError | None = VoicegoError("listening ended without a word")
        try:
            session.listener.listen()
            error = None
        except VoicegoError as lost:
            error = lost
        except Exception as surprise:
            log.exception("the listener met a surprise")
            error = VoicegoError(f"listening failed ({type(surprise).__name__}); see the log")
        finally:
            session.listener.source.close()
            self._post(lambda: self._ended(session, error))

    def _ended(self, session: Session, error: VoicegoError | None) -> None:
        if session is not self.session:
            return
        source = session.listener.source
        if error:
            self._told(Ending.LOST, error, source)
        elif not source.live:
            self._told(Ending.OVER, None, source)

    def _look_for_better(self, session: Session) -> None:
        """On a thread of its own."""
        found = False
        try:
            found = self._better(session.listener.source)
        except VoicegoError as error:
            log.debug("no look for a better microphone: %s", error)
        except Exception:
            log.exception("looking for a better microphone met a surprise")
        self._post(lambda: self._looked(session, found=found))

    def _looked(self, session: Session, *, found: bool) -> None:
        self._looking = False
        if found and session is self.session:
            log.info("a microphone that is preferred to %s is there", session.listener.source.name)
            self._told(Ending.BETTER, None, session.listener.source)


class _Nobody:
    """The `Confirmer` of a listener that was given up."""

    def stir(self) -> None:
        """Let the model rest."""

    def ask(self, candidate: Candidate) -> None:
        """Confirm nothing."""
        _let_go(candidate.detection)


def _ignore(_: Notice) -> None:
    """Show nothing."""


def _let_go(detection: Detection) -> None:
    log.info("%s %s: came from a listener that was given up", detection.id, detection.keyword)
