"""`voicego classify`: which word each clip holds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from voicego.app import hearing
from voicego.app.stream import Failed
from voicego.errors import VoicegoError
from voicego.flow import Samples, Setup
from voicego.spotting.twelve import TWELVE, to_twelve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

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
    labels = TWELVE if twelve else classifier.labels
    coming = iter(files)
    while group := list(islice(coming, AT_ONCE)):
        windows: dict[str, Samples] = {}
        failed: dict[str, Failed] = {}
        for file in group:
            try:
                windows[file] = one_window(read_clip(file), classifier.window)
            except VoicegoError as error:
                failed[file] = Failed(file, str(error))
        scores = (
            classifier.score(np.stack(list(windows.values())))
            if windows
            else np.zeros((0, len(classifier.labels)), np.float32)
        )
        if twelve:
            scores = to_twelve(scores, classifier.labels)
        rows = dict(zip(windows, scores, strict=True))
        for file in group:
            yield failed[file] if file in failed else _heard(file, rows[file], labels, top)


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
