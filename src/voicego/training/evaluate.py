"""Score clips on the keywords, silence, and everything else as unknown."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from numpy.typing import NDArray

from voicego.errors import VoicegoError
from voicego.training.clips import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from voicego.training.classes import Classes
    from voicego.training.clips import Clip

WINDOW = 16_000
MOST = 4000
"""Clips that a list made from recordings holds at most."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ListedClips:
    """Clips of a list with their labels."""

    samples: Floats
    """(n, 16000) in [-1, 1]."""
    labels: tuple[str, ...]
    """One of the judged classes for each."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often one class was heard right."""

    right: int
    total: int

    @property
    def share(self) -> float:
        """Right answers, from 0 to 1."""
        return self.right / max(1, self.total)

    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of the share."""
        z, n = 1.96, max(1, self.total)
        centre = (self.share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(self.share * (1 - self.share) / n + z * z / (4 * n * n))
        return max(0.0, centre - half), min(1.0, centre + half)


def read_list(listing: Path) -> ListedClips:
    """Read a list (label, file, first_sample) of one-second clips; files are relative to the list."""
    if not listing.is_file():
        raise VoicegoError(f"There is no list of clips at {listing}.")
    with listing.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    samples = np.zeros((len(rows), WINDOW), np.float32)
    for file in sorted({row["file"] for row in rows}):
        reel = soundfile.read(listing.parent / file, dtype="int16")[0]
        for at, row in enumerate(rows):
            if row["file"] == file:
                cut = reel[int(row["first_sample"]) : int(row["first_sample"]) + WINDOW]
                samples[at, : len(cut)] = cut / np.float32(32768)
    return ListedClips(samples, tuple(row["label"] for row in rows))


def tallies(score: Callable[[Floats], Floats], clips: ListedClips, classes: Classes) -> dict[str, Tally]:
    """Per class, and under `all` together; `score` takes (n, 16000) sound and gives (n, labels) probabilities."""
    judged = classes.judged
    parts = [score(clips.samples[at : at + 128]) for at in range(0, len(clips.samples), 128)]
    heard = [judged[best] for best in classes.summed(np.concatenate(parts)).argmax(axis=1)]
    right = [said == answer for said, answer in zip(clips.labels, heard, strict=True)]
    found = {
        label: Tally(
            sum(ok for ok, said in zip(right, clips.labels, strict=True) if said == label), clips.labels.count(label)
        )
        for label in judged
    }
    return found | {"all": Tally(sum(right), len(right))}


def listed(clips: Iterable[Clip], classes: Classes) -> ListedClips | None:
    """Single words as a list to judge by, for recordings that bring none; other words are `_unknown_`."""
    chosen = list(clips)[:MOST]
    if not chosen:
        return None
    samples = np.zeros((len(chosen), WINDOW), np.float32)
    for row, clip in zip(samples, chosen, strict=True):
        sound = clip.samples[:WINDOW]
        row[: len(sound)] = sound / np.float32(32768)
    known = classes.judged
    return ListedClips(samples, tuple(clip.word if clip.word in known else UNKNOWN for clip in chosen))


def table(found: Mapping[str, Tally]) -> str:
    """A Markdown table of the tallies with their intervals."""
    lines = ["| class | right | of | accuracy | 95 % interval |", "|---|---|---|---|---|"]
    for label, tally in found.items():
        low, high = tally.interval()
        lines.append(f"| {label} | {tally.right} | {tally.total} | {tally.share:.1%} | {low:.1%} to {high:.1%} |")
    return "\n".join(lines)
