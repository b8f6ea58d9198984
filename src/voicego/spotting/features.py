"""Sound to features: the same functions for training, torch and ONNX; log-mel with fixed statistics, or the waveform.

The mel part equals transformers' `SeamlessM4TFeatureExtractor` called with `do_normalize_per_mel_bins=False` (Kaldi's
filter bank: DC removed, pre-emphasis 0.97, povey window). What differs is the normalisation: the extractor's own
measures every window, so that a quiet room is lifted to the level of speech; here the numbers are fixed and travel with
the checkpoint. It runs in single precision: where a pure tone stands far above the rest, the log energies of other
bands are off by up to 0.01 (in ordinary sound by less than 0.0001).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE

FRAME = 400
HOP = 160
FFT = 512
PREEMPHASIS = 0.97
LOG_FLOOR = 1.192092955078125e-07
LOWEST_HZ = 20.0

Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSpec:
    """How a checkpoint wants its sound: read from the `fixed_statistics` block of its `preprocessor_config.json`."""

    stride: int
    """Mel frames (10 ms each) stacked into one step of the model."""
    mel_bins: int
    """Mel bands between 20 and 8000 Hz."""
    floor: Floats
    """Log-mel energy of each band below which nothing is told apart, (mel_bins,)."""
    mean: Floats
    """Log-mel energy subtracted from each band, (mel_bins,)."""
    std: Floats
    """What each band is divided by afterwards, (mel_bins,)."""

    @classmethod
    def from_preprocessor(cls, preprocessor: Mapping[str, Any]) -> FeatureSpec:
        """Read a parsed `preprocessor_config.json`; a VoicegoError says what is missing or of the wrong length."""
        block = preprocessor.get("fixed_statistics")
        if not isinstance(block, Mapping):
            raise VoicegoError('This checkpoint\'s preprocessor_config.json has no "fixed_statistics" block.')
        bins = int(preprocessor.get("num_mel_bins", preprocessor.get("feature_size", 80)))
        return cls(
            stride=int(preprocessor.get("stride", 2)),
            mel_bins=bins,
            **{name: _statistic(block, name, bins) for name in ("floor", "mean", "std")},
        )


def features(samples: Floats, spec: FeatureSpec) -> Floats:
    """Turn sound (n, samples) in [-1, 1] at 16 kHz into (n, steps, stride * mel_bins).

    Mel frames that do not fill a last step are left out, as the extractor leaves them out.
    """
    return normalised(log_mel(samples, spec.mel_bins), spec)


def log_mel(samples: Floats, mel_bins: int = 80) -> Floats:
    """Natural log of the mel energies of (n, samples) sound, in 16-bit steps: (n, frames of 10 ms, mel_bins)."""
    if len(samples.shape[1:]) != 1 or samples.shape[1] < FRAME:
        raise VoicegoError(f"Features need sound of shape (n, at least {FRAME} samples), not {samples.shape}.")
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME, axis=1)[:, ::HOP]
    centred = frames - frames.mean(axis=2, keepdims=True, dtype=np.float32)
    emphasised = np.empty_like(centred)
    np.multiply(centred[..., :-1], np.float32(-PREEMPHASIS), out=emphasised[..., 1:])
    emphasised[..., 1:] += centred[..., 1:]
    np.multiply(centred[..., 0], np.float32(1 - PREEMPHASIS), out=emphasised[..., 0])
    emphasised *= _window()
    spectrum = np.fft.rfft(emphasised, FFT)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    energies = power.reshape(-1, FFT // 2 + 1) @ mel_filters(mel_bins)
    logged: Floats = np.log(np.maximum(energies, np.float32(LOG_FLOOR)))
    return logged.reshape(*power.shape[:2], mel_bins)


def normalised(mel: Floats, spec: FeatureSpec) -> Floats:
    """Apply the fixed statistics to (n, frames, mel_bins) and stack `stride` frames a step."""
    steps = mel.shape[1] // spec.stride
    clipped = np.maximum(mel[:, : steps * spec.stride], spec.floor)
    clipped -= spec.mean
    clipped /= spec.std
    return clipped.reshape(mel.shape[0], steps, spec.stride * spec.mel_bins)


def even(windows: Floats) -> Floats:
    """Bring each window of (n, samples) to mean 0 and variance 1, as `Wav2Vec2FeatureExtractor` does."""
    centred = windows - windows.mean(axis=1, keepdims=True)
    evened: Floats = centred / np.sqrt(centred.var(axis=1, keepdims=True) + np.float32(1e-7))
    return evened


def _statistic(block: Mapping[str, Any], name: str, bins: int) -> Floats:
    values = np.asarray(block.get(name, ()), dtype=np.float32)
    if values.shape != (bins,):
        raise VoicegoError(f'"fixed_statistics.{name}" in preprocessor_config.json must hold {bins} numbers.')
    return values


@cache
def _window() -> Floats:
    """Povey window: a Hann window (both ends zero) to the power 0.85; the scale to 16-bit range is folded in."""
    return (np.hanning(FRAME) ** 0.85 * 2**15).astype(np.float32)


@cache
def mel_filters(bins: int, lowest_hz: float = LOWEST_HZ, highest_hz: float = SAMPLE_RATE / 2) -> Floats:
    """Triangles that are even on Kaldi's mel scale, each with a peak of 1: (257, bins)."""
    mel = 1127.0 * np.log1p(np.arange(FFT // 2 + 1) * (SAMPLE_RATE / FFT) / 700.0)
    edges = mel_edges(bins, lowest_hz, highest_hz)
    rising = (mel[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - mel[:, None]) / (edges[2:] - edges[1:-1])
    filters: Floats = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    return filters


def mel_edges(bins: int, lowest_hz: float, highest_hz: float) -> NDArray[np.float64]:
    """Where the triangles begin, peak and end, in mel: triangle k from edge k to edge k + 2, (bins + 2,)."""
    low, high = 1127.0 * np.log1p(np.array([lowest_hz, highest_hz]) / 700.0)
    return np.linspace(low, high, bins + 2)
