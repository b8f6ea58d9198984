"""What a bench found, as aligned lines for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voicego.app.bench.figures import Figures, Spread


def lines(found: Figures) -> list[str]:
    """Everything, in tables: medians, with the least and the most beside them where there were several."""
    return list(_everything(found))


def _everything(found: Figures) -> Iterator[str]:
    yield "; ".join(f"{name} {value}" for name, value in found.machine.items())
    yield from (f"{name} is {about}" for name, about in found.heard.items())
    yield from (f"{name} is {about}" for name, about in found.about.items())
    yield from (f"not measured: {name}: {why}" for name, why in found.absent.items())
    yield from _table(
        "CPU time, % of one core",
        list(found.heard),
        [(name, [_told(row[sound], 2) for sound in found.heard]) for name, row in found.cpu.items()],
    )
    yield from _table(
        "from the end of a word to its detection, ms",
        ["sound", "computation", "together"],
        [(name, [_told(each, 1) for each in row.values()]) for name, row in found.delay_ms.items()],
    )
    yield from _table(
        "start and memory",
        ["until it listens, s", "resident, MB"],
        [
            (name, [_told(found.start_s[name], 2), _told(found.memory_mb[name], 0) if name in found.memory_mb else "-"])
            for name in found.start_s
        ],
    )
    yield from _table("verbs", ["s"], [(verb, [_told(each, 2)]) for verb, each in found.verbs_s.items()])
    yield from _table(
        "voicego spot through recordings, start included",
        ["hours a minute", "wall seconds", "CPU seconds"],
        [(name, [_told(each, 1) for each in row.values()]) for name, row in found.files.items()],
    )


def _told(spread: Spread, digits: int) -> str:
    median = f"{spread.median:.{digits}f}"
    return f"{median} ({spread.least:.{digits}f} to {spread.most:.{digits}f})" if spread.times > 1 else median


def _table(title: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> Iterator[str]:
    """A title, the names of the columns, and the rows; nothing where there are none."""
    if not rows:
        return
    cells = [(title, *columns), *((name, *row) for name, row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    yield ""
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
