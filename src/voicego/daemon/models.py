"""The model in use, and the next one, which is loaded on a thread of its own: that takes seconds, or hangs."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.daemon.book import Book
    from voicego.flow import Engine, Setup
    from voicego.seams import Classifier

log = logging.getLogger(__name__)

SLOW_S = 10.0
"""Seconds of loading after which the status says how many it has been."""
LOADING_S = 120.0
"""Seconds after which it counts as hung; importing torch from a cold disk takes ten."""


class Models:
    """Every method belongs to the supervisor's thread, others only read; what a load finds out is posted."""

    def __init__(
        self,
        load: Callable[[Setup], Classifier],
        post: Callable[[Callable[[], None]], None],
        clock: Callable[[], float],
        told: Callable[[Book, VoicegoError | None], None],
    ) -> None:
        """Remember.

        Args:
            load: takes seconds; raises VoicegoError.
            post: has the supervisor's thread call something.
            clock: monotonic seconds.
            told: called when a model has come, or cannot: the book that it was loaded for, and why not.
        """
        self._load = load
        self._post = post
        self._clock = clock
        self._told = told
        self._in_use_for: tuple[str, Engine, int] | None = None
        self._newest: Book | None = None
        """What the newest load was begun for."""
        self._since = 0.0
        self.in_use: Classifier | None = None
        self.awaited: Book | None = None
        """What is to be taken when its model is there."""

    @property
    def loading_s(self) -> float | None:
        """Seconds that the model which is awaited has been loading by now; None when none is."""
        return None if self.awaited is None else self._clock() - self._since

    @property
    def hung(self) -> bool:
        """Whether what is awaited will hardly come. It is taken all the same if it does."""
        return (self.loading_s or 0.0) > LOADING_S

    def fit(self, setup: Setup) -> bool:
        """Whether the model in use is the one that a setup asks for."""
        return self._in_use_for == _loaded_for(setup)

    def fetch(self, book: Book) -> None:
        """Load a book's model, unless that is under way already, and not hung."""
        if self.hung or self.awaited is None or _loaded_for(self.awaited.setup) != _loaded_for(book.setup):
            self._newest, self._since = book, self._clock()
            threading.Thread(target=self._fetch, args=(book,), name="voicego-loading", daemon=True).start()
        self.awaited = book

    def await_none(self) -> None:
        """Nobody wants the model any more that is being loaded."""
        self.awaited = None

    def forgive(self) -> None:
        """The whole process stood still: loading is given its time anew."""
        self._since = self._clock()

    def give_up(self) -> None:
        """Use the one in use no more: it may hold its thread for ever."""
        self.in_use = self._in_use_for = None

    def _fetch(self, book: Book) -> None:
        """On a thread of its own."""
        setup = book.setup
        try:
            outcome: Classifier | VoicegoError = self._load(setup)
        except VoicegoError as error:
            outcome = error
        except Exception as error:
            log.exception("loading the model met a surprise")
            outcome = VoicegoError(f"the model {setup.model} cannot be loaded ({type(error).__name__}); see the log")
        self._post(lambda: self._fetched(book, outcome))

    def _fetched(self, loaded_for: Book, outcome: Classifier | VoicegoError) -> None:
        book = self.awaited
        if book is None or loaded_for is not self._newest:  # the rules were changed again meanwhile
            return
        self.awaited = None
        if isinstance(outcome, VoicegoError):
            self._told(book, outcome)
            return
        self.in_use, self._in_use_for = outcome, _loaded_for(book.setup)
        self._told(book, None)


def _loaded_for(setup: Setup) -> tuple[str, Engine, int]:
    """What a model is loaded anew for when it changes."""
    return setup.model, setup.engine, setup.threads
