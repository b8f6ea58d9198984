"""ONNX files opened with onnxruntime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from pathlib import Path


def open_session(path: Path) -> Any:  # noqa: ANN401 -- onnxruntime has no types
    """Open a network on one thread, which sleeps while it has nothing to do.

    Raises:
        VoicegoError: onnxruntime cannot run it.
    """
    import onnxruntime  # noqa: PLC0415 -- heavy
    from onnxruntime.capi import onnxruntime_pybind11_state as errors  # noqa: PLC0415

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    refusals = (errors.Fail, errors.InvalidArgument, errors.InvalidGraph, errors.InvalidProtobuf, errors.NotImplemented)
    try:
        return onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    except refusals as error:
        raise VoicegoError(f"onnxruntime cannot run {path.name}: {error}") from error
