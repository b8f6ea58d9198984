"""The desktop's own variables, for a daemon that began before the desktop did: the user manager knows them by then."""

from __future__ import annotations

import re
from collections.abc import ItemsView, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicego.acting.desk import Processes

SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")
"""A daemon that has one of them began inside the desktop, and knows all the others."""

WANTED = (*SCREENS, "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE")
"""What desktops hand to the user manager when they start, and what openers ask for."""

ASK = ("sh", "-c", f"systemctl --user show-environment 2>/dev/null | grep -E '^({'|'.join(WANTED)})='")
"""Only the lines that are wanted: the whole would be longer than what is kept of a program's output."""

ANSWERS_S = 1.0
"""An action waits no longer for a manager that does not answer."""

QUOTED = re.compile(r"\$?'(.*)'", re.DOTALL)


class Session(Mapping[str, str]):
    """The daemon's own environment, and over it what `join` learnt of the session. Any thread may read it."""

    def __init__(self, own: Mapping[str, str]) -> None:
        self._own = own
        self._told: Mapping[str, str] = {}

    def join(self, processes: Processes) -> None:
        """Ask the user manager for the session's variables, if there is no screen among our own.

        Asked before each action, for a person may log out of one desktop and into another; it takes some milliseconds.
        Without a manager, or without an answer in time, what was known stays.
        """
        if any(self._own.get(name) for name in SCREENS):
            return
        ran = processes.run_to_end(ASK, ANSWERS_S)
        if ran.exit_code == 0:
            self._told = parsed(ran.detail)

    def __getitem__(self, name: str) -> str:
        """Look up one variable."""
        told = self._told
        return told[name] if name in told else self._own[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter({**self._own, **self._told})

    def __len__(self) -> int:
        """Count the names."""
        return len({**self._own, **self._told})

    def items(self) -> ItemsView[str, str]:
        """Give the names and values of one moment."""
        return {**self._own, **self._told}.items()


def parsed(shown: str) -> dict[str, str]:
    """Read what `systemctl show-environment` prints: a shell could read it, so odd values are quoted."""
    pairs = (line.partition("=") for line in shown.splitlines())
    return {name: _unquoted(value) for name, _, value in pairs if name in WANTED and value}


def _unquoted(value: str) -> str:
    found = QUOTED.fullmatch(value)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else value
