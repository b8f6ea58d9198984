"""What computes a checkpoint: onnxruntime where an export of exactly these weights exists, else torch."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from voicego.errors import VoicegoError
from voicego.flow import Engine

if TYPE_CHECKING:
    from voicego.seams import Classifier
    from voicego.spotting.checkpoint import Checkpoint

log = logging.getLogger(__name__)


def load(checkpoint: Checkpoint, threads: int = 1, engine: Engine = Engine.AUTO) -> Classifier:
    """Load a checkpoint; with torch that takes seconds.

    Raises:
        VoicegoError: it cannot be loaded, or there is no export for the engine that was asked for.
    """
    # Features multiply by numpy, whose own threads wait for each other when anything else is at work: 20 times slower.
    threadpool_limits(threads, user_api="blas")
    if engine is Engine.TORCH:
        return _torch(checkpoint, threads)
    from voicego.spotting import onnx_engine  # noqa: PLC0415 -- onnxruntime, when a model is loaded

    try:
        return onnx_engine.load(checkpoint, threads)
    except onnx_engine.NoExport as why:
        if engine is Engine.ONNX:
            raise
        log.info("torch computes, which takes longer to start and more memory: %s", why)
    except VoicegoError as broken:
        if engine is Engine.ONNX:
            raise
        log.warning("torch computes instead: %s", broken)
    return _torch(checkpoint, threads)


def _torch(checkpoint: Checkpoint, threads: int) -> Classifier:
    from voicego.spotting.torch_engine import load as load_torch  # noqa: PLC0415 -- seconds and 350 MB

    return load_torch(checkpoint, threads)
