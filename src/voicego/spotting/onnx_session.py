"""ONNX files opened with onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from voicego.errors import VoicegoError
from voicego.spotting.quiet_runtime import onnxruntime

if TYPE_CHECKING:
    from pathlib import Path

    from voicego.flow import Samples

LOGITS = "logits"
"""Name of the output of everything that voicego exports."""


def open_session(path: Path, threads: int = 1) -> Any:  # noqa: ANN401 -- onnxruntime has no types
    """Open a network on a few threads, which sleep while they have nothing to do.

    Memory goes back after every run: kept for the next, it would be what the largest batch ever took.

    Raises:
        VoicegoError: onnxruntime cannot run it.
    """
    runtime = onnxruntime()
    from onnxruntime.capi import onnxruntime_pybind11_state as errors  # noqa: PLC0415 -- heavy

    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    refusals = (errors.Fail, errors.InvalidArgument, errors.InvalidGraph, errors.InvalidProtobuf, errors.NotImplemented)
    try:
        return runtime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    except refusals as error:
        raise VoicegoError(f"onnxruntime cannot run {path.name}: {error}") from error


def facts_of(session: Any) -> dict[str, str]:  # noqa: ANN401
    """What the file says about itself: for voicego's own, what `export.metadata` wrote."""
    return dict(session.get_modelmeta().custom_metadata_map)


def softmax(logits: Samples) -> Samples:
    """Posteriors of logits (n, labels)."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    posteriors: Samples = odds / odds.sum(axis=1, keepdims=True)
    return posteriors
