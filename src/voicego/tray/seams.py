"""What every way of being in a tray has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from voicego.tray.model import Click, View


class Face(Protocol):
    """An icon with a menu, shown by one kind of tray."""

    def run(self) -> bool:
        """Be there, on this thread, until stopped (True) or until the tray is gone for good (False).

        Raises:
            VoicegoError: it cannot be shown.
        """
        ...

    def show(self, view: View) -> None:
        """Show something else, soon. Any thread; before and after `run` it is only remembered."""
        ...

    def stop(self) -> None:
        """End `run`. Any thread, before it too."""
        ...


class Person(Protocol):
    """What a face tells of the person before it. Any thread; never waits."""

    def click(self, click: Click) -> None:
        """Something was clicked."""
        ...

    def opened(self, *, is_open: bool) -> None:
        """The menu is looked at, or no more."""
        ...
