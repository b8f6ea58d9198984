"""What the network is shown: features, targets mixed from label and teacher, masks that hide some of it."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from voicego.spotting.features import FeatureSpec, even, features, log_mel, normalised

if TYPE_CHECKING:
    from voicego.training.augment import Batch
    from voicego.training.classes import Classes

Floats: TypeAlias = NDArray[np.float32]
Opinion: TypeAlias = Callable[[Floats], Floats]
"""A teacher: from (n, 16000) sound to (n, labels) probabilities."""

SURE = 0.9
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Of glibc's malloc.h."""
LONGEST_FRAMES, LONGEST_BANDS = 20, 14
WARPED, MOST_BANDS, MOST_TEMPO = 0.6, 0.11, 0.11
"""How many windows sound like another throat and tempo, and how much bands and frames are stretched there."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A batch as the network sees it."""

    inputs: Floats
    """(n, steps, stride * bands) features, or (n, samples) of the waveform."""
    targets: Floats
    """(n, labels), each row adding up to 1."""
    weight: Floats
    """(n,) 0 where nobody knows what is said, else 1."""


@dataclass(frozen=True, slots=True)
class Teaching:
    """How sound becomes a lesson."""

    classes: Classes
    spec: FeatureSpec | None
    """None: the network takes the waveform."""
    opinion: Opinion | None = None
    weight: float = 0.5
    """The teacher's part of the target on whole words, from 0 to 1."""
    harshness: float = 1.0
    """Scales how many windows are warped."""

    def lesson(self, batch: Batch, rng: np.random.Generator) -> Lesson:
        """Mix label and teacher into one target; where talk may hold a keyword and the teacher hears one, look away."""
        targets = np.eye(len(self.classes.labels), dtype=np.float32)[batch.label]
        weight = np.ones(len(targets), np.float32)
        if self.opinion is not None:
            heard = self.opinion(batch.samples)
            taught = batch.taught[:, None] * np.float32(self.weight)
            targets = (1 - taught) * targets + taught * heard
            weight[batch.doubtful & (heard[:, : len(self.classes.keywords)].max(axis=1) > SURE)] = 0.0
        if self.spec is None:
            return Lesson(inputs_of(batch.samples, None), targets, weight)
        mel = warped(log_mel(batch.samples, self.spec.mel_bins), WARPED * self.harshness, rng)
        return Lesson(normalised(mel, self.spec), targets, weight)


def inputs_of(samples: Floats, spec: FeatureSpec | None) -> Floats:
    """What a network is shown of (n, samples) sound: features, or each window at mean 0 and variance 1 (wav2vec2's)."""
    return even(samples) if spec is None else features(samples, spec)


def warped(mel: Floats, share: float, rng: np.random.Generator) -> Floats:
    """Stretch bands (another throat) and frames (another tempo) of (n, frames, bands) in a share of the windows."""
    size, frames, bands = mel.shape
    chosen = np.flatnonzero(rng.random(size) < share)
    throat = torch.from_numpy(1 + MOST_BANDS * rng.uniform(-1, 1, len(chosen)).astype(np.float32))
    tempo = torch.from_numpy(1 + MOST_TEMPO * rng.uniform(-1, 1, len(chosen)).astype(np.float32))
    # Bands are stretched from the lowest on, frames from the middle on; -1 and 1 are the edges.
    across = throat[:, None] * (torch.linspace(-1, 1, bands) + 1) - 1
    along = tempo[:, None] * torch.linspace(-1, 1, frames)
    places = torch.stack([across[:, None].expand(-1, frames, -1), along[:, :, None].expand(-1, -1, bands)], dim=3)
    seen = functional.grid_sample(
        torch.from_numpy(mel[chosen])[:, None], places, padding_mode="border", align_corners=True
    )
    other: Floats = mel.copy()
    other[chosen] = seen[:, 0].numpy()
    return other


def mixed(recent: list[Lesson], rng: np.random.Generator) -> Lesson:
    """A lesson whose row k is row k of one of the recent ones."""
    chosen = rng.integers(0, len(recent), len(recent[0].weight))
    rows = list(enumerate(recent[k] for k in chosen))
    return Lesson(
        np.stack([lesson.inputs[k] for k, lesson in rows]),
        np.stack([lesson.targets[k] for k, lesson in rows]),
        np.stack([lesson.weight[k] for k, lesson in rows]),
    )


def masked(lesson: Lesson, stride: int, rng: np.random.Generator) -> Lesson:
    """Blank up to 0.2 s in half of the rows and up to 14 bands in half of them; blank is the mean, zero."""
    size, steps, width = lesson.inputs.shape
    mel = lesson.inputs.reshape(size, steps * stride, width // stride).copy()
    frames, bands = mel.shape[1:]
    mel *= ~_stretches(frames, LONGEST_FRAMES, size, rng)[:, :, None]
    mel *= ~_stretches(bands, LONGEST_BANDS, size, rng)[:, None, :]
    return Lesson(mel.reshape(lesson.inputs.shape), lesson.targets, lesson.weight)


def _stretches(places: int, longest: int, size: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """In half of the rows of (size, places), one stretch that is true."""
    length = rng.integers(1, longest + 1, size) * rng.integers(0, 2, size)
    start = (rng.random(size) * (places - length)).astype(np.int64)
    place = np.arange(places)
    return (place >= start[:, None]) & (place < (start + length)[:, None])


class Lessons(IterableDataset[Lesson]):
    """Lessons from `first` on, without end."""

    def __init__(self, make: Callable[[int], Lesson], first: int) -> None:
        self._make, self._first = make, first

    def __iter__(self) -> Iterator[Lesson]:
        """Make one after the other, on one thread."""
        settle()
        yield from map(self._make, count(self._first))


def settle() -> None:
    """Make this process compute on one thread, and keep the memory that it frees.

    Two threads that share the machine wait for each other at every operation. glibc else asks for large arrays anew at
    every step, a fifth of a step's time.
    """
    torch.set_num_threads(1)
    threadpool_limits(1, user_api="blas")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def made_ahead(lessons: Lessons, *, beside: bool) -> Iterator[Lesson]:
    """Lessons in order; with `beside`, a process of its own makes them a few ahead.

    A thread would not do: compiled networks keep Python's lock while they compute.
    """
    given: dict[str, int] = {"num_workers": 1, "prefetch_factor": 4} if beside else {}
    return iter(DataLoader(lessons, batch_size=None, collate_fn=_as_made, **given))  # type: ignore[arg-type]


def _as_made(lesson: Lesson) -> Lesson:
    return lesson
