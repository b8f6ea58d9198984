"""Killed without a word, or with a full disk: the next start, and the same one, listen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from tests.faults.report import Measured, add
from tests.faults.survivor import survivor_in
from voicego.control.client import ask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.survivor import Survivor

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_killed_and_started_again(survivor: Survivor) -> None:
    house = survivor.house
    os.kill(survivor.pid, signal.SIGKILL)
    house.ended()
    left = sorted(file.name for file in (house.folder / "run").iterdir())
    gone = house.voicego("status")
    back = time.monotonic()
    house.start()
    recovered = survivor.seconds_until_state("listening", back)
    lost = survivor.words_until_it_acts()
    second = house.voicego("run", "--headless")

    assert house.socket.name in left, "there is nothing stale"
    assert gone.returncode == 1
    assert gone.stderr == "voicego is not running; start it with `voicego run`\n"
    assert second.returncode == 1
    assert "voicego is already running" in second.stderr
    add(
        Measured(
            "killed (SIGKILL), started again",
            "a stale lock and a stale socket are no hindrance",
            None,
            recovered,
            lost,
            f"left behind: {', '.join(left)}",
        )
    )


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of 64 kB, for the superuser."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> None:
    """Leave not a byte on it."""
    with (disk / "filler").open("wb") as filler, suppress(OSError):
        while True:
            os.write(filler.fileno(), b"\0" * 512)


def can_mount() -> bool:
    trial = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return (
        sys.platform == "linux"
        and os.geteuid() == 0
        and subprocess.run(trial, capture_output=True, check=False).returncode == 0
    )


@pytest.mark.faults
@pytest.mark.skipif(not can_mount(), reason="only the superuser may mount a small disk; the full disk was not tested")
def test_the_disk_of_the_log_and_the_state_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        home = tmp_path / "home"
        home.mkdir()
        for name in ("log", "state"):
            (disk / name).mkdir(mode=0o700)
            (home / name).symlink_to(disk / name)
        with survivor_in(home) as survivor:
            house = survivor.house
            assert survivor.words_until_it_acts(at_most=3) == 0
            fill(disk)
            size = (disk / "log" / "voicego.log").stat().st_size
            lost = survivor.words_until_it_acts()
            house.write(f"rules:\n  go: {{{house.mark()}}}\n  stop: {{{house.mark()}}}\n")
            survivor.seconds_until(lambda found: found.get("rules") == ["go", "stop"], "new rules", time.monotonic())
            lost += survivor.words_until_it_acts("stop")
            for _ in range(60):  # the last page of the log had room for some lines
                ask(house.socket, "do", keyword="go")
            full = os.statvfs(disk).f_bavail
            (disk / "filler").unlink()
            survivor.is_awake()
            lost += survivor.words_until_it_acts()
            log = house.log()

    assert full == 0, "the disk was not full"
    assert "met a full or broken disk" in log
    assert len(log) > size
    add(
        Measured(
            "disk of log and state full, then not",
            "acts, takes new rules and commands; says afterwards how many lines are missing",
            lost=lost,
        )
    )
