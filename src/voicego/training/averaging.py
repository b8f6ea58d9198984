"""Averaging: the mean of several checkpoints' weights, where one was made from the other; often better than each."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from voicego.errors import VoicegoError
from voicego.spotting.checkpoint import find, weights_sha256
from voicego.spotting.hub import CONFIG, DECISION, FEATURES, WEIGHTS
from voicego.training.network import DEFAULT_DECISION, swapped_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STATE, MODEL = "state.pt", "model"
"""What `voicego train` leaves in its folder."""


def average(models: Sequence[str], out: Path) -> None:
    """Write the checkpoint whose weights are the mean of those of `models`; thresholds are to be chosen anew.

    A model is named as in the rules file, or is the folder of a training run: then its last weights are taken, and
    not those that were best on the validation list.

    Raises:
        VoicegoError: there are fewer than two, one cannot be read, or they are not of the same shape.
    """
    if len(models) < 2:  # noqa: PLR2004
        raise VoicegoError("an average needs two models or more")
    first = find(_checkpoint(models[0]))
    weights = [_weights(model) for model in models]
    for model, other in zip(models[1:], weights[1:], strict=True):
        _must_match(models[0], weights[0], model, other)
    mean = {name: torch.stack([one[name].double() for one in weights]).mean(0).to(weights[0][name].dtype) for name in
            weights[0]}  # fmt: skip
    with swapped_in(out) as fresh:
        for name in (CONFIG, FEATURES[0]):
            shutil.copy(first.folder / name, fresh)
        rows = {"keywords": dict.fromkeys(first.keywords, DEFAULT_DECISION)}
        (fresh / DECISION).write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
        (fresh / "README.md").write_text(_card(models), encoding="utf-8")
        save_file(mean, fresh / WEIGHTS, {"format": "pt"})


def _checkpoint(model: str) -> str:
    """The checkpoint of a training run's folder; else the model itself."""
    return str(Path(model) / MODEL) if (Path(model) / STATE).is_file() else model


def _weights(model: str) -> dict[str, torch.Tensor]:
    state = Path(model) / STATE
    try:
        if state.is_file():
            last: dict[str, torch.Tensor] = torch.load(state, weights_only=True, map_location="cpu")["average"]
            return last
        return load_file(find(model).folder / WEIGHTS)
    except (OSError, RuntimeError, KeyError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        raise VoicegoError(f"the weights of {model} cannot be read: {error}") from error


def _must_match(first: str, ours: Mapping[str, torch.Tensor], model: str, theirs: Mapping[str, torch.Tensor]) -> None:
    if {name: value.shape for name, value in ours.items()} != {name: value.shape for name, value in theirs.items()}:
        raise VoicegoError(f"{first} and {model} are networks of different shapes and have no average")
    if _means(first) != _means(model):
        raise VoicegoError(f"{first} and {model} make their features differently and have no average")


def _means(model: str) -> Mapping[str, Any]:
    return find(_checkpoint(model)).preprocessor


def _card(models: Sequence[str]) -> str:
    rows = "\n".join(f"| {model} | `{weights_sha256(find(_checkpoint(model)).folder)[:16]}` |" for model in models)
    return f"""---
pipeline_tag: audio-classification
library_name: transformers
tags: [keyword-spotting, voicego]
---

# The average of {len(models)} voicego keyword networks

Not measured yet: `voicego evaluate --choose` measures it and chooses its thresholds.

| of | checkpoint, SHA-256, first 16 digits |
|---|---|
{rows}
"""
