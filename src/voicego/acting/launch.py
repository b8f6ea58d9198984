"""`launch`: an application with its arguments, which lives on when voicego does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicego.acting import placeholders
from voicego.acting.desk import Ran, System
from voicego.acting.open_ import linux_application, names_a_file
from voicego.flow import Outcome

if TYPE_CHECKING:
    from voicego.acting.desk import Desk
    from voicego.acting.placeholders import Heard
    from voicego.flow import Launch


def carry_out(action: Launch, heard: Heard, desk: Desk) -> Ran:
    """Start a program on the PATH or at a path, else the application of that name."""
    name, *arguments = (placeholders.fill(part, heard) for part in action.application)
    start = desk.processes
    if desk.system is System.MACOS and (name.endswith(".app") or not _is_program(name, desk)):
        return start.detach(("open", "-a", name, *(("--args", *arguments) if arguments else ())))
    if _is_program(name, desk):
        return start.detach((name, *arguments))
    if desk.system is System.WINDOWS:  # knows applications that are registered and not on the PATH
        return start.hand_over(name, arguments)
    if argv := linux_application(name, desk, tuple(arguments)):
        return start.detach(argv)
    return Ran(Outcome.FAILED, f'no program "{name}" on PATH, and no application of that name')


def _is_program(name: str, desk: Desk) -> bool:
    return names_a_file(name, desk) or desk.which(name) is not None
