"""Free desktops without the tray: a unit of systemd's user manager, which watches over the daemon.

Source: systemd.service(5), systemd.syntax(7).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from voicego.service.installed import Installed, keys_in
from voicego.service.services import Service
from voicego.service.steps import Call, Remove, Write
from voicego.service.templates import filled

if TYPE_CHECKING:
    from pathlib import Path

    from voicego.service.program import Program

UNIT = "voicego.service"
CONTROL = ("systemctl", "--user")

NO_MANAGER = (
    "no systemd user manager answers here; `voicego service install` without --headless needs none, "
    "and `voicego run --headless` can be started by anything else"
)

PLAIN = re.compile(r"[\w@+=:,./-]+", re.ASCII)
ENV = "/usr/bin/env"
ESCAPED = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
"""A word of a unit's command line, in quotes or without."""


def unit(program: Program, config: Path) -> Service:
    """Make the unit's service; `config` is XDG_CONFIG_HOME."""
    folder = config / "systemd" / "user"
    file = folder / UNIT
    control = {verb: Call((*CONTROL, verb, UNIT), f"systemd does not {verb} {UNIT}") for verb in VERBS}
    return Service(
        name="start at login, without a tray icon",
        command=(*program.command, "run", "--headless"),
        look=lambda: look(file),
        install=(
            Call((*CONTROL, "show", "--property=Version"), NO_MANAGER),
            Write(file, rendered(program)),
            Call((*CONTROL, "daemon-reload"), "systemd does not read its units again"),
            control["enable"],
        ),
        uninstall=(
            Call((*CONTROL, "disable", UNIT)),
            # Without a manager nobody else would remove this link.
            Remove(folder / "default.target.wants" / UNIT, config.parent),
            Remove(file, config.parent),
            Call((*CONTROL, "daemon-reload")),
            Call((*CONTROL, "reset-failed", UNIT)),
        ),
        start=(control["start"],),
        stop=(control["stop"],),
        restart=(control["restart"],),
        before_uninstall=(Call((*CONTROL, "stop", UNIT)),),
    )


VERBS = ("enable", "start", "stop", "restart")


def rendered(program: Program) -> str:
    """Write the unit."""
    places = "\n".join(f'Environment="{name}={_escaped(value)}"' for name, value in program.places.items())
    # systemd takes no such letters in the name of a program, and any in the words after it.
    through = (ENV,) if set(program.command[0]) & set("\"'\\$") else ()
    command = " ".join(map(_word, (*through, *program.command, "run", "--headless")))
    return filled(UNIT, command=command, environment=places, version=program.version)


def look(file: Path) -> Installed | None:
    """Read the unit that is there."""
    keys = keys_in(file)
    if keys is None:
        return None
    link = file.parent / "default.target.wants" / UNIT
    return Installed(str(file), _words(keys.get("ExecStart", "")), keys.get("X-Voicego-Version", ""), link.exists())


def _word(word: str) -> str:
    return word if PLAIN.fullmatch(word) else '"' + _escaped(word).replace("$", "$$") + '"'


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("%", "%%")


def _words(line: str) -> tuple[str, ...]:
    found = (quoted or plain for quoted, plain in ESCAPED.findall(line))
    words = [re.sub(r"\\(.)", r"\1", word).replace("%%", "%").replace("$$", "$") for word in found]
    return tuple(words[1:] if words[:1] == [ENV] else words)
