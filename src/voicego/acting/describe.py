"""Say what an action does, as a person would write it in the rules."""

from __future__ import annotations

import shlex
from typing import assert_never

from voicego.acting.pause import length
from voicego.flow import Action, Launch, Notify, Open, Pause, Run, Say


def describe(action: Action) -> str:  # noqa: PLR0911 -- one for each kind
    """`open browser`, `run playerctl pause`, `pause for 10 min`."""
    match action:
        case Open(target):
            return f"open {target}"
        case Launch(application):
            return f"launch {shlex.join(application)}"
        case Run(command, shell=True):
            return f"run {' '.join(command)}"
        case Run(command):
            return f"run {_written(command)}"
        case Notify(text):
            return f"notify {text}"
        case Say(text):
            return f"say {text}"
        case Pause(for_s):
            return "pause" if for_s is None else f"pause for {length(for_s)}"
        case _:
            assert_never(action)


def _written(command: tuple[str, ...]) -> str:
    """Quoted where a shell would need it; a placeholder needs none to be read."""
    return " ".join(part if part.startswith("{") and part.endswith("}") else shlex.quote(part) for part in command)
