"""What the tray knows and what it shows, as plain values; nothing here draws, asks or waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Icon(StrEnum):
    """A drawing; the value is its file's name."""

    LOADING = "loading"
    LISTENING = "listening"
    HEARD = "heard"
    """For a moment, at each detection."""
    PAUSED = "paused"
    RECONNECTING = "reconnecting"
    CONFIG_ERROR = "config-error"
    FAILED = "failed"
    """It cannot go on, or it died."""
    STOPPED = "stopped"
    """No daemon runs, on purpose."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A click that the daemon answers."""

    verb: str
    arguments: Mapping[str, object] = field(default_factory=dict)


class Deed(StrEnum):
    """A click that the tray itself sees to."""

    START = "start"
    """Start a daemon."""
    QUIT = "quit"
    """End the daemon and the tray."""
    UNTIL_MORNING = "until morning"
    """Pause until 6:00; how long that is shows when it is clicked."""
    EDIT = "edit"
    SHOW_LOG = "show log"
    LOGIN_ON = "login on"
    LOGIN_OFF = "login off"


Click = Ask | Deed


class Mark(StrEnum):
    """What stands before an item."""

    NONE = ""
    TICK = "tick"
    RADIO = "radio"


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the menu. One that has neither a click nor items is there to be read."""

    text: str
    """Empty: a separator."""
    click: Click | None = None
    mark: Mark = Mark.NONE
    on: bool = False
    items: tuple[Item, ...] = ()
    key: str = ""
    """What it is, while its text changes; empty: the text says it."""

    @property
    def enabled(self) -> bool:
        """Whether a person can do something with it."""
        return self.click is not None or bool(self.items)


SEPARATOR = Item("")


@dataclass(frozen=True, slots=True)
class View:
    """All that a tray shows."""

    icon: Icon
    tooltip: str
    """One line each: state, its reason, the last command."""
    menu: tuple[Item, ...] = ()
    click: Click | None = None
    """What a click on the icon itself does, where that is no menu."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the tray knows of the daemon and the desktop."""

    status: Mapping[str, Any] | None = None
    """As the daemon says it; None while nobody answers."""
    gone: str = ""
    """Why nobody answers, in one sentence."""
    died: bool = False
    """Nobody answers, and nobody asked it to end."""
    starting: bool = False
    """Nobody answers yet, and somebody soon will."""
    microphones: tuple[Mapping[str, Any], ...] = ()
    """As the verb `microphones` lists them: `name`, `in_use` and more."""
    flash: bool = False
    """A word was heard a moment ago."""
    at_login: bool | None = None
    """Whether voicego starts at login; None where that cannot be told."""
    trouble: str = ""
    """What the last click met, in one sentence."""
