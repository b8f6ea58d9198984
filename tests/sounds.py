"""Sounds for tests, made from numbers: rooms, fans, tones, and bursts that stand for words."""

from __future__ import annotations

import numpy as np

from voicego.flow import SAMPLE_RATE, Samples, in_samples


def silence(length_s: float) -> Samples:
    return np.zeros(in_samples(length_s), np.float32)


def hiss(length_s: float, dbfs: float, seed: int = 0) -> Samples:
    noise = np.random.default_rng(seed).standard_normal(in_samples(length_s)).astype(np.float32)
    return np.asarray(noise * np.float32(10 ** (dbfs / 20)), np.float32)


def burst(length_s: float, dbfs: float = -20.0, seed: int = 1) -> Samples:
    """Something like a vowel: a buzz of 120 Hz through two resonances, with soft edges."""
    t = np.arange(in_samples(length_s)) / SAMPLE_RATE
    rng = np.random.default_rng(seed)
    buzz = sum(
        np.sin(2 * np.pi * 120 * k * t + rng.uniform(0, 6)) / (1 + abs(120 * k - 600) / 300) for k in range(1, 40)
    )
    edge = np.minimum(1.0, np.minimum(t, t[::-1]) / 0.02)
    sound = buzz * edge
    level = 10 ** (dbfs / 20) / np.sqrt(np.mean(sound**2))
    return np.asarray(sound * level, np.float32)


def placed(length_s: float, room: Samples, **words: float) -> Samples:
    """Lay bursts of `length_s` into a room; `a=1.0` places one at 1 s."""
    sound = room.copy()
    for at in words.values():
        word = burst(length_s)
        start = in_samples(at)
        sound[start : start + len(word)] += word
    return sound
