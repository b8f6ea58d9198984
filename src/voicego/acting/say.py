"""`say`: speak a text with the system's voice, while voicego hears nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from voicego.acting import placeholders, powershell
from voicego.acting.desk import Ran, System, first_that_works
from voicego.flow import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from voicego.acting.desk import Desk
    from voicego.acting.placeholders import Heard
    from voicego.flow import Say

MISSING = (
    "no program that speaks on PATH (looked for spd-say, espeak-ng, espeak, festival, flite); "
    "install one: the package espeak-ng is the smallest"
)

SPEAK = (
    "Add-Type -AssemblyName System.Speech",
    f"(New-Object System.Speech.Synthesis.SpeechSynthesizer).Speak($env:{powershell.TEXT})",
)

CANCEL_S = 2.0


def carry_out(action: Say, heard: Heard, desk: Desk, deaf: Callable[[], AbstractContextManager[None]]) -> Ran:
    """Speak the text and wait until it is spoken, all of it inside `deaf()`."""
    text = placeholders.fill(action.text, heard)
    run = desk.processes.run_to_end
    with deaf():
        if desk.system is System.MACOS:  # "-f -": as an argument, a text might be taken for an option
            return run(("say", "-f", "-"), action.timeout_s, stdin=text.encode())
        if desk.system is System.WINDOWS:
            return run(powershell.command(*SPEAK), action.timeout_s, extra={powershell.TEXT: text})
        commands = tuple(_linux(text, desk))
        if not commands:
            return Ran(Outcome.FAILED, MISSING)
        return first_that_works(partial(_speak, *each, action, desk) for each in commands)


def _speak(argv: tuple[str, ...], stdin: bytes, action: Say, desk: Desk) -> Ran:
    ran = desk.processes.run_to_end(argv, action.timeout_s, stdin=stdin)
    if argv[0] == "spd-say" and ran.outcome is Outcome.TIMED_OUT:
        # The voice belongs to speech-dispatcher: it would go on after spd-say's end, into open ears.
        desk.processes.run_to_end(("spd-say", "--cancel"), CANCEL_S)
    return ran


def _linux(text: str, desk: Desk) -> Iterator[tuple[tuple[str, ...], bytes]]:
    """What is there, best first: speech-dispatcher speaks with the voice that the person chose for the desktop."""
    ways: tuple[tuple[tuple[str, ...], bytes], ...] = (
        (("spd-say", "--wait", "--", text), b""),
        (("espeak-ng", "--", text), b""),
        (("espeak", "--", text), b""),
        (("festival", "--tts"), text.encode()),
        (("flite", "-t", text), b""),
    )
    return (way for way in ways if desk.which(way[0][0]))
