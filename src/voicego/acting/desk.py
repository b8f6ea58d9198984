"""What an action finds around it: the system, its programs, and the one way to start them."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from voicego.flow import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path


class System(StrEnum):
    """The three kinds of desktop; the value is what rules call it."""

    LINUX = "linux"
    MACOS = "macos"
    WINDOWS = "windows"


def this_system() -> System:
    """Name the system voicego runs on. Anything that is neither macOS nor Windows is taken for a free desktop."""
    return {"darwin": System.MACOS, "win32": System.WINDOWS}.get(sys.platform, System.LINUX)


@dataclass(frozen=True, slots=True)
class Ran:
    """How a start, or a whole run, went."""

    outcome: Outcome
    detail: str = ""
    """Why it failed, or the tail of its output."""
    exit_code: int | None = None
    """None while it lives, and where nothing was started. Negative: the signal that ended it."""
    started_at: float = 0.0
    """`time.monotonic()` right before the process was started."""
    seconds: float = 0.0


class Processes(Protocol):
    """Starts programs. Nothing here raises for a program that is missing, refuses or fails: that is a result."""

    def run_to_end(
        self,
        argv: Sequence[str],
        timeout_s: float,
        *,
        shell: bool = False,
        stdin: bytes = b"",
        extra: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run a program and wait; at the timeout it ends, with all it started.

        With `shell`, `argv` holds one string for the system's shell. `stdin` is all that it can read. `extra` is added
        to its environment.
        """
        ...

    def detach(self, argv: Sequence[str]) -> Ran:
        """Start a program that outlives voicego. OK once it lives for a second, or ends well before."""
        ...

    def begin(self, argv: Sequence[str], kill_after_s: float, *, extra: Mapping[str, str] | None = None) -> Ran:
        """Start a program and come back at once. What is left of it after `kill_after_s` is ended by `tend`."""
        ...

    def hand_over(self, target: str, arguments: Sequence[str] = ()) -> Ran:
        """Let Windows open a file, an address or a registered application; elsewhere it fails."""
        ...

    def tend(self) -> int:
        """Take leave of children that ended; how many still live. Never waits."""
        ...

    def halt(self) -> None:
        """Start nothing more and end what has a timeout; what was detached lives on."""
        ...

    def allow(self) -> None:
        """Start programs again after `halt`."""
        ...


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The desktop that actions act on; a test hands in another."""

    system: System
    processes: Processes
    environ: Mapping[str, str]
    home: Path
    join: Callable[[], None] = nothing
    """Called before each action: brings `environ` up to date with the session."""

    def which(self, program: str) -> str | None:
        """Find a program on the PATH."""
        return shutil.which(program, path=self.environ.get("PATH"))


def first_that_works(attempts: Iterable[Callable[[], Ran]]) -> Ran:
    """Try one after the other until one does not fail; if all do, say why each did."""
    failures: list[Ran] = []
    for attempt in attempts:
        ran = attempt()
        if ran.outcome is not Outcome.FAILED:
            return ran
        failures.append(ran)
    if not failures:
        return Ran(Outcome.FAILED, "there is nothing to try")
    return replace(failures[-1], detail="; ".join(dict.fromkeys(each.detail for each in failures)))
