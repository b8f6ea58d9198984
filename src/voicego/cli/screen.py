"""The terminal of the first run: lines that stay, and a picture that changes (rich)."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from voicego.cli import say
from voicego.cli.keys import Keys, keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.live import Live

    from voicego.app.first_run.screen import Picture

PLAIN = str.maketrans({"■": "#", "·": ".", "…": "~"})
"""For a terminal that shows nothing beyond ASCII."""


def on_a_terminal() -> bool:
    """Whether somebody looks on, and can answer."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


class Terminal:
    """Implements `Screen`, of which somebody sits in front."""

    asks = True

    def line(self, text: str) -> None:
        """Write a line that stays."""
        say.line(text)

    @contextmanager
    def picture(self) -> Iterator[Picture]:
        """Lines that change in place, and are gone afterwards."""
        from rich.console import Console  # only where there is something to draw
        from rich.live import Live

        console = Console(highlight=False)
        with keys() as pressed, Live(console=console, auto_refresh=False, transient=True) as live:
            yield _Picture(live, pressed, plain=not console.encoding.startswith("utf"))


class Pipe:
    """Implements `Screen` where nobody answers: the lines alone."""

    asks = False

    def line(self, text: str) -> None:
        """Write a line that stays."""
        say.line(text)

    @contextmanager
    def picture(self) -> Iterator[Picture]:
        """Show nothing."""
        yield _Nothing()


class _Picture:
    def __init__(self, live: Live, pressed: Keys, *, plain: bool) -> None:
        self._live = live
        self._pressed = pressed
        self._plain = plain

    def show(self, lines: Sequence[str]) -> None:
        from rich.text import Text  # it was imported before there was a picture

        text = "\n".join(lines)
        shown = Text(text.translate(PLAIN) if self._plain else text, no_wrap=True, overflow="ellipsis")
        self._live.update(shown, refresh=True)

    def key(self, wait_s: float = 0.0) -> str:
        return self._pressed.next(wait_s)


class _Nothing:
    def show(self, lines: Sequence[str]) -> None:
        pass

    def key(self, wait_s: float = 0.0) -> str:  # noqa: ARG002 -- `Picture` has it
        return ""
