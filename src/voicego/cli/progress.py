"""How far a verb has come with its files: a bar on standard error, for whoever looks on."""

from __future__ import annotations

import os
import stat
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REDRAWN_S = 0.1
"""Seconds for which a bar stays as it is."""


class Bar:
    """Measured in bytes of the files. It is drawn only when something has passed, so that no line is broken in two."""

    def __init__(self, drawn: Any, sizes: dict[str, int]) -> None:  # noqa: ANN401 -- rich, which is imported late, or None
        self._drawn = drawn
        self._sizes = sizes
        self._passed = dict.fromkeys(sizes, 0.0)
        self._at = 0.0
        if drawn is not None:
            self._task = drawn.add_task("", total=sum(sizes.values()))

    def passed(self, file: str, part: float) -> None:
        """Take note how far hearing has come in a file, from 0 to 1."""
        if self._drawn is None:
            return
        more = max(0.0, part - self._passed[file])
        self._passed[file] += more
        self._drawn.update(self._task, advance=more * self._sizes[file], description=os.path.basename(file))  # noqa: PTH119
        if time.monotonic() - self._at >= REDRAWN_S:
            self._drawn.refresh()
            self._at = time.monotonic()

    def make_way(self) -> None:
        """Wipe it away, for a line that is written in its place."""
        if self._drawn is not None:
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()


@contextmanager
def bar(files: Sequence[str], *, wanted: bool) -> Iterator[Bar]:
    """Show a bar while inside: for files, on a terminal, unless standard output is a pipe, say into a pager."""
    if not (wanted and files and "-" not in files and _terminal(sys.stderr) and not _pipe(sys.stdout)):
        yield Bar(None, {})
        return
    from rich.console import Console  # only where there is something to draw
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    from voicego.app.folders import size

    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    drawn = Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with drawn:
        yield Bar(drawn, {file: size(file) for file in files})


def _terminal(stream: Any) -> bool:  # noqa: ANN401 -- there is none under pythonw
    return stream is not None and stream.isatty()


def _pipe(stream: Any) -> bool:  # noqa: ANN401
    try:
        return stream is None or stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode)
    except OSError:  # not a file at all
        return True
