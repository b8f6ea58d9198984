"""What is wrong with the rules: shown at once, told by a notification only when nobody mends it soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

GRACE_S = 10.0
"""Seconds that a person is given to mend their rules before they are told: editors save in several steps."""


class Mistakes:
    """Belongs to the supervisor's thread; others read `error`."""

    def __init__(
        self, clock: Callable[[], float], tell: Callable[[str], None], good_ones: Callable[[], bool] = lambda: True
    ) -> None:
        """Remember. `clock` is monotonic seconds; `tell` shows a notification; `good_ones`: others stand in."""
        self._clock = clock
        self._tell = tell
        self._good_ones = good_ones
        self._since: float | None = None
        """When the rules broke, while the person is given time."""
        self._told = False
        self.error = ""

    def note(self, error: str) -> None:
        """Take note of what is wrong; empty: nothing is."""
        self.error = error
        if error:
            self._since = self._clock() if self._since is None else self._since
            return
        self._since = None
        if self._told:
            self._told = False
            self._tell("The rules work again.")

    def look(self) -> None:
        """Tell what was not mended in time, once."""
        if self._told or self._since is None or self._clock() - self._since < GRACE_S:
            return
        self._told = True
        self._tell(f"The rules are broken, {self.meanwhile}. {self.error.splitlines()[0]}")

    @property
    def meanwhile(self) -> str:
        """What voicego does until they are mended."""
        return "the last good ones stay in use" if self._good_ones() else "voicego waits until they are mended"
