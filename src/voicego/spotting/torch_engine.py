"""The torch engine: any checkpoint that transformers can classify sound with. Alone at run time in importing torch."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from voicego.errors import LEFT_OUT, LeftOut, VoicegoError
from voicego.flow import SAMPLE_RATE, Samples
from voicego.spotting.checkpoint import weights_of
from voicego.spotting.features import FeatureSpec, features
from voicego.spotting.frames import Framed, Stacked
from voicego.spotting.hub import SHARDS, WEIGHTS, offline

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.seams import Follower
    from voicego.spotting.checkpoint import Checkpoint

BATCH = 64
"""Windows computed at once; more costs memory and gains nothing on a CPU."""
WINDOW = SAMPLE_RATE
"""Samples: one second, as Speech Commands clips are."""


class TorchClassifier:
    """Implements `Classifier`; made by `load`."""

    engine = "torch"
    window = WINDOW

    def __init__(
        self,
        labels: tuple[str, ...],
        model: Any,  # noqa: ANN401 — torch's border
        inputs: Callable[[Samples], dict[str, Any]],
        spec: FeatureSpec | None = None,
        file: str = "",
    ) -> None:
        self.labels = labels
        self.model = model
        self.inputs = inputs
        """Windows (n, window) to the model's arguments by name, each a tensor with n rows."""
        self._spec = spec
        self.file = file

    def score(self, windows: Samples) -> Samples:
        """Map windows (n, window) to posteriors (n, labels)."""
        return self._posteriors(self.inputs, windows)

    def follow(self) -> Follower:
        """Begin to score a stream."""
        return Framed(self._spec, partial(self._posteriors, _ready)) if self._spec else Stacked(self.score)

    def _posteriors(self, inputs: Callable[[Samples], dict[str, Any]], rows: Samples) -> Samples:
        import torch  # noqa: PLC0415 — 2 s; `voicego status` must not pay for it

        if not len(rows):
            return np.zeros((0, len(self.labels)), np.float32)
        with torch.inference_mode():
            parts = [
                torch.softmax(self.model(**inputs(rows[at : at + BATCH])).logits.float(), dim=-1).numpy()
                for at in range(0, len(rows), BATCH)
            ]
        return np.concatenate(parts)


def load(checkpoint: Checkpoint, threads: int = 1) -> TorchClassifier:
    """Load a checkpoint's model and features.

    Raises:
        VoicegoError: it cannot be loaded; the message names the checkpoint.
    """
    offline()
    try:
        import torch  # noqa: PLC0415
        from safetensors import SafetensorError  # noqa: PLC0415
        from transformers import AutoModelForAudioClassification  # noqa: PLC0415
        from transformers.utils import logging as transformers_logging  # noqa: PLC0415

        import voicego.spotting.network  # noqa: F401, PLC0415 -- makes voicego's own kind of network known
    except ModuleNotFoundError as error:
        if error.name not in LEFT_OUT:
            raise
        raise LeftOut(error.name, f"the model {checkpoint.name}") from error

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    torch.set_num_threads(threads)
    try:
        model, report = AutoModelForAudioClassification.from_pretrained(
            checkpoint.folder,
            local_files_only=True,
            use_safetensors=any((checkpoint.folder / name).is_file() for name in (WEIGHTS, SHARDS)),
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, KeyError, EOFError, SafetensorError) as error:
        raise VoicegoError(f"the model {checkpoint.name} cannot be loaded: {_first_line(error)}") from error
    if missing := sorted(report["missing_keys"]):
        raise VoicegoError(
            f"the model {checkpoint.name} has no trained weights for {missing[0]} and {len(missing) - 1} more; "
            "it is no finished audio classifier"
        )
    model.eval()
    model.to(memory_format=torch.channels_last)  # convolutions over frames and bands take a third less time so
    spec = FeatureSpec.from_preprocessor(checkpoint.preprocessor) if _is_ours(checkpoint) else None
    inputs = partial(_fixed, spec) if spec else _auto(checkpoint)
    classifier = TorchClassifier(checkpoint.labels, model, inputs, spec, str(weights_of(checkpoint.folder)[0]))
    try:
        scores = classifier.score(np.zeros((1, WINDOW), np.float32))
    except (RuntimeError, ValueError, TypeError, KeyError) as error:
        raise VoicegoError(f"the model {checkpoint.name} cannot score sound: {_first_line(error)}") from error
    if scores.shape != (1, len(checkpoint.labels)):
        raise VoicegoError(
            f"the model {checkpoint.name} has {scores.shape[-1]} outputs for {len(checkpoint.labels)} labels"
        )
    return classifier


def _is_ours(checkpoint: Checkpoint) -> bool:
    return "fixed_statistics" in checkpoint.preprocessor


def _fixed(spec: FeatureSpec, windows: Samples) -> dict[str, Any]:
    """Features with the statistics that travel with the checkpoint, so that a quiet room stays quiet."""
    return _ready(features(windows, spec))


def _ready(prepared: Samples) -> dict[str, Any]:
    import torch  # noqa: PLC0415

    return {"input_features": torch.from_numpy(prepared)}


def _auto(checkpoint: Checkpoint) -> Callable[[Samples], dict[str, Any]]:
    """Features as the checkpoint's own extractor makes them, whole window by whole window, as it was trained."""
    from transformers import AutoFeatureExtractor  # noqa: PLC0415

    try:
        extractor = AutoFeatureExtractor.from_pretrained(checkpoint.folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise VoicegoError(
            f"the features of the model {checkpoint.name} cannot be loaded: {_first_line(error)}"
        ) from error
    rate = getattr(extractor, "sampling_rate", SAMPLE_RATE)
    if rate != SAMPLE_RATE:
        raise VoicegoError(f"the model {checkpoint.name} wants sound at {rate} Hz; voicego hears at {SAMPLE_RATE} Hz")
    return lambda windows: dict(extractor(list(windows), sampling_rate=SAMPLE_RATE, return_tensors="pt"))


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
