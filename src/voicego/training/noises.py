"""Make background sound that no recording brings: hiss, hum, fans, chords, clicks, barks."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Floats: TypeAlias = NDArray[np.float32]

RATE = 16_000


def synthetic_noise(rng: np.random.Generator, seconds: float) -> Floats:
    """Ten-second stretches of every kind in turn, each of unit power; (samples,)."""
    makers: tuple[Callable[[np.random.Generator, int], Floats], ...] = (
        coloured, hum, fan, chords, clicks, barks,
    )  # fmt: skip
    stretches = [makers[k % len(makers)](rng, 10 * RATE) for k in range(max(1, round(seconds / 10)))]
    return np.concatenate([stretch / max(1e-9, float(np.sqrt(np.mean(stretch**2)))) for stretch in stretches])


def coloured(rng: np.random.Generator, samples: int) -> Floats:
    """Hiss whose power falls by 0 (white) to 8 dB an octave (brown)."""
    spectrum = np.fft.rfft(rng.standard_normal(samples, dtype=np.float32))
    hertz = np.maximum(20.0, np.fft.rfftfreq(samples, 1 / RATE))
    shaped = spectrum * hertz ** -rng.choice([0.0, 0.0, 0.5, 1.0, rng.uniform(-0.3, 1.3)])
    return np.fft.irfft(shaped, samples).astype(np.float32)


def hum(rng: np.random.Generator, samples: int) -> Floats:
    """Mains or a motor: a low tone and its overtones over some hiss."""
    time = np.arange(samples) / RATE
    base = rng.choice([50.0, 60.0, 100.0, 120.0, rng.uniform(40, 250)])
    tones = np.zeros(samples)
    for k in range(1, 14):
        tones += np.sin(2 * np.pi * base * k * time + rng.uniform(0, 6.3)) * rng.uniform(0, 1) / k**0.7
    noisy: Floats = (tones + rng.uniform(0.02, 0.5) * coloured(rng, samples)).astype(np.float32)
    return noisy


def fan(rng: np.random.Generator, samples: int) -> Floats:
    """Turning air: dark hiss that swells with each blade, with a whine on top."""
    time = np.arange(samples) / RATE
    blades = rng.uniform(5, 120)
    swell = 1 + rng.uniform(0, 0.7) * np.sin(2 * np.pi * blades * time)
    spectrum = np.fft.rfft(rng.standard_normal(samples, dtype=np.float32))
    hertz = np.maximum(30.0, np.fft.rfftfreq(samples, 1 / RATE))
    air = np.fft.irfft(spectrum * hertz**-0.7 / (1 + (hertz / rng.uniform(300, 4000)) ** 2), samples)
    whine = rng.uniform(0, 0.4) * np.sin(2 * np.pi * blades * rng.integers(2, 9) * time)
    blown: Floats = (air / air.std() * swell + whine).astype(np.float32)
    return blown


def chords(rng: np.random.Generator, samples: int) -> Floats:
    """Something like music: chords of plucked or held tones with overtones, in a steady beat."""
    sound = np.zeros(samples + 4 * RATE, dtype=np.float32)
    beat = int(rng.uniform(0.12, 0.8) * RATE)
    for start in range(0, samples, beat):
        length = int(rng.uniform(0.2, 2.5) * RATE)
        time = np.arange(length) / RATE
        decay = np.exp(-time * rng.uniform(0.3, 8)) * np.minimum(1, time / rng.uniform(0.002, 0.1))
        root = 55.0 * 2 ** (rng.integers(0, 48) / 12)
        for step in rng.choice([0, 3, 4, 5, 7, 9, 12, 16], size=rng.integers(1, 5), replace=False):
            pitch = root * 2 ** (step / 12)
            overtones = np.arange(1, max(2, min(8, int(7500 / pitch))))
            partials = np.sin(2 * np.pi * pitch * overtones[:, None] * time) / overtones[:, None] ** rng.uniform(0.6, 2)
            sound[start : start + length] += (partials.sum(axis=0) * decay).astype(np.float32)
    return sound[:samples] + np.float32(rng.uniform(0, 0.02)) * rng.standard_normal(samples, dtype=np.float32)


def clicks(rng: np.random.Generator, samples: int) -> Floats:
    """Keys, knocks and taps: short ringing bursts at random moments."""
    sound = rng.standard_normal(samples, dtype=np.float32) * np.float32(10 ** rng.uniform(-4, -2))
    for start in rng.integers(0, samples - 2000, size=rng.integers(3, 50)):
        length = int(rng.integers(40, 2000))
        time = np.arange(length) / RATE
        ring = np.sin(2 * np.pi * rng.uniform(80, 5000) * time) + rng.standard_normal(length) * rng.uniform(0, 1)
        burst = ring * np.exp(-time * rng.uniform(50, 900)) * rng.uniform(0.1, 1)
        sound[start : start + length] += burst.astype(np.float32)
    return sound


def barks(rng: np.random.Generator, samples: int) -> Floats:
    """Something like dogs and birds: short calls whose pitch rises and falls, with overtones, roughness and breath."""
    sound = rng.standard_normal(samples, dtype=np.float32) * np.float32(10 ** rng.uniform(-4, -2))
    pitch, bend = np.exp(rng.uniform(np.log(150), np.log(1500))), rng.uniform(-0.5, 0.6)
    start = int(rng.uniform(0, 0.5) * RATE)
    while start < samples - RATE // 2:
        length = int(rng.uniform(0.06, 0.4) * RATE)
        part = np.arange(length) / length
        glide = pitch * rng.uniform(0.85, 1.15) * (1 + bend * np.sin(np.pi * part) + rng.uniform(-0.2, 0.2) * part)
        phase = 2 * np.pi * np.cumsum(glide) / RATE + rng.uniform(0, 3) * np.sin(2 * np.pi * rng.uniform(20, 90) * part)
        overtones = np.arange(1, max(2, min(12, int(7000 / pitch))))[:, None]
        call = (np.sin(overtones * phase) * overtones ** -rng.uniform(0.3, 1.6)).sum(axis=0)
        call += rng.standard_normal(length) * rng.uniform(0, 0.8)
        swell = np.minimum(1, part / rng.uniform(0.03, 0.3)) * (1 - part) ** rng.uniform(0.4, 2)
        sound[start : start + length] += (call * swell * rng.uniform(0.3, 1)).astype(np.float32)
        start += length + int(rng.exponential(0.35) * RATE) + RATE // 20
    return sound
