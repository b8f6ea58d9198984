"""Carries a service's steps out, and undoes them if one fails: a file is whole or as it was before."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from voicego.errors import VoicegoError
from voicego.files import write_whole
from voicego.flow import Outcome
from voicego.service.steps import Call, DeleteValue, Detach, Hands, Remove, SetValue, Step, StopDaemon, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from voicego.acting.desk import Ran

ANSWERS_S = 20.0
"""A service manager stops a unit before it answers, which may take as long as the unit's TimeoutStopSec."""


def carry_out(steps: Sequence[Step], hands: Hands) -> tuple[str, ...]:
    """Take the steps in order; returns what changed, a sentence each. Twice changes nothing the second time.

    Raises:
        VoicegoError: one failed; the files are then as they were before the first.
    """
    work = Work(hands)
    try:
        for step in steps:
            work.take(step)
    except BaseException:
        work.undo()
        raise
    return tuple(work.done)


@dataclass(slots=True)
class Work:
    """Steps under way."""

    hands: Hands
    done: list[str] = field(default_factory=list)
    _undoing: list[Callable[[], object]] = field(default_factory=list)

    def take(self, step: Step) -> None:
        """Carry one out."""
        match step:
            case Write():
                self._write(step)
            case Remove():
                self._remove(step)
            case SetValue() | DeleteValue():
                self._register(step)
            case Call():
                ran = self.hands.processes.run_to_end(step.argv, ANSWERS_S)
                if step.otherwise is not None:
                    _must_go_well(ran, step.otherwise)
            case Detach():
                by_hand = f"in a terminal this says why: {shlex.join(step.argv)}"
                _must_go_well(self.hands.processes.detach(step.argv), "voicego does not start", by_hand)
                self.done.append("started voicego")
            case StopDaemon():
                if self.hands.stop_daemon():
                    self.done.append("ended the running voicego")
            case _:
                assert_never(step)

    def undo(self) -> None:
        """Put files back, the last first; what cannot be put back is left."""
        for each in reversed(self._undoing):
            with suppress(OSError):
                each()

    def _write(self, step: Write) -> None:
        try:
            before = step.path.read_bytes() if step.path.is_file() else None
            if before == step.text.encode():
                return
            for folder in _missing(step.path.parent):
                folder.mkdir(exist_ok=True)
                self._undoing.append(folder.rmdir)
            write_whole(step.path, step.text.encode())
        except OSError as error:
            raise VoicegoError(f"cannot write {step.path}: {error.strerror or error}; nothing was changed") from error
        self._undoing.append(lambda: _put_back(step.path, before))
        self.done.append(f"wrote {step.path}")

    def _remove(self, step: Remove) -> None:
        try:
            step.path.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise VoicegoError(f"cannot remove {step.path}: {error.strerror or error}") from error
        for folder in step.path.parents:
            if folder == step.keep or not folder.is_relative_to(step.keep):
                break
            try:
                folder.rmdir()
            except OSError:  # something else lives there
                break
        self.done.append(f"removed {step.path}")

    def _register(self, step: SetValue | DeleteValue) -> None:
        registry = self.hands.registry
        if registry is None:
            raise VoicegoError("there is no registry on this system")
        before = registry.read(step.key, step.name)
        if before == (step.value if isinstance(step, SetValue) else None):
            return
        try:
            if isinstance(step, SetValue):
                registry.write(step.key, step.name, step.value)
            else:
                registry.delete(step.key, step.name)
        except OSError as error:
            raise VoicegoError(rf"cannot change HKCU\{step.key}: {error.strerror or error}") from error
        verb = "set" if isinstance(step, SetValue) else "deleted"
        self.done.append(rf"{verb} HKCU\{step.key}\{step.name}")


def _must_go_well(ran: Ran, otherwise: str, then: str = "") -> None:
    if ran.outcome is not Outcome.OK:
        why = " ".join(ran.detail.split())
        raise VoicegoError(otherwise + (f" ({why})" if why else "") + (f"; {then}" if then else ""))


def _missing(folder: Path) -> list[Path]:
    """Name the folders that are not there, the outermost first."""
    return [each for each in (folder, *folder.parents) if not each.exists()][::-1]


def _put_back(path: Path, before: bytes | None) -> None:
    if before is None:
        path.unlink()
    else:
        write_whole(path, before)
