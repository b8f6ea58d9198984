"""Free desktops: an autostart entry, which starts the tray once the desktop is there.

Source: the Desktop Application Autostart and the Desktop Entry specifications.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from voicego.service.installed import Installed, keys_in
from voicego.service.services import Service
from voicego.service.steps import Detach, Remove, StopDaemon, Write
from voicego.service.templates import filled

if TYPE_CHECKING:
    from pathlib import Path

    from voicego.service.program import Program

PLAIN = re.compile(r"[\w@+=:,./-]+", re.ASCII)
"""What needs no quotes in an `Exec` line."""


def autostart(program: Program, config: Path) -> Service:
    """Make the entry's service; `config` is XDG_CONFIG_HOME."""
    file = config / "autostart" / "voicego.desktop"
    command = (*program.command, "tray")
    text = rendered(program)
    return Service(
        name="start at login, with a tray icon",
        command=command,
        look=lambda: look(file),
        install=(Write(file, text),),
        uninstall=(Remove(file, config.parent),),
        start=(Detach(command),),
        stop=(StopDaemon(),),
    )


def rendered(program: Program) -> str:
    """Write the entry."""
    places = ("env", *(f"{name}={value}" for name, value in program.places.items())) if program.places else ()
    command = " ".join(map(_quoted, (*places, *program.command, "tray")))
    return filled("voicego-autostart.desktop", command=command, version=program.version)


def look(file: Path) -> Installed | None:
    """Read the entry that is there."""
    keys = keys_in(file)
    if keys is None:
        return None
    off = keys.get("Hidden") == "true" or keys.get("X-GNOME-Autostart-enabled") == "false"
    return Installed(str(file), _words(keys.get("Exec", "")), keys.get("X-Voicego-Version", ""), on=not off)


def _quoted(word: str) -> str:
    if PLAIN.fullmatch(word):
        return word
    inner = re.sub(r'(["`$\\])', r"\\\1", word).replace("%", "%%")
    return '"' + inner.replace("\\", "\\\\") + '"'  # values of type string are unescaped once more, before


def _words(exec_: str) -> tuple[str, ...]:
    try:
        words = [word.replace("%%", "%") for word in _split(exec_.replace("\\\\", "\\"))]
    except ValueError:  # an open quote
        return ()
    if words[:1] == ["env"]:
        words = [word for word in words[1:] if "=" not in word.split("/")[0]]
    return tuple(words)


def _split(exec_: str) -> list[str]:
    # Inside double quotes shlex leaves a backslash before ` and $; the specification does not.
    return [re.sub(r"\\([`$])", r"\1", word) for word in shlex.split(exec_)]
