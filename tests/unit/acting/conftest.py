"""A desk with nothing on it but what a test lays there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from voicego.acting.desk import Desk, Ran, System
from voicego.acting.placeholders import Heard
from voicego.acting.rehearsal import Rehearsal
from voicego.flow import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from voicego.acting.rehearsal import Asked


@dataclass
class Room:
    """Lays a desk and reads what was asked of it."""

    folder: Path
    desk: Desk
    rehearsal: Rehearsal

    def lay(self, system: System, *programs: str, answers: dict[str, Ran] | None = None, **environ: str) -> Desk:
        """A desk of that system, with these programs on its PATH and these answers from them; others go well."""
        bin_ = self.folder / "bin"
        bin_.mkdir(exist_ok=True)
        for program in programs:
            (bin_ / program).write_text("#!/bin/sh\n")
            (bin_ / program).chmod(0o755)
        self.rehearsal = Rehearsal(answers, otherwise=Ran(Outcome.OK, exit_code=0))
        where = {"XDG_DATA_DIRS": str(self.folder / "share"), "XDG_CONFIG_DIRS": str(self.folder / "etc")}
        self.desk = Desk(
            system, self.rehearsal, {"PATH": str(bin_), "DISPLAY": ":0", **where, **environ}, self.folder / "home"
        )
        return self.desk

    @property
    def asked(self) -> list[Asked]:
        return list(self.rehearsal.asked)

    @property
    def commands(self) -> list[tuple[str, ...]]:
        return [asked.argv for asked in self.rehearsal.asked]

    def entry(self, id_: str, exec_: str, folder: str = "share", **keys: str) -> Path:
        """A desktop entry."""
        file = self.folder / folder / "applications" / id_
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = ("[Desktop Entry]", "Type=Application", f"Exec={exec_}", *(f"{key}={keys[key]}" for key in keys))
        file.write_text("\n".join((*lines, "[Desktop Action new]", "Exec=other", "Name=Other", "")))
        return file


@pytest.fixture
def room(tmp_path: Path) -> Room:
    (tmp_path / "home").mkdir()
    rehearsal = Rehearsal()
    return Room(tmp_path, Desk(System.LINUX, rehearsal, {}, tmp_path / "home"), rehearsal)


@pytest.fixture
def heard() -> Heard:
    return Heard("go", 0.974, "14:03:05")


@pytest.fixture
def failure() -> Ran:
    return Ran(Outcome.FAILED, "it ended with 3", 3)
