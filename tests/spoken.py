"""The synthetic voices of tests/voices: which files say a word, and recordings built from them."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile

from tests.sounds import hiss
from voicego.flow import SAMPLE_RATE, Samples, in_samples

FOLDER = Path(__file__).parent / "voices"

SURELY = {
    "yes": "yes_af_alloy.ogg",
    "no": "no_af_aoede.ogg",
    "up": "up_af_alloy.ogg",
    "down": "down_af_bella.ogg",
    "left": "left_af_heart.ogg",
    "right": "right_af_jessica.ogg",
    "on": "on_af_kore.ogg",
    "off": "off_af_nova.ogg",
    "stop": "stop_bm_daniel.ogg",
    "go": "go_am_onyx.ogg",
}
"""For each keyword a voice that the shipped model hears surely; `tests/integration/test_voices.py` watches over it."""

OTHERS = ("house", "happy", "cat", "marvin", "tree", "zero", "four")


@lru_cache
def _index() -> tuple[tuple[str, Path], ...]:
    with (FOLDER / "index.tsv").open(encoding="utf-8", newline="") as table:
        return tuple((row["text"], FOLDER / row["file"]) for row in csv.DictReader(table, delimiter="\t"))


def files_saying(text: str) -> list[Path]:
    """A word, or a whole sentence, in every voice that says it."""
    files = [file for said, file in _index() if said == text]
    assert files, f'no voice says "{text}"'
    return files


def all_said() -> list[str]:
    """Every word and sentence that there is, in the order of the index."""
    return list(dict.fromkeys(text for text, _ in _index()))


@lru_cache
def _read(path: Path) -> Samples:
    sound, rate = soundfile.read(path, dtype="float32")
    assert rate == SAMPLE_RATE
    sound.setflags(write=False)
    return np.asarray(sound, np.float32)


def spoken(*said: str | Path | float, room_dbfs: float | None = -65.0, seed: int = 0) -> Samples:
    """A recording: words (in their first voice) or files, and seconds of pause, in a room that hisses.

    `spoken(1.0, "go", 1.5, files_saying("stop")[2], 1.0)`. Without a room the pauses are digital silence.
    """
    parts = [
        np.zeros(in_samples(each), np.float32)
        if isinstance(each, (int, float))
        else _read(each if isinstance(each, Path) else files_saying(each)[0])
        for each in said
    ]
    sound = np.concatenate(parts)
    if room_dbfs is not None:
        sound = sound + hiss(len(sound) / SAMPLE_RATE, room_dbfs, seed)[: len(sound)]
    return np.asarray(sound, np.float32)


def saying(word: str) -> Path:
    """Give the file of `SURELY`."""
    return next(file for file in files_saying(word) if file.name == SURELY[word])


def with_pauses(*files: str | Path) -> Samples:
    """Make a recording of words (in their first voice) or files, each said alone."""
    return spoken(0.8, *(part for file in files for part in (file, 1.2)))
