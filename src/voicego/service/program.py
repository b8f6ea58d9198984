"""Which voicego this is: the words that start it again, as a desktop or a service manager has to say them."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from voicego import __version__
from voicego.acting.environment import PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONSOLE, WINDOWED = "voicego", "voicego-tray"
"""The executables that an installation makes."""


@dataclass(frozen=True, slots=True)
class Program:
    """What can be installed as a service."""

    command: tuple[str, ...]
    """Starts `voicego`; a verb follows."""
    windowed: tuple[str, ...]
    """The same without a console, where that makes a difference."""
    version: str = __version__
    places: Mapping[str, str] = field(default_factory=dict)
    """Variables that move voicego's files, for a service to find them too."""

    @property
    def bundle(self) -> Path | None:
        """The macOS application that this executable lies in."""
        folder = Path(self.command[0]).parent
        inside = folder.name == "MacOS" and folder.parent.name == "Contents"
        return folder.parents[1] if inside else None


def this_program(environ: Mapping[str, str], argv0: str = "", platform: str = sys.platform) -> Program:
    """Find the executables of the running voicego.

    The path by which a person calls it (`~/.local/bin/voicego`, `/usr/bin/voicego`) outlives the environment behind it,
    so it is preferred to the interpreter that runs now. `argv0`: how this process was called; its own if empty.
    """
    suffix = ".exe" if platform == "win32" else ""
    folders = tuple(dict.fromkeys(_folders(Path(argv0 or sys.argv[0]))))
    console = _first(folders, CONSOLE + suffix)
    windowed = _first(folders, WINDOWED + suffix)
    module = ("-m", "voicego")
    python = Path(sys.executable)
    silent = python.with_name("pythonw.exe") if platform == "win32" else python
    places = {name: environ[name] for name in sorted(PLACES) if environ.get(name)}
    return Program(
        (console,) if console else (str(python), *module),
        (windowed,) if windowed else (str(silent), *module),
        places=places,
    )


def same(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    """Whether two command lines start the same; links count as what they lead to."""
    return bool(left and right) and _real(left[0]) == _real(right[0]) and left[1:] == right[1:]


def _folders(called: Path) -> Iterator[Path]:
    if called.stem in {CONSOLE, WINDOWED} and called.is_absolute():
        yield called.parent
    yield Path(sys.executable).parent
    yield Path(sysconfig.get_path("scripts"))


def _first(folders: tuple[Path, ...], name: str) -> str:
    return next((str(folder / name) for folder in folders if (folder / name).is_file()), "")


def _real(word: str) -> str:
    return os.path.normcase(os.path.realpath(word))
