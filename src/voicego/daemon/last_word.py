"""The second stage in use, where the rules ask for one: made anew when they ask for another."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from voicego.daemon.parts import JOIN_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.confirming.stage import SecondStage
    from voicego.flow import ConfirmWith, Engine, NotConfirmed, Setup

log = logging.getLogger(__name__)


class LastWord:
    """Every method belongs to the supervisor's thread; others read `status`."""

    def __init__(
        self,
        make: Callable[[Setup, Callable[[NotConfirmed], None]], SecondStage | None],
        report: Callable[[NotConfirmed], None],
    ) -> None:
        """Remember. `make` makes a stage where a setup asks for one; `report` is told what is not acted on."""
        self._make = make
        self._report = report
        self._stage: SecondStage | None = None
        self._made_for: tuple[ConfirmWith | None, Engine, int] | None = None

    @property
    def status(self) -> dict[str, Any] | None:
        """For `voicego status`; None: nobody has the last word."""
        stage = self._stage
        return stage.status if stage else None

    def stage_for(self, setup: Setup) -> SecondStage | None:
        """Take the one in use, or another where a setup asks for that; awake, for listening begins."""
        wanted = (setup.confirm_with, setup.engine, setup.threads)
        if self._made_for != wanted:
            self.end()
            self._stage, self._made_for = self._make(setup, self._report), wanted
            if self._stage:
                self._stage.start()
        if self._stage:
            self._stage.stir()
        return self._stage

    def drain(self, timeout_s: float) -> bool:
        """Wait until every candidate is decided; whether it is. For a recording that has ended."""
        return self._stage is None or self._stage.drain(timeout_s)

    def end(self) -> None:
        """End it, if there is one."""
        stage, self._stage, self._made_for = self._stage, None, None
        if stage and not stage.stop(JOIN_S):
            log.warning("the thread voicego-confirming did not end in time")
