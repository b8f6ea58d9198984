"""What the first run needs of a terminal, and the level bar that it draws there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

QUIETEST_DBFS = -75.0
"""RMS; a silent room. The bar begins here, and ends at 0."""
BAR = 24
"""Characters."""
TICK_S = 0.08
"""Seconds for which what is shown stands."""

ENTER, UP, DOWN = "enter", "up", "down"
"""Keys; the others are called by their character."""


class Picture(Protocol):
    """Lines that change in place."""

    def show(self, lines: Sequence[str]) -> None:
        """Show these instead."""
        ...

    def key(self, wait_s: float = 0.0) -> str:
        """Take the next key that is pressed within a time; empty if none is."""
        ...


class Screen(Protocol):
    """A terminal, or what stands for one."""

    @property
    def asks(self) -> bool:
        """Whether somebody is there who answers."""
        ...

    def line(self, text: str) -> None:
        """Write a line that stays."""
        ...

    def picture(self) -> AbstractContextManager[Picture]:
        """Lines that change in place, and are gone afterwards."""
        ...


class Ear(Protocol):
    """See `voicego.app.ear`."""

    def ask(self, what: str, **arguments: object) -> None:
        """Ask."""
        ...

    def next(self, timeout_s: float) -> dict[str, Any] | None:
        """Hear what it says."""
        ...

    def answer(self, what: str, timeout_s: float, **arguments: object) -> dict[str, Any]:
        """Ask and wait."""
        ...

    def close(self) -> None:
        """End it; the next question starts it anew."""
        ...


def bar(level_db: float | None) -> str:
    """Draw a level; nothing was heard yet where there is none."""
    if level_db is None:
        return f"{'·' * BAR}"
    part = min(1.0, max(0.0, 1 - level_db / QUIETEST_DBFS))
    full = round(part * BAR)
    return f"{'■' * full}{'·' * (BAR - full)} {level_db:4.0f} dBFS"


def shortened(text: str, length: int) -> str:
    """Cut a text, and say so."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
