"""Train the small keyword network: what `voicego train` does.

1. Read the recordings (training speakers only) and lay them out.
2. Measure the fixed feature statistics on a few augmented batches.
3. A process of its own makes lessons (augment, ask the teacher, extract features), this one takes steps; each lesson
   is used `reuse` times under different masks.
4. Every few minutes the state is saved, so that the same command goes on where it was stopped.
5. The averaged weights are judged on the validation list now and then, and the best are kept as a checkpoint folder.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from voicego.errors import VoicegoError
from voicego.spotting.features import FeatureSpec, log_mel
from voicego.training.augment import make_batch
from voicego.training.banks import Banks, build_banks
from voicego.training.classes import Classes, own
from voicego.training.clips import Clip, Corpus, Split, read_corpus
from voicego.training.draft import Mixture
from voicego.training.evaluate import listed, read_list
from voicego.training.lessons import Lesson, Lessons, Teaching, made_ahead, settle
from voicego.training.mining import mined
from voicego.training.network import BANDS, begun_with, new_student
from voicego.training.run import Run, TrainSettings
from voicego.training.teacher import Teacher

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger("voicego.training")

FLOOR_DBFS = -75.0

__all__ = ["TrainSettings", "train"]


def train(settings: TrainSettings) -> None:
    """Train until the steps or minutes are used up, resuming from `out` if it holds a state; leaves `out/model/`."""
    settle()
    torch.manual_seed(settings.seed)
    classes = own(settings.words)
    teacher = None if settings.teacher is None else Teacher(settings.teacher, classes.labels)
    if teacher is not None:
        teacher.check()
    student = None
    if settings.start is not None:
        student = begun_with(settings.start, classes.labels, settings.shape.layers)
        layers = student.network.config.num_hidden_layers
        settings = replace(settings, shape=replace(settings.shape, layers=layers))
    listing = _listing(settings)
    corpus = _read(settings, classes, with_validation=listing is None)
    judged = read_list(listing) if listing else listed(_validation_words(corpus), classes)
    banks = build_banks(
        corpus, classes, np.random.default_rng(settings.seed), settings.synthetic_noise_s, settings.rooms
    )
    settings.out.mkdir(parents=True, exist_ok=True)
    if student is None:
        spec = measured_statistics(banks, settings.batch, settings.seed, settings.shape.stride)
        student = new_student(classes.labels, settings.shape, spec, settings.embedding)
    run = Run(settings, classes, student)
    if settings.mine:
        banks = mined(banks, len(classes.keywords), run.score)
    run.resume()
    teaching = Teaching(classes, run.spec, teacher, settings.teacher_weight, settings.harshness)
    accelerator = run.accelerator
    make = _Maker(
        banks, Mixture(silence=settings.silence, harshness=settings.harshness), teaching, settings,
        (accelerator.process_index, accelerator.num_processes),
    )  # fmt: skip
    lessons = made_ahead(Lessons(make, first=run.step // settings.reuse), beside=settings.beside)
    run.go(lessons.__next__, judged)


@dataclass(frozen=True, slots=True)
class _Maker:
    """From a number to the lesson that always has this number; of several learners each gets others."""

    banks: Banks
    mixture: Mixture
    teaching: Teaching
    settings: TrainSettings
    learner: tuple[int, int]
    """Which one, of how many."""

    def __call__(self, number: int) -> Lesson:
        number = number * self.learner[1] + self.learner[0]
        batch = make_batch(self.banks, self.mixture, self.settings.batch, self.settings.seed, number)
        return self.teaching.lesson(batch, np.random.default_rng((self.settings.seed, number, 2)))


def measured_statistics(banks: Banks, size: int, seed: int, stride: int) -> FeatureSpec:
    """The floor is white hiss at -75 dBFS; mean and spread of each band are those of augmented words above it."""
    rng = np.random.default_rng(0)
    hiss = rng.standard_normal((32, 16_000), dtype=np.float32) * np.float32(10 ** (FLOOR_DBFS / 20))
    floor = log_mel(hiss, BANDS).mean(axis=(0, 1))
    words = Mixture(truncated=0, utterances=0.2, anywhere=0, pieces=0, silence=0)
    batches = [make_batch(banks, words, size, seed + 7919, number) for number in range(8)]
    mel = np.concatenate([log_mel(batch.samples, BANDS) for batch in batches])
    clipped = np.maximum(mel, floor).reshape(-1, BANDS)
    return FeatureSpec(stride, BANDS, floor.round(4), clipped.mean(axis=0).round(4), clipped.std(axis=0).round(4))


def _read(settings: TrainSettings, classes: Classes, *, with_validation: bool) -> Corpus:
    splits: tuple[Split, ...] = ("training", "validation") if with_validation else ("training",)
    corpus = read_corpus(*settings.data, splits=splits, keywords=classes.keywords)
    for problem in corpus.problems:
        log.warning("%s", problem)
    clips = corpus.counts("training")
    log.info("read %d words, %d other recordings to train on", clips.total(), len(corpus.negatives))
    if missing := [word for word in classes.keywords if not clips[word]]:
        raise VoicegoError(f'there is no recording to train "{missing[0]}" on; its folder is looked for in --data')
    return corpus


def _listing(settings: TrainSettings) -> Path | None:
    """The list of clips that chooses the best weights: the one given, or that of the recordings for the ten words."""
    if settings.validation or settings.words:
        return settings.validation
    return next((root / "validation.tsv" for root in settings.data if (root / "validation.tsv").is_file()), None)


def _validation_words(corpus: Corpus) -> list[Clip]:
    """People's words in an order that favours none."""
    clips = [clip for clip in corpus.words if clip.split == "validation" and not clip.synthetic]
    return [clips[k] for k in np.random.default_rng(0).permutation(len(clips))]
