"""The verb that measures what listening costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicego.cli import say


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command(rich_help_panel="Models")(bench)


def bench(
    *,
    quick: Annotated[bool, typer.Option("--quick", help="About a minute, instead of some fifteen.")] = False,
    out: Annotated[Path, typer.Option("--out", help="Folder for bench.json, bench.txt and bench.svg.")] = Path("bench"),
    speech: Annotated[
        list[Path] | None, typer.Option("--speech", help="People who talk, for the demo's words. May be repeated.")
    ] = None,
    music: Annotated[Path | None, typer.Option("--music", help="A recording of music, for the synthetic one.")] = None,
) -> None:
    """Measure CPU, memory, start-up, latency and throughput on this machine, beside what else people use."""
    from voicego.app.bench import report
    from voicego.app.bench.effort import QUICK, THOROUGH
    from voicego.app.bench.run import Wishes
    from voicego.app.bench.run import bench as measure

    found = measure(Wishes(out, QUICK if quick else THOROUGH, tuple(speech or ()), music), say.error)
    for text in report.lines(found):
        say.line(text)
    say.line(f"\nsaved in {out}: bench.json, bench.txt, bench.svg")
