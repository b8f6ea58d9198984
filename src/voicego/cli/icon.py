"""The verb of the tray: `tray`."""

from __future__ import annotations

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
    from voicego.app import tray as room  # noqa: PLC0415 -- the desktop
    from voicego.app.running import on_a_terminal  # noqa: PLC0415

    return room.tray(attached=attached, terminal=on_a_terminal(), tell=say.error)
