"""Verbs for models."""

from __future__ import annotations

from typing import Annotated

import typer

from voicego.cli import say


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    app.command(rich_help_panel="Models")(fetch)


def fetch(
    model: Annotated[str, typer.Argument(help="Hub id, such as anton-l/wav2vec2-base-ft-keyword-spotting.")],
) -> None:
    """Fetch a checkpoint from the Hugging Face hub. The one verb that uses the network."""
    from voicego.spotting import hub  # noqa: PLC0415

    hub.fetch(model, say.line)
    say.line(f"name it in your rules file: model: {model}")
