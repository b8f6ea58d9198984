"""The rooms and microphones that a word is heard through, as spectra to multiply its own with."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Spectra: TypeAlias = NDArray[np.complex64]

RATE = 16_000
ROOM_FFT = 24_576
"""Length of the transform that a room is applied with: a window of 1 s and half a second of its echo."""
ROOM_TAPS = ROOM_FFT - RATE


def chance(rng: np.random.Generator, share: float) -> bool:
    """Whether something happens that happens this often."""
    return float(rng.random()) < share


def rooms(rng: np.random.Generator, count: int) -> Spectra:
    """Spectra (count, ROOM_FFT // 2 + 1) of rooms and microphones: echo, tilted or rippled response, limited band.

    Half are dry, and a tenth leave the sound untouched.
    """
    hertz = np.fft.rfftfreq(ROOM_FFT, 1 / RATE)
    octaves = np.log2(np.maximum(hertz, 30.0) / 1000.0)
    spectra = np.ones((count, len(hertz)), dtype=np.complex64)
    for row in range(count // 10, count):
        impulse = np.zeros(ROOM_TAPS, dtype=np.float32)
        impulse[0] = 1.0
        if chance(rng, 0.5):
            impulse += _echo(rng)
        ripple = rng.uniform(-1.5, 1.5) * octaves + sum(
            rng.uniform(-3, 3) * np.cos(octaves * rng.uniform(0.5, 4) + rng.uniform(0, 6.3)) for _ in range(3)
        )
        lowest = rng.uniform(60, 350) if chance(rng, 0.5) else 1.0
        highest = rng.uniform(3000, 7500) if chance(rng, 0.35) else 20_000.0
        band = 1 / np.sqrt(1 + (lowest / np.maximum(hertz, 1)) ** 4) / np.sqrt(1 + (hertz / highest) ** 16)
        spectra[row] = np.fft.rfft(impulse, ROOM_FFT) * 10 ** (ripple / 20) * band
    return spectra


def _echo(rng: np.random.Generator) -> Floats:
    time = np.arange(ROOM_TAPS) / RATE
    tail = rng.standard_normal(ROOM_TAPS) * np.exp(-6.9 * time / rng.uniform(0.1, 0.8))
    tail[: int(rng.uniform(0.001, 0.015) * RATE)] = 0
    early = np.zeros(ROOM_TAPS)
    early[rng.integers(16, 800, size=6)] = rng.uniform(-0.5, 0.5, size=6)
    loudness = 10 ** (-rng.uniform(2, 22) / 20)
    echo: Floats = (loudness * (tail / np.sqrt(np.sum(tail**2)) + early)).astype(np.float32)
    return echo
