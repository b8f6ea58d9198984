"""Train the small keyword network: `python -m voicego.training.train --data ../shared/data --out build/run`.

1. Read the recordings (training speakers only) and lay them out.
2. Measure the fixed feature statistics on a few augmented batches.
3. One thread makes lessons (augment, ask the teacher, extract features), the other takes steps; each lesson is used
   `reuse` times under different masks.
4. Every few minutes the state is saved, so that the same command goes on where it was stopped.
5. The averaged weights are judged on the validation list now and then, and the best are kept as a checkpoint folder.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np
import torch

from voicego.spotting.checkpoint import find
from voicego.spotting.features import FeatureSpec, log_mel
from voicego.training.augment import make_batch
from voicego.training.banks import Banks, build_banks
from voicego.training.clips import read_corpus
from voicego.training.draft import Mixture
from voicego.training.evaluate import ListedClips, read_list
from voicego.training.lessons import Lesson, LessonMaker, lesson_of
from voicego.training.network import BANDS, STRIDE, all_labels
from voicego.training.run import Run, TrainSettings
from voicego.training.teacher import Teacher

log = logging.getLogger("voicego.training")

FLOOR_DBFS = -75.0

__all__ = ["TrainSettings", "train"]


def train(settings: TrainSettings) -> None:
    """Train until the steps or minutes are used up, resuming from `out` if it holds a state; leaves `out/model/`."""
    torch.set_num_threads(1)
    torch.manual_seed(settings.seed)
    labels = all_labels()
    teacher = None if settings.teacher is None else Teacher(settings.teacher, labels)
    if teacher is not None:
        teacher.open()
    judged = _validation(settings)
    banks = _read_banks(settings, labels)
    settings.out.mkdir(parents=True, exist_ok=True)
    if settings.start is None:
        run = Run(settings, labels, measured_statistics(banks, settings.batch, settings.seed))
    else:
        run = Run(settings, labels, FeatureSpec.from_preprocessor(find(str(settings.start)).preprocessor))
        run.begin_with(settings.start)
    run.resume()
    mixture = Mixture(silence=settings.silence)

    def make(number: int) -> Lesson:
        batch = make_batch(banks, mixture, settings.batch, settings.seed, number)
        return lesson_of(batch, teacher, len(labels), run.spec, settings.teacher_weight)

    with LessonMaker(make, first=run.step // settings.reuse) as lessons:
        run.go(lessons.take, judged)


def measured_statistics(banks: Banks, size: int, seed: int) -> FeatureSpec:
    """The floor is white hiss at -75 dBFS; mean and spread of each band are those of augmented words above it."""
    rng = np.random.default_rng(0)
    hiss = rng.standard_normal((32, 16_000), dtype=np.float32) * np.float32(10 ** (FLOOR_DBFS / 20))
    floor = log_mel(hiss, BANDS).mean(axis=(0, 1))
    words = Mixture(truncated=0, utterances=0.2, anywhere=0, pieces=0, silence=0)
    batches = [make_batch(banks, words, size, seed + 7919, number) for number in range(8)]
    mel = np.concatenate([log_mel(batch.samples, BANDS) for batch in batches])
    clipped = np.maximum(mel, floor).reshape(-1, BANDS)
    return FeatureSpec(STRIDE, BANDS, floor.round(4), clipped.mean(axis=0).round(4), clipped.std(axis=0).round(4))


def _read_banks(settings: TrainSettings, labels: list[str]) -> Banks:
    corpus = read_corpus(settings.data)
    for problem in corpus.problems:
        log.warning("%s", problem)
    log.info("read %d words, %d other recordings", len(corpus.words), len(corpus.negatives))
    rng = np.random.default_rng(settings.seed)
    return build_banks(corpus, labels, rng, settings.synthetic_noise_s, settings.rooms)


def _validation(settings: TrainSettings) -> ListedClips | None:
    listing = settings.validation or settings.data / "validation.tsv"
    if settings.validation is None and not listing.is_file():
        return None
    return read_list(listing)


def _main() -> None:
    parser = argparse.ArgumentParser(description="Train the keyword network; `voicego train` is the front door.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path)
    parser.add_argument("--teacher", type=Path)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=1)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    train(TrainSettings(**vars(parser.parse_args())))


if __name__ == "__main__":
    _main()
