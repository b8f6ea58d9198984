"""Networks in other runtimes beside torch: how far their scores differ, how often they are right, how fast they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE
from voicego.spotting.stopwatch import median_ms
from voicego.spotting.twelve import TWELVE, to_twelve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from voicego.flow import Samples
    from voicego.spotting.checkpoint import Checkpoint
    from voicego.spotting.exported import Network

Engine: TypeAlias = Literal["torch", "onnx", "onnx int8", "litert"]

LARGEST_DIFFERENCE = 1e-3
"""Between a posterior of torch and of an export in single precision; measured are some 1e-6."""
LARGEST_COST = 0.002
"""Accuracy that int8 may cost: 0.2 points."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one engine does with the windows that were heard."""

    engine: Engine
    file: str
    size: int
    """Bytes."""
    ms: float
    """Milliseconds that the network takes for one window on one thread, without the features; the median."""
    same_label: float
    """Share of windows with torch's best label."""
    difference: float
    """Largest between a posterior and torch's."""
    accuracy: float | None
    """Share right on twelve classes, where clips were given."""
    dropped: str = ""
    """Why its file was not kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Sound that every engine hears."""

    samples: Samples
    """(n, window)."""
    answers: tuple[str, ...]
    """One of the twelve classes for each window; empty where nobody knows."""
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """Compares engines with torch."""

    windows: Windows
    labels: tuple[str, ...]
    reference: Samples
    """Posteriors of torch, (n, labels)."""
    one: Mapping[str, Any]
    """Inputs of one window."""

    def row(self, engine: Engine, files: Sequence[Path], network: Network, found: Samples) -> Row:
        """`found`: posteriors of the network, (n, labels)."""
        return Row(
            engine,
            files[0].name,
            sum(file.stat().st_size for file in files),
            median_ms(lambda: network(self.one)),
            float(np.mean(found.argmax(axis=1) == self.reference.argmax(axis=1))),
            float(np.abs(found - self.reference).max()),
            self._accuracy(found),
        )

    def _accuracy(self, found: Samples) -> float | None:
        if not self.windows.answers:
            return None
        heard = [TWELVE[best] for best in to_twelve(found, self.labels).argmax(axis=1)]
        return float(np.mean([said == answer for said, answer in zip(heard, self.windows.answers, strict=True)]))


def listed_windows(listing: Path, checkpoint: Checkpoint) -> Windows:
    """Clips of a list with their answers.

    Raises:
        VoicegoError: the list cannot be read, is empty, or is of words that the checkpoint does not hear.
    """
    from voicego.training.evaluate import read_list  # noqa: PLC0415 -- the file library

    if not set(TWELVE[:10]) & set(checkpoint.labels):
        raise VoicegoError(
            f"--clips measures the words {', '.join(TWELVE[:10])}, and {checkpoint.name} hears none of them; "
            "leave it out"
        )
    try:
        clips = read_list(listing.expanduser())
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:  # a file of sound raises RuntimeError
        raise VoicegoError(
            f"the list of clips {listing} cannot be read ({error!r}); it needs the columns label, file and first_sample"
        ) from error
    if not clips.labels:
        raise VoicegoError(f"the list of clips {listing} is empty")
    return Windows(clips.samples, clips.labels, f"{len(clips.labels)} clips of {listing.name}")


def synthetic_windows(kinds: int = 24) -> Windows:
    """Silence, white noise from -60 to -10 dBFS, and tones from 80 to 7000 Hz; the same every time."""
    noise = np.random.default_rng(0).standard_normal((kinds, SAMPLE_RATE)) * np.geomspace(0.001, 0.3, kinds)[:, None]
    tones = 0.3 * np.sin(2 * np.pi * np.geomspace(80, 7000, kinds)[:, None] * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
    samples = np.concatenate([np.zeros((1, SAMPLE_RATE)), noise, tones]).clip(-1, 1).astype(np.float32)
    return Windows(samples, (), f"{len(samples)} synthetic windows of silence, noise and tones")


def scores(score: Callable[[Samples], Samples], samples: Samples) -> Samples:
    """Score the first window alone and the rest in batches, so that both ways are compared."""
    return np.concatenate([score(samples[:1]), score(samples[1:])]) if len(samples) > 1 else score(samples)


def must_equal(row: Row) -> Row:
    """Return the row of an export that must equal torch; it raises where it does not."""
    if not row.difference <= LARGEST_DIFFERENCE:  # also true of NaN
        raise VoicegoError(
            f"{row.file} is not kept: its scores differ from torch's by up to {row.difference:.2g}; "
            "this kind of network cannot be exported"
        )
    return row


def why_not(row: Row, torch: Row, *, wanted: bool) -> str:
    """Say why int8 is not kept; empty where it is."""
    if row.accuracy is None or torch.accuracy is None:
        return "" if wanted else "noise and tones do not show what it costs; measure with --clips, or say --int8"
    cost = torch.accuracy - row.accuracy
    return f"it costs {cost:.2%} of accuracy, more than {LARGEST_COST:.1%}" if cost > LARGEST_COST else ""
