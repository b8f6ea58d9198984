"""Who looks on whether anybody means voicego: a watch for each absence that the rules pause for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.daemon.parts import Watch
    from voicego.daemon.pauses import Pauses
    from voicego.flow import Absence


class Away:
    """Every method belongs to the supervisor's thread; what the watches tell is posted to it."""

    def __init__(
        self,
        watch: Callable[[frozenset[Absence], Callable[[Absence, bool], None]], Watch | None],
        post: Callable[[Callable[[], None]], None],
        pauses: Pauses,
    ) -> None:
        """Remember. `watch` makes one that tells when an absence begins or ends; None: nothing here can."""
        self._make = watch
        self._post = post
        self._pauses = pauses
        self._watches: dict[Absence, Watch | None] = {}

    def watch(self, wanted: frozenset[Absence]) -> None:
        """Begin and end what looks on, each by itself: one that goes on knows when its absence ends."""
        for absence in self._watches.keys() - wanted:
            if watch := self._watches.pop(absence):
                watch.stop()
            self._pauses.away(absence, now=False)
        for absence in sorted(wanted - self._watches.keys()):
            self._watches[absence] = watch = self._make(frozenset({absence}), self._told)
            if watch:
                watch.start()

    def _told(self, absence: Absence, now: bool) -> None:  # noqa: FBT001 -- what is told has two values
        """A reason not to listen began or ended; from the thread of who watches."""
        self._post(lambda: self._note(absence, now=now))

    def _note(self, absence: Absence, *, now: bool) -> None:
        if absence in self._watches:  # else it was told just before nobody wanted to know any more
            self._pauses.away(absence, now=now)
