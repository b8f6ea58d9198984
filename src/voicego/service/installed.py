"""What is installed to start at login, as it was read back, and whether it still starts this voicego."""

from __future__ import annotations

import re
import shlex
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicego import __version__
from voicego.service.program import same

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Installed:
    """What the system would start."""

    where: str
    """A file, or a value of the registry."""
    command: tuple[str, ...]
    """Empty where nothing could be understood."""
    version: str = ""
    """The version that wrote it; empty where that is not kept."""
    on: bool = True
    """False where the desktop's own settings switched it off."""

    def complaint(self, wanted: tuple[str, ...], version_of: Callable[[str], str], version: str = __version__) -> str:
        """Say what is wrong with it, in the second half of a sentence; empty if it is as `install` would make it.

        `wanted` and `version` are this voicego's. `version_of` asks an executable for its version; "" if it tells none.
        """
        if not self.command:
            return "it names no program"
        if shutil.which(self.command[0]) is None:
            return f"it starts {self.command[0]}, which is not there any more"
        if not same(self.command[:1], wanted[:1]):
            other = version_of(self.command[0])
            told = f" (version {other})" if other else ""
            return f"it starts {self.command[0]}{told}, and this is {wanted[0]} (version {version})"
        if not same(self.command, wanted):
            return f"it starts {shlex.join(self.command)}, and {shlex.join(wanted)} would be right"
        if self.version and self.version != version:
            return f"it was written by version {self.version}, and this is {version}"
        return ""


def keys_in(file: Path) -> dict[str, str] | None:
    """Read the keys of a unit or a desktop entry, of all its sections; None: there is no such file to read."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return dict(re.findall(r"^([\w-]+)\s*=\s*(.*?)\s*$", text, re.MULTILINE))
