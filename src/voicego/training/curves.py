"""How a run went, as a table that grows and a picture of it."""

from __future__ import annotations

import csv
import logging
from io import BytesIO
from typing import TYPE_CHECKING

from voicego.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from voicego.training.evaluate import Tally

log = logging.getLogger("voicego.training")


def add_row(table: Path, numbers: Mapping[str, str], found: Mapping[str, Tally]) -> None:
    """Add one look at the validation list to a table of tab-separated columns."""
    with table.open("a", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        if file.tell() == 0:
            rows.writerow([*numbers, *found])
        rows.writerow([*numbers.values(), *(f"{tally.share:.4f}" for tally in found.values())])


def draw(table: Path, picture: Path) -> None:
    """Draw loss, learning rate and accuracy over the steps; without matplotlib there is no picture."""
    try:
        from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415 — slow, and only here
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError:
        log.info("no picture of the curves: it needs `pip install matplotlib`")
        return
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    steps = [int(row["step"]) for row in rows]
    figure = Figure(figsize=(9, 8), layout="constrained")
    FigureCanvasSVG(figure)
    above, middle, below = figure.subplots(3, 1, sharex=True)
    above.plot(steps, [float(row["loss"]) for row in rows])
    above.set_ylabel("loss")
    middle.plot(steps, [float(row["learning_rate"]) for row in rows])
    middle.set_ylabel("learning rate")
    for name in [name for name in rows[0] if name not in ("step", "seconds", "loss", "learning_rate")]:
        shares = [100 * float(row[name]) for row in rows]
        below.plot(steps, shares, label=name, linewidth=2.5 if name == "all" else 1)
    below.set(ylabel="right, % of the validation list", xlabel="step", ylim=(70, 100))
    below.legend(ncols=7, fontsize="small")
    drawn = BytesIO()
    figure.savefig(drawn, format="svg")
    write_whole(picture, drawn.getvalue())
