"""`voicego classify`: which word each clip holds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from voicego.app import hearing
from voicego.app.spotting import Failed
from voicego.errors import VoicegoError
from voicego.flow import Samples, Setup
from voicego.spotting.detector import SILENCE, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

TWELVE = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go", "_silence_", "_unknown_")
"""The classes of the Speech Commands benchmark, which accuracy is reported on."""
AT_ONCE = 64
"""Clips scored together."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the model hears in one clip."""

    file: str
    label: str
    score: float
    top: tuple[tuple[str, float], ...]
    """Labels and posteriors, the best first."""


def classify(files: Iterable[str], model: str, *, top: int, twelve: bool, threads: int = 1) -> Iterator[Heard | Failed]:
    """Give one label a clip. With `twelve`, labels beyond the benchmark's are summed into `_unknown_` first."""
    from voicego.hearing.recording import read_clip  # noqa: PLC0415 -- the file library, when there is a file

    classifier = hearing.classifier_for(Setup(model=model, threads=threads))
    labels, fold = folded(classifier.labels) if twelve else (classifier.labels, None)
    coming = iter(files)
    while group := list(islice(coming, AT_ONCE)):
        windows: dict[str, Samples] = {}
        failed: dict[str, Failed] = {}
        for file in group:
            try:
                windows[file] = one_window(read_clip(file), classifier.window)
            except VoicegoError as error:
                failed[file] = Failed(file, str(error))
        scores = classifier.score(np.stack(list(windows.values()))) if windows else np.zeros((0, len(labels)))
        scores = scores if fold is None else scores @ fold
        rows = dict(zip(windows, scores, strict=True))
        for file in group:
            yield failed[file] if file in failed else _heard(file, rows[file], labels, top)


def folded(labels: Sequence[str]) -> tuple[tuple[str, ...], Samples]:
    """Return the twelve classes, and the matrix (labels, 12) that sums posteriors into them."""
    matrix = np.zeros((len(labels), len(TWELVE)), np.float32)
    for row, label in enumerate(labels):
        name = "_unknown_" if label.lower() in UNKNOWN else "_silence_" if label.lower() in SILENCE else label
        matrix[row, TWELVE.index(name if name in TWELVE else "_unknown_")] = 1.0
    return TWELVE, matrix


def one_window(samples: Samples, window: int) -> Samples:
    """Fit a clip into one window: zeros around a shorter one; of a longer one the loudest stretch."""
    missing = window - len(samples)
    if missing >= 0:
        return np.pad(samples, (missing // 2, missing - missing // 2))
    energy = np.cumsum(np.concatenate([[0.0], samples.astype(np.float64) ** 2]))
    start = int(np.argmax(energy[window:] - energy[:-window]))
    return samples[start : start + window]


def _heard(file: str, row: Samples, labels: Sequence[str], top: int) -> Heard:
    order = np.argsort(-row)
    ranked = tuple((labels[k], round(float(row[k]), 4)) for k in order[: max(1, top)])
    return Heard(file, *ranked[0], ranked)
