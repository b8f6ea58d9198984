"""What every kind of service looks like: what it starts, how to look at it, and the steps that change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.service.installed import Installed
    from voicego.service.steps import Step


@dataclass(frozen=True, slots=True)
class Service:
    """One way to be started at login."""

    name: str
    """What a person would call it."""
    command: tuple[str, ...]
    """What an installation of this voicego starts."""
    look: Callable[[], Installed | None]
    """Reads what is installed; None: nothing is."""
    install: tuple[Step, ...]
    uninstall: tuple[Step, ...]
    """Leaves alone what runs; the tray takes these steps about itself."""
    start: tuple[Step, ...]
    stop: tuple[Step, ...]
    restart: tuple[Step, ...] = ()
    """If that is not to stop and to start."""
    before_uninstall: tuple[Step, ...] = ()
    """Ends what would have nothing behind it any more."""
    remark: str = ""
    """What a person should know who installs it."""
