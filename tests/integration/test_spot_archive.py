"""Whole archives: in processes, and as a job on two Dask workers, the detections are those of one file at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.house import House, house_in
from tests.spoken import saying, spoken
from voicego.hearing.saving import save as save_sound

if TYPE_CHECKING:
    from collections.abc import Iterator

JOB = Path(__file__).parents[2] / "examples" / "dask_spot.py"
SAID = {"a.wav": ("go", "stop"), "b/c.wav": ("yes",), "b/d.flac": ("left", "right", "up")}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three recordings, a broken one, and what is no recording."""
    folder = tmp_path_factory.mktemp("archive")
    (folder / "b").mkdir()
    for name, words in SAID.items():
        said = [part for word in words for part in (0.8, saying(word))]
        save_sound(folder / name, spoken(*said, 0.8))
    (folder / "b" / "broken.wav").write_bytes(b"RIFF and nothing more")
    (folder / "notes.txt").write_text("not sound")
    return folder


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_in(tmp_path, os.environ) as one:
        yield one


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_folder_gives_what_its_files_give_in_their_order(jobs: str, archive: Path, house: House) -> None:
    each = [house.voicego("spot", "--json", str(archive / name)).stdout for name in SAID]

    done = house.voicego("spot", "--json", "--jobs", jobs, str(archive))

    assert done.stdout == "".join(each)
    assert [json.loads(line)["keyword"] for line in done.stdout.splitlines()] == [
        word for words in SAID.values() for word in words
    ]
    assert done.returncode == 1
    assert "broken.wav" in done.stderr
    assert "notes.txt" not in done.stderr


def test_a_folder_without_sound_is_told_and_the_others_are_heard(archive: Path, tmp_path: Path, house: House) -> None:
    silent = tmp_path / "silent"
    silent.mkdir()
    (silent / "notes.txt").write_text("not sound")
    name, words = next(iter(SAID.items()))

    done = house.voicego("spot", "--json", str(silent), str(archive / name))

    assert (done.returncode, done.stderr) == (1, f"there is no sound file in {silent}, or in a folder beneath it\n")
    assert [json.loads(line)["keyword"] for line in done.stdout.splitlines()] == list(words)


def test_a_dask_job_finds_the_same_and_hears_nothing_twice(archive: Path, tmp_path: Path, house: House) -> None:
    results = tmp_path / "results"

    def job() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(JOB), str(archive), str(results)],
            env=house.env,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )

    first = job()
    found = {str(file.relative_to(results)): file.read_text() for file in sorted(results.rglob("*.json"))}
    stamps = {file: file.stat().st_mtime_ns for file in results.rglob("*.json")}
    again = job()

    assert {name: tuple(one["keyword"] for one in json.loads(text)) for name, text in found.items()} == {
        f"{name}.json": words for name, words in SAID.items()
    }
    assert (first.returncode, again.returncode) == (1, 1)
    assert "broken.wav" in first.stderr
    assert {file: file.stat().st_mtime_ns for file in results.rglob("*.json")} == stamps
