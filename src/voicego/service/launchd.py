"""macOS: an agent of launchd, for the graphical session alone.

Source: launchd.plist(5), launchctl(1). Written and tested as text; never run on macOS.
"""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING
from xml.parsers.expat import ExpatError  # what plistlib lets through

from voicego.service.installed import Installed
from voicego.service.services import Service
from voicego.service.steps import Call, Remove, Write
from voicego.service.templates import template

if TYPE_CHECKING:
    from pathlib import Path

    from voicego.service.program import Program

BUNDLE = "org.voicego.voicego"

SILENCE = (
    "macOS gives the microphone to applications only: started at login outside of voicego.app, this voicego may hear "
    "nothing but silence and never be asked about; `make app` builds the application"
)


def agent(program: Program, home: Path, user: int, *, headless: bool) -> Service:
    """Make the agent's service. `user` is the id whose session it is."""
    label = f"{BUNDLE}.headless" if headless else BUNDLE
    folder = home / "Library" / "LaunchAgents"
    file = folder / f"{label}.plist"
    session = f"gui/{user}"
    # Unloaded until the next login: `launchctl kill` would only make launchd start it again.
    stop = Call(("launchctl", "bootout", f"{session}/{label}"))
    return Service(
        name=f"start at login, with{'out' if headless else ''} a {'tray' if headless else 'menu bar'} icon",
        command=(*program.command, *_verb(headless=headless)),
        look=lambda: look(file),
        install=(Write(file, rendered(program, label, headless=headless)),),
        uninstall=(Remove(file, folder),),
        start=(
            Call(("launchctl", "bootstrap", session, str(file))),  # fails where it is loaded already
            Call(("launchctl", "kickstart", f"{session}/{label}"), f"launchd does not start {label}"),
        ),
        stop=(stop,),
        before_uninstall=(stop,),
        remark="" if program.bundle else SILENCE,
    )


def rendered(program: Program, label: str, *, headless: bool) -> str:
    """Write the agent's property list."""
    agent = plistlib.loads(template("agent.plist"))
    agent["Label"] = label
    agent["ProgramArguments"] = [*program.command, *_verb(headless=headless)]
    # A person who quits means it; what ended otherwise comes back. A tray icon alone comes back only after a crash.
    agent["KeepAlive"] = {"SuccessfulExit": False} if headless else {"Crashed": True}
    if program.places:
        agent["EnvironmentVariables"] = dict(program.places)
    agent["VoicegoVersion"] = program.version
    return plistlib.dumps(agent).decode()


def look(file: Path) -> Installed | None:
    """Read the agent that is there."""
    try:
        agent = plistlib.loads(file.read_bytes())
    except OSError:
        return None
    except (ValueError, ExpatError):
        return Installed(str(file), ())
    if not isinstance(agent, dict):
        return Installed(str(file), ())
    words = tuple(map(str, agent.get("ProgramArguments", ())))
    return Installed(str(file), words, str(agent.get("VoicegoVersion", "")), on=not agent.get("Disabled", False))


def _verb(*, headless: bool) -> tuple[str, ...]:
    return ("run", "--headless") if headless else ("tray",)
