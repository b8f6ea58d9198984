"""A loaded checkpoint's network, written for other runtimes: features in, logits out."""

from __future__ import annotations

import importlib
import io
import json
import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

import voicego
from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE
from voicego.spotting.checkpoint import weights_sha256
from voicego.spotting.onnx_session import LOGITS
from voicego.spotting.quiet_runtime import onnxruntime
from voicego.spotting.torch_engine import WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import torch

    from voicego.spotting.checkpoint import Checkpoint
    from voicego.spotting.torch_engine import TorchClassifier

OPSET = 17
"""The newest that torch's TorchScript-based exporter writes without a conversion."""
LARGEST_BYTES = 2**31
"""A protobuf message, which an ONNX file is, holds no more."""

EXTRAS = {"onnx": "export", "litert_torch": "litert"}
"""Which of voicego's extras brings a package."""

_FAILURES = (RuntimeError, ValueError, TypeError, LookupError, AttributeError, AssertionError)
"""What exporters raise on a network that they cannot follow; they have no type of their own for it."""


def require(package: str) -> Any:  # noqa: ANN401 -- foreign modules
    """Import a package that is no dependency of voicego itself.

    Raises:
        VoicegoError: it is not installed; the message says how to install it.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        extra = EXTRAS[package]
        raise VoicegoError(
            f"this needs the package {package}, which cannot be imported ({error}); "
            f'install it with: pip install "voicego[{extra}]"'
        ) from error


def metadata(checkpoint: Checkpoint) -> dict[str, str]:
    """Say what an export was made from, so that an engine can tell whether it belongs to the checkpoint beside it."""
    return {
        "labels": json.dumps(checkpoint.labels, ensure_ascii=False),
        "weights_sha256": weights_sha256(checkpoint.folder),
        "preprocessor": json.dumps(checkpoint.preprocessor, ensure_ascii=False),
        "sample_rate": str(SAMPLE_RATE),
        "window": str(WINDOW),
        "opset": str(OPSET),
        "voicego_version": voicego.__version__,
    }


def to_onnx(classifier: TorchClassifier, facts: dict[str, str], path: Path) -> None:
    """Write the network as ONNX with a free batch axis and `facts` as its metadata.

    Inputs are named as the checkpoint's features are (`input_features` or `input_values`, perhaps `attention_mask`);
    the output is `logits`, (batch, labels).

    Raises:
        VoicegoError: torch cannot export this network, or `onnx` is not installed.
        OSError: the file cannot be written.
    """
    onnx = require("onnx")
    import torch  # noqa: PLC0415

    size = sum(weight.numel() * weight.element_size() for weight in classifier.model.parameters())
    if size >= LARGEST_BYTES:
        raise VoicegoError(f"the network has {size / 1e9:.1f} GB of weights; an ONNX file holds no more than 2")
    network, examples = _positional(classifier)
    written = io.BytesIO()
    try:
        with _quiet(), torch.no_grad():
            torch.onnx.export(
                network,
                tuple(examples.values()),
                written,  # type: ignore[arg-type]  # the exporter that writes opset 17 takes a file object as well
                input_names=list(examples),
                output_names=[LOGITS],
                dynamic_axes={name: {0: "batch"} for name in (*examples, LOGITS)},
                opset_version=OPSET,
                dynamo=False,  # the other exporter needs onnxscript besides; both equal torch to 2e-6
            )
    except _FAILURES as error:
        raise VoicegoError(f"torch cannot export this network to ONNX: {_first_line(error)}") from error
    model = onnx.load_from_string(written.getvalue())
    onnx.helper.set_model_props(model, facts)
    path.write_bytes(model.SerializeToString())


def to_int8(source: Path, path: Path) -> None:
    """Quantise an ONNX file's linear layers to int8 weights; activations are quantised while it runs.

    Raises:
        VoicegoError: onnxruntime cannot quantise it.
        OSError: the file cannot be written.
    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415

    onnxruntime()
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    logging.disable(logging.WARNING)  # it recommends a pre-processing that brings foreign operator sets into the file
    try:
        quantize_dynamic(
            source,
            path,
            op_types_to_quantize=["MatMul", "Gemm"],
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,  # 7 bits: without VNNI, pairs of 8-bit products overflow 16 bits
        )
    except DecodeError as error:
        # onnx writes an intermediate file beside the source, and does not notice when the disk is full.
        raise VoicegoError(
            f"what was written beside {source} on the way to int8 cannot be read again; the disk is probably full"
        ) from error
    except _FAILURES as error:
        raise VoicegoError(f"onnxruntime cannot quantise this network: {_first_line(error)}") from error
    finally:
        logging.disable(logging.NOTSET)


def to_litert(classifier: TorchClassifier, path: Path) -> None:
    """Write the network for LiteRT (formerly TensorFlow Lite), for one window at a time.

    Raises:
        VoicegoError: the network cannot be converted, or `litert-torch` is not installed.
        OSError: the file cannot be written.
    """
    converter = require("litert_torch")
    import torch  # noqa: PLC0415

    network, examples = _positional(classifier)
    try:
        with _quiet(), torch.no_grad():
            model = converter.convert(network, tuple(value[:1] for value in examples.values()))
            model.export(str(path))
    except _FAILURES as error:
        raise VoicegoError(f"litert-torch cannot convert this network: {_first_line(error)}") from error


def _positional(classifier: TorchClassifier) -> tuple[torch.nn.Module, dict[str, Any]]:
    """The network as a function of tensors by position, as exporters want it, and inputs by name for two windows."""
    import torch  # noqa: PLC0415

    examples = classifier.inputs(np.zeros((2, WINDOW), np.float32))
    model = classifier.model

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.model(**dict(zip(examples, inputs, strict=True))).logits
            return logits

    return Network().eval(), examples


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporters' warnings from a person who can do nothing about them; what is wrong, the comparison shows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
