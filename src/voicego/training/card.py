"""The model card that training writes: what the network is, what it was made from, what it reached."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import asdict
from importlib.metadata import version
from typing import TYPE_CHECKING

from voicego.spotting.checkpoint import folder_of
from voicego.training.evaluate import Tally, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from voicego.training.classes import Classes
    from voicego.training.run import TrainSettings

PACKAGES = ("voicego", "torch", "transformers", "accelerate", "numpy", "soundfile", "soxr")


def draft_card(
    settings: TrainSettings, classes: Classes, made_in: tuple[int, float], found: Mapping[str, Tally] | None
) -> str:
    """Markdown with the front matter that the Hugging Face hub reads; `made_in` is steps and seconds."""
    labels = classes.labels
    measured = "No validation list was given, so nothing was measured." if found is None else table(found)
    given = "\n".join(f"| {name} | {value} |" for name, value in _plain(settings).items())
    sources = "\n".join(f"| {name} | `{digest}` |" for name, digest in _sources(settings))
    made_with = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"""---
pipeline_tag: audio-classification
library_name: transformers
language: en
tags: [keyword-spotting, voicego]
---

# A voicego keyword network

It hears windows of 1 s at 16 kHz and tells {len(labels)} classes apart: {", ".join(labels)}.

Trained by `voicego train`: averaged weights after step {made_in[0]} ({made_in[1] / 60:.0f} minutes).

## Measured

{len(classes.judged)} classes; every other label is summed into `_unknown_` before the best is chosen.

{measured}

## Made from

Python {platform.python_version()}, {made_with}.

| setting | value |
|---|---|
{given}

| file | SHA-256, first 16 digits |
|---|---|
{sources}
"""


def _plain(settings: TrainSettings) -> dict[str, object]:
    """Settings without the folders, which mean nothing elsewhere."""
    places = {"data", "out", "start", "embedding", "teacher", "validation"}
    return {name: value for name, value in asdict(settings).items() if name not in places}


def _sources(settings: TrainSettings) -> Iterator[tuple[str, str]]:
    """Each pack's index (it names every recording), the teacher, and the weights that the run began with."""
    for root in settings.data:
        for index in sorted(root.glob("*/index.tsv")):
            yield f"{index.parent.name}/{index.name}", _digest(index)
    for what, file in (("teacher", settings.teacher), ("embedding", settings.embedding)):
        if file:
            yield f"{what} {file.name}", _digest(file)
    if settings.start:
        for weights in sorted(folder_of(settings.start).glob("*.safetensors")):
            yield f"start {weights.name}", _digest(weights)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
