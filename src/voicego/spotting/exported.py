"""Exported networks, run as another runtime would run them: inputs by name to logits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from voicego.flow import Samples
from voicego.spotting.onnx_session import LOGITS, open_session, softmax
from voicego.spotting.torch_engine import BATCH

if TYPE_CHECKING:
    from pathlib import Path

    from voicego.spotting.torch_engine import TorchClassifier

Network: TypeAlias = Callable[[Mapping[str, Any]], Samples]
"""Arrays by name, each with n rows, to logits (n, labels)."""


def torch_network(classifier: TorchClassifier) -> Network:
    """The network that was exported, to be compared with."""
    import torch  # noqa: PLC0415

    def run(inputs: Mapping[str, Any]) -> Samples:
        with torch.inference_mode():
            tensors = {name: torch.from_numpy(value) for name, value in inputs.items()}
            logits: Samples = classifier.model(**tensors).logits.float().numpy()
        return logits

    return run


def onnx_network(path: Path) -> Network:
    """Open an ONNX file with onnxruntime.

    Raises:
        VoicegoError: onnxruntime cannot run it.
    """
    session = open_session(path)

    def run(inputs: Mapping[str, Any]) -> Samples:
        logits: Samples = session.run([LOGITS], dict(inputs))[0]
        return logits

    return run


def litert_network(path: Path) -> Network:
    """Open a LiteRT file on one thread; it computes one window after the other."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

    interpreter = Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    # `serving_default_args_0` and so on: the converter keeps the order of the inputs, not their names.
    places = [entry["index"] for entry in sorted(interpreter.get_input_details(), key=lambda entry: entry["name"])]
    answer = interpreter.get_output_details()[0]["index"]

    def one(inputs: list[Any]) -> Samples:
        for place, value in zip(places, inputs, strict=True):
            interpreter.set_tensor(place, value[None])
        interpreter.invoke()
        logits: Samples = interpreter.get_tensor(answer)[0]
        return logits

    return lambda inputs: np.stack([one(list(row)) for row in zip(*inputs.values(), strict=True)])


def arrays(classifier: TorchClassifier, windows: Samples) -> dict[str, Any]:
    """The checkpoint's own features of windows (n, window), by name of the network's inputs."""
    return {name: value.numpy() for name, value in classifier.inputs(windows).items()}


def scorer(network: Network, classifier: TorchClassifier) -> Callable[[Samples], Samples]:
    """Map windows (n, window) to posteriors (n, labels) by an exported network, with the checkpoint's own features."""

    def score(windows: Samples) -> Samples:
        parts = [
            softmax(network(arrays(classifier, part))) for part in np.split(windows, range(BATCH, len(windows), BATCH))
        ]
        return np.concatenate(parts)

    return score
