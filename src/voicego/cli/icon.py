"""The verb of the tray: `tray`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from voicego.cli import say

PANEL = "Listening"


def add_to(app: typer.Typer) -> None:
    """Give the command line this verb."""
    app.command(rich_help_panel=PANEL)(tray)


def tray(
    *,
    attached: Annotated[
        bool, typer.Option("--attached", hidden=True, help="Started by a daemon: end with it, and start none.")
    ] = False,
) -> int:
    """Show the icon in the tray, and start voicego where it does not run; the desktop does this at login."""
    from voicego.app import tray as room  # the desktop

    terminal = sys.stderr is not None and sys.stderr.isatty()
    return room.tray(attached=attached, terminal=terminal, tell=say.error)
