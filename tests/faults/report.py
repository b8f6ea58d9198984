"""What the faults cost, as a table: `python -m tests.faults.report REPORT.json DOC.md` writes it into a page.

`make faults` names a file in VOICEGO_FAULTS_REPORT; each test adds what it measured, and the page's table is made of
it.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
VARIABLE = "VOICEGO_FAULTS_REPORT"


@dataclass(frozen=True, slots=True)
class Measured:
    """A fault, what is promised about it, and what came of it."""

    fault: str
    promise: str
    notice_s: float | None = None
    """From the fault to the first sign of it in the status."""
    recover_s: float | None = None
    """From the fault's end to listening again."""
    lost: int | None = None
    """Words that were said in vain after the fault's end."""
    note: str = ""

    def row(self) -> str:
        """One line of the table."""
        lost = "" if self.lost is None else str(self.lost)
        told = (self.fault, self.promise, _in_s(self.notice_s), _in_s(self.recover_s), lost, self.note)
        return f"| {' | '.join(told)} |"


def add(measured: Measured) -> None:
    """Print it, and add it to the report if one is wanted; the same fault measured again replaces the old."""
    print(measured)  # noqa: T201 -- pytest shows it with -rP
    if name := os.environ.get(VARIABLE):
        file = Path(name)
        rows = [row for row in _read(file) if row.fault != measured.fault]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps([asdict(row) for row in [*rows, measured]], indent=1), encoding="utf-8")


def table(rows: list[Measured]) -> str:
    """Make the table."""
    head = ["fault", "promise", "noticed after", "listening again after", "words lost", "also"]
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(row.row() for row in rows)])


def write(report: Path, page: Path) -> None:
    """Put the table into a page, between its two marks."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{table(_read(report))}\n{END}{after}", encoding="utf-8")


def _read(file: Path) -> list[Measured]:
    return [Measured(**row) for row in json.loads(file.read_text(encoding="utf-8"))] if file.exists() else []


def _in_s(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.1f} s"


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
