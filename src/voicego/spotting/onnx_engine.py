"""The lean engine: exported checkpoints in onnxruntime, with neither torch nor transformers. Features are numpy's."""

from __future__ import annotations

import ctypes
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, Samples
from voicego.spotting.checkpoint import weights_sha256
from voicego.spotting.features import FeatureSpec, even, features
from voicego.spotting.frames import Framed, Stacked
from voicego.spotting.onnx_session import LOGITS, facts_of, open_session, softmax

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from voicego.seams import Follower
    from voicego.spotting.checkpoint import Checkpoint

EXPORT = "model.onnx"
WINDOW = SAMPLE_RATE
"""Samples."""
AT_ONCE = 4
"""Windows computed together: more gain nothing on one core, and each of them costs 2 MB."""

WAVEFORM = "Wav2Vec2FeatureExtractor"
MASK = "attention_mask"


class NoExport(VoicegoError):  # noqa: N818 -- named for what is missing
    """A checkpoint has no export that onnxruntime could take in its place."""


class OnnxClassifier:
    """Implements `Classifier`; made by `load`."""

    engine = "onnx"
    window = WINDOW

    def __init__(self, checkpoint: Checkpoint, path: Path, session: Any) -> None:  # noqa: ANN401 -- onnxruntime has no types
        self.labels = checkpoint.labels
        self.file = str(path)
        self._session = session
        self._inputs = {one.name: np.int64 if "int64" in one.type else np.int32 for one in session.get_inputs()}
        self._spec = _spec(checkpoint.preprocessor)
        self._prepare = _preparation(checkpoint, self._spec)

    def score(self, windows: Samples) -> Samples:
        """Map windows (n, window) to posteriors (n, labels)."""
        return self._posteriors(self._prepare(windows))

    def follow(self) -> Follower:
        """Begin to score a stream."""
        return Framed(self._spec, self._posteriors) if self._spec else Stacked(self.score)

    def _posteriors(self, prepared: Samples) -> Samples:
        """Of features (n, steps, width), or of evened sound (n, window)."""
        if not len(prepared):
            return np.zeros((0, len(self.labels)), np.float32)
        parts = [self._run(prepared[at : at + AT_ONCE]) for at in range(0, len(prepared), AT_ONCE)]
        return softmax(np.concatenate(parts))

    def _run(self, prepared: Samples) -> Samples:
        given: dict[str, Any] = {
            name: np.ones(prepared.shape[:2], kind) if name == MASK else prepared for name, kind in self._inputs.items()
        }
        logits: Samples = self._session.run([LOGITS], given)[0]
        return logits


def load(checkpoint: Checkpoint, threads: int = 1) -> OnnxClassifier:
    """Load the export of exactly these weights.

    Raises:
        NoExport: there is none, or it was made from other weights, or of a kind of features that only transformers
            makes; the message says which, and what to do.
        VoicegoError: onnxruntime cannot run it.
    """
    path = checkpoint.exports / EXPORT
    if not path.is_file():
        raise NoExport(f"{checkpoint.name} has no {EXPORT} in {path.parent}; make one with: {_remedy(checkpoint)}")
    session = open_session(path, threads)
    facts = facts_of(session)
    same = (
        facts.get("weights_sha256") == weights_sha256(checkpoint.folder)
        and _parsed(facts.get("preprocessor")) == checkpoint.preprocessor
        and _parsed(facts.get("labels")) == list(checkpoint.labels)
    )
    if not same:
        raise NoExport(
            f"{path} was made from another state of {checkpoint.name}; make it anew with: {_remedy(checkpoint)}"
        )
    classifier = OnnxClassifier(checkpoint, path, session)
    scores = classifier.score(np.zeros((1, WINDOW), np.float32))
    _give_back()
    if scores.shape != (1, len(checkpoint.labels)):
        raise VoicegoError(f"{path} has {scores.shape[-1]} outputs for {len(checkpoint.labels)} labels")
    return classifier


def _give_back() -> None:
    """Return to the system what reading the file took: 5 MB that glibc else keeps for as long as the process lives."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


def _remedy(checkpoint: Checkpoint) -> str:
    return f"voicego export {checkpoint.name}"


def _parsed(fact: str | None) -> Any:  # noqa: ANN401 -- JSON
    try:
        return json.loads(fact or "null")
    except ValueError:
        return None


def _spec(preprocessor: Mapping[str, Any]) -> FeatureSpec | None:
    return FeatureSpec.from_preprocessor(preprocessor) if "fixed_statistics" in preprocessor else None


def _preparation(checkpoint: Checkpoint, spec: FeatureSpec | None) -> Callable[[Samples], Samples]:
    """What turns windows into the network's main input."""
    if spec is not None:
        return lambda windows: features(windows, spec)
    found = checkpoint.preprocessor
    if found.get("feature_extractor_type") != WAVEFORM:
        raise NoExport(
            f"{checkpoint.name} wants its sound as {found.get('feature_extractor_type', 'an unnamed extractor')} "
            "makes it, which only transformers does; it needs `engine: torch`"
        )
    if (rate := found.get("sampling_rate", SAMPLE_RATE)) != SAMPLE_RATE:
        raise VoicegoError(f"the model {checkpoint.name} wants sound at {rate} Hz; voicego hears at {SAMPLE_RATE} Hz")
    return even if found.get("do_normalize", True) else lambda windows: windows
