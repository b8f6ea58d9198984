"""Say for a person why a program did not start, or how it ended."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from voicego.flow import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator


class CannotStartError(Exception):
    """Stays inside the runner, which hands it on as a result."""


def short(program: str) -> str:
    """The program's name without its folder."""
    return Path(program).name or program


def program(name: str, path: str | None, folder: Path) -> str:
    """Find the program that `name` means: on the PATH, or a file if it names a folder too (`~/` is the home folder).

    Raises:
        CannotStartError: there is none, or it may not be executed.
    """
    if os.sep not in name and (os.altsep is None or os.altsep not in name):
        if found := shutil.which(name, path=path):
            return found
        if found := _not_executable(name, path):
            raise CannotStartError(f'"{found}" may not be executed; allow it: chmod +x {found}')
        raise CannotStartError(f'no program "{name}" on PATH')
    file = folder / Path(name).expanduser()
    if file.is_dir():
        raise CannotStartError(f'"{name}" is a folder, not a program')
    if not file.exists():
        raise CannotStartError(f'no program "{name}"')
    if not os.access(file, os.X_OK):
        raise CannotStartError(f'"{name}" may not be executed; allow it: chmod +x {file}')
    return str(file)


def _not_executable(name: str, path: str | None) -> str | None:
    folders = (path or "").split(os.pathsep)
    files = (Path(folder) / name for folder in folders if folder and name)
    return next((str(file) for file in files if file.is_file()), None)


@contextlib.contextmanager
def explained(name: str, folder: Path) -> Iterator[None]:
    """Turn what the system says about a start into a sentence.

    Raises:
        CannotStartError: it did not start.
    """
    if not folder.is_dir():
        raise CannotStartError(f'the working folder "{folder}" is not there')
    try:
        yield
    except FileNotFoundError as error:  # the program itself was found before
        raise CannotStartError(f'"{name}" needs an interpreter that is not there; see its first line') from error
    except OSError as error:
        if error.errno == errno.ENOEXEC:
            reason = f'"{name}" is no program; a script needs a first line like #!/bin/sh'
        else:
            reason = f'cannot start "{name}": {error.strerror}'
        raise CannotStartError(reason) from error
    except ValueError as error:  # a zero byte in an argument
        raise CannotStartError(f'cannot start "{name}": {error}') from error


def told(name: str, code: int | None, output: str, timeout_s: float, *, halted: bool) -> tuple[Outcome, str]:
    """Outcome and detail of a run; no `code` means that it was ended from here."""
    if code == 0:
        return Outcome.OK, output
    if code is not None:
        outcome, reason = Outcome.FAILED, ended(name, code)
    elif halted:
        outcome, reason = Outcome.FAILED, f"{name} was ended because voicego stops"
    else:
        outcome, reason = Outcome.TIMED_OUT, f"{name} was ended after {timeout_s:g} s"
    return outcome, f"{reason}: {output}" if output else reason


def ended(name: str, code: int) -> str:
    """`playerctl ended with 3`, or the signal's name."""
    if code < 0:
        with contextlib.suppress(ValueError):
            return f"{name} was ended by {signal.Signals(-code).name}"
    return f"{name} ended with {code}"
