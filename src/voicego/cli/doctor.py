"""The verb that looks whether everything is as it should be."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING

from voicego.cli import say
from voicego.cli.daemon import AsJson, Config
from voicego.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

    import typer

    from voicego.app.doctor.check import Check


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command(rich_help_panel="Listening")(doctor)


def doctor(*, config: Config = None, as_json: AsJson = False) -> int:
    """Look whether everything works, and say what to do where not; made for bug reports, and holds nothing private."""
    from voicego.app.doctor.examination import Patient, examine
    from voicego.paths import paths

    places = paths(os.environ)
    patient = Patient(places, (config or places.rules).expanduser().absolute())
    found: list[Check] = []
    for check in examine(patient, os.environ):
        found.append(check)
        if not as_json:
            for text in lines(check, width(), colours=colours()):
                say.line(text)
    if as_json:
        say.json_line({"checks": [asdict(check) for check in found]})
    else:
        say.line(summary(found))
    return Exit.FAILED if any(check.state == "problem" for check in found) else Exit.OK


WIDTH = 80
"""Columns where nobody looks on: what is pasted fits everywhere."""
WIDEST = 110
"""Columns; longer lines are hard to read."""
MARGIN = 24
"""Columns before the text: state and name."""
COLOURS = {"ok": "32", "warning": "33", "problem": "1;31"}
"""Green, yellow, bold red (ECMA-48)."""


def lines(check: Check, columns: int, *, colours: bool) -> Iterator[str]:
    """Write a check in lines, what to do beneath what was found."""
    state = f"{check.state:<8}"
    if colours:
        state = f"\x1b[{COLOURS[check.state]}m{state}\x1b[0m"
    head = f"{state} {check.name:<14} "
    for text in _wrapped(check.found, columns):
        yield head + text
        head = " " * MARGIN
    for number, text in enumerate(_wrapped(check.advice, columns - 3) if check.advice else ()):
        yield " " * MARGIN + ("   " if number else "=> ") + text


def summary(checks: list[Check]) -> str:
    """Count, in a line."""
    problems, warnings = (sum(check.state == state for check in checks) for state in ("problem", "warning"))
    if not problems + warnings:
        return "everything is as it should be"
    counted = ((problems, "problem"), (warnings, "warning"))
    return ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for count, name in counted if count)


def width() -> int:
    """Columns to fill."""
    return min(WIDEST, shutil.get_terminal_size().columns) if _terminal() else WIDTH


def colours() -> bool:
    """Whether somebody looks on who likes colours (no-color.org)."""
    return _terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _wrapped(text: str, columns: int) -> list[str]:
    room = max(20, columns - MARGIN)
    return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
