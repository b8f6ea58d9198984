"""`run`: a program to its end, given as its arguments; a shell only where the rule says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicego.acting import placeholders
from voicego.acting.desk import System

if TYPE_CHECKING:
    from voicego.acting.desk import Desk, Ran
    from voicego.acting.placeholders import Heard
    from voicego.flow import Run


def carry_out(action: Run, heard: Heard, desk: Desk) -> Ran:
    """Run it and wait. The arguments were split when the rules were read; nothing splits them again."""
    if action.shell:
        fill = placeholders.fill_cmd if desk.system is System.WINDOWS else placeholders.fill_shell
        argv = tuple(fill(part, heard) for part in action.command)
        extra = heard.variables()
        return desk.processes.run_to_end(argv, action.timeout_s, shell=True, extra=extra)  # noqa: S604 -- the rule's wish
    argv = tuple(placeholders.fill(part, heard) for part in action.command)
    return desk.processes.run_to_end(argv, action.timeout_s)
