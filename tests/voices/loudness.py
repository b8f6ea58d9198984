"""Trim, level and write what the synthesisers said."""

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from voicego.training.voices.kokoro import RATE

_SPEECH_DBFS = -22.0
_PEAK = 0.8
_SMALL = 0.8
"""What libsndfile calls compression level; about 5 kB a word."""

_QUIET_DB = 40.0
"""A stretch this far below the loudest one is not the word any more."""

_STEP = RATE // 100
_BEFORE, _AFTER = 6, 8
"""Steps of 10 ms that are kept around the word, so that soft beginnings and endings survive."""


def trimmed(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Only the word, with a few hundredths of a second on either side, faded, at the level of ordinary speech."""
    levels = _levels(sound)
    loud = np.flatnonzero(levels > levels.max() * 10 ** (-_QUIET_DB / 20))
    start = max(0, int(loud[0]) - _BEFORE) * _STEP
    stop = (int(loud[-1]) + 1 + _AFTER) * _STEP
    return _faded(_levelled(sound[start:stop]))


def write_ogg(path: Path, sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Write, and give back what a reader of the file will hear."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, RATE, format="OGG", subtype="OPUS", compression_level=_SMALL)
    heard, rate = soundfile.read(path, dtype="float32")
    if rate != RATE or heard.ndim != 1:
        message = f"{path}: written at {RATE} Hz mono, read back at {rate} Hz with shape {heard.shape}"
        raise ValueError(message)
    return np.asarray(heard, dtype=np.float32)


def _levels(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    steps = sound[: len(sound) // _STEP * _STEP].reshape(-1, _STEP)
    return np.asarray(np.sqrt((steps**2).mean(axis=1)), dtype=np.float32)


def _levelled(word: NDArray[np.float32]) -> NDArray[np.float32]:
    levels = _levels(word)
    speech = np.sqrt((levels[levels > levels.max() / 10] ** 2).mean())
    gain = min(10 ** (_SPEECH_DBFS / 20) / speech, _PEAK / np.abs(word).max())
    return np.asarray(word * gain, dtype=np.float32)


def _faded(word: NDArray[np.float32]) -> NDArray[np.float32]:
    ramp = np.linspace(0, 1, 2 * _STEP, dtype=np.float32)
    faded = word.copy()
    faded[: len(ramp)] *= ramp
    faded[-len(ramp) :] *= ramp[::-1]
    return faded
