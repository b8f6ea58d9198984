"""What a service does to the machine, step by step, as values: `--dry-run` shows them, `carrying` carries them out."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, assert_never

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voicego.acting.desk import Processes


class Registry(Protocol):
    """The current user's part of Windows' registry; texts and bytes alone."""

    def read(self, key: str, name: str) -> str | bytes | None:
        """A value; None where there is none."""
        ...

    def write(self, key: str, name: str, value: str) -> None:
        """Set a text.

        Raises:
            OSError: it cannot be written.
        """
        ...

    def delete(self, key: str, name: str) -> None:
        """Remove a value; nothing happens where there is none.

        Raises:
            OSError: it cannot be removed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Write:
    """A file, whole."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Remove:
    """A file, and the folders above it that are left empty, below `keep`."""

    path: Path
    keep: Path


@dataclass(frozen=True, slots=True)
class SetValue:
    """A text in the registry."""

    key: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class DeleteValue:
    """A value of the registry goes."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A program of the system, to its end."""

    argv: tuple[str, ...]
    otherwise: str | None = None
    """What it means for a person if it fails; None: it may."""


@dataclass(frozen=True, slots=True)
class Detach:
    """A program that lives on."""

    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StopDaemon:
    """The running voicego ends, and its tray."""


Step = Write | Remove | SetValue | DeleteValue | Call | Detach | StopDaemon


@dataclass(frozen=True, slots=True)
class Hands:
    """What carries steps out."""

    processes: Processes
    stop_daemon: Callable[[], bool]
    """Ends the running voicego, and its tray, and waits for them; whether there was either."""
    registry: Registry | None = None


def told(step: Step) -> str:  # noqa: PLR0911 -- one for each kind
    """Say what a step would do, in full."""
    match step:
        case Write():
            return f"would write {step.path}:\n{step.text}"
        case Remove():
            return f"would remove {step.path}"
        case SetValue():
            return rf"would set HKCU\{step.key}\{step.name} to {step.value}"
        case DeleteValue():
            return rf"would delete HKCU\{step.key}\{step.name}"
        case Call():
            return f"would run: {shlex.join(step.argv)}"
        case Detach():
            return f"would start: {shlex.join(step.argv)}"
        case StopDaemon():
            return "would end the running voicego"
        case _:
            assert_never(step)
