"""Turn recordings into training windows: places, speeds, rooms, noises and levels that no single recording has.

Every batch follows from the seed and its number alone, so that training goes on exactly where it was stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from voicego.training.draft import WINDOW, Doubles, Draft, Flags, Longs, Mixture, anywhere, chances, draw
from voicego.training.rooms import ROOM_FFT

if TYPE_CHECKING:
    from voicego.training.banks import Banks
    from voicego.training.clips import Pcm
    from voicego.training.noises import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Sound with what a person said it is."""

    samples: Floats
    """(n, 16000) in [-1, 1]."""
    label: Longs
    """(n,) index into the labels."""
    taught: Flags
    """(n,) whole words: here a teacher's opinion counts as much as the label."""
    doubtful: Flags
    """(n,) talk that may hold a keyword which nobody wrote down."""


def make_batch(banks: Banks, mixture: Mixture, size: int, seed: int, number: int) -> Batch:
    """Batch `number` of a training run; the same arguments give the same sound."""
    rng, harshness = np.random.default_rng((seed, number)), mixture.harshness
    draft = draw(banks, mixture, size, rng)
    talk = _read(banks.tape, draft, rng)
    active = np.sqrt(np.square(talk).sum(axis=1) / np.maximum(800, draft.length))
    talk *= (1.0 / np.maximum(1e-4, active))[:, None]
    talk = _in_rooms(talk, banks, harshness, rng)
    _add_babble(talk, banks, harshness, rng)
    silent = draft.label == banks.silence
    talk[silent & chances(rng, 0.5 if len(banks.silences.begin) else 1.0, size)] = 0.0
    samples = _with_noise(talk, silent, banks, harshness, rng)
    return Batch(samples, draft.label, draft.taught, draft.doubtful)


def _read(tape: Pcm, draft: Draft, rng: np.random.Generator) -> Floats:
    """Read the tape at each row's speed (cubic between samples); outside the recording goes its own hiss."""
    moment = draft.origin[:, None] + draft.rate[:, None] * np.arange(WINDOW)
    moment = np.where(draft.rate[:, None] == 1.0, np.round(moment), moment)
    inside = (moment >= draft.begin[:, None]) & (moment < draft.end[:, None])
    whole = np.floor(moment)
    part = torch.from_numpy((moment - whole).astype(np.float32))
    at = torch.from_numpy(np.clip(whole, 1, len(tape) - 3).astype(np.int64)).flatten()
    sound = torch.from_numpy(tape)
    before, here, after, later = (sound[at + step].view(part.shape).float() for step in (-1, 0, 1, 2))
    slope, next_slope = (after - before) * 0.5, (later - here) * 0.5
    bend, twist = 3 * (after - here) - 2 * slope - next_slope, 2 * (here - after) + slope + next_slope
    read = (((twist * part + bend) * part + slope) * part + here).numpy() / np.float32(32768)
    hiss = rng.standard_normal(read.shape, dtype=np.float32) * draft.floor[:, None]
    return np.where(inside, read, hiss).astype(np.float32)


def _in_rooms(talk: Floats, banks: Banks, harshness: float, rng: np.random.Generator) -> Floats:
    """Put each row into a room, or into none (the first of them), keeping its power."""
    chosen = rng.integers(0, len(banks.rooms), len(talk)) * chances(rng, harshness, len(talk))
    room = torch.from_numpy(banks.rooms[chosen])
    dry = torch.from_numpy(talk)
    wet = torch.fft.irfft(torch.fft.rfft(dry, ROOM_FFT) * room, ROOM_FFT)[:, :WINDOW]
    power = dry.square().mean(1, keepdim=True) / wet.square().mean(1, keepdim=True).clamp_min(1e-12)
    heard: Floats = (wet * power.sqrt()).numpy()
    return heard


def _add_babble(talk: Floats, banks: Banks, harshness: float, rng: np.random.Generator) -> None:
    """Let somebody else talk far off in one row of ten."""
    if not len(banks.utterances.begin):
        return
    rows = np.flatnonzero(chances(rng, 0.1 * harshness, len(talk)))
    other = _read(banks.tape, anywhere(banks.utterances, len(rows), rng), rng)
    other /= np.maximum(1e-4, np.sqrt(np.mean(np.square(other), axis=1, keepdims=True)))
    talk[rows] += other * decibels(-rng.uniform(8, 32, (len(rows), 1))).astype(np.float32)


def _with_noise(talk: Floats, silent: Flags, banks: Banks, harshness: float, rng: np.random.Generator) -> Floats:
    """Set the level, add background (or make it all there is), clip and round as a sound card does."""
    size = len(talk)
    level = np.clip(rng.normal(-26, 9, size), -52, -8)
    snr = np.where(chances(rng, 1 - 0.75 * harshness, size), 60.0, _snr(rng, size))
    background = _noise_cuts(banks.noise, size, rng)
    twice = chances(rng, 0.25, size)
    second = _noise_cuts(banks.noise, int(twice.sum()), rng)
    background[twice] += second * decibels(rng.uniform(-20, 0, (int(twice.sum()), 1)))
    alone = np.where(chances(rng, 0.3, size), rng.uniform(-80, -50, size), rng.uniform(-60, -8, size))
    scale = decibels(np.where(silent, alone, level - snr))
    scale[silent & chances(rng, 0.1, size)] = 0.0
    sound = talk * decibels(level)[:, None] + background * scale[:, None]
    hiss = decibels(rng.uniform(-100, -72, (size, 1))) * chances(rng, 0.8, size)[:, None]
    sound += rng.standard_normal(sound.shape, dtype=np.float32) * hiss
    drive = decibels(rng.uniform(0, 18, (size, 1)))
    peak = np.abs(sound).max(axis=1, keepdims=True)
    loud = chances(rng, 0.14, size)[:, None]
    sound = np.where(loud, sound * drive / np.maximum(1e-6, peak), sound / np.maximum(1.0, peak))
    rounded: Floats = (np.round(np.clip(sound, -1, 32767 / 32768) * 32768) / 32768).astype(np.float32)
    return rounded


def decibels(level: Doubles) -> Doubles:
    """The factor that a level in dB stands for."""
    return np.power(10.0, level / 20)


def _snr(rng: np.random.Generator, size: int) -> Doubles:
    """Speech over background in dB: 3 to 40, and for one row in eight -2 to 8."""
    hard = chances(rng, 0.12, size)
    return np.where(hard, rng.uniform(-2, 8, size), rng.uniform(3, 40, size))


def _noise_cuts(noise: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Cuts of unit power; a very quiet stretch is not lifted by more than 20 dB."""
    start = rng.integers(0, len(noise) - WINDOW, count)
    cuts = noise[start[:, None] + np.arange(WINDOW)] * rng.choice(np.array([-1, 1], np.float32), (count, 1))
    power = np.sqrt(np.mean(np.square(cuts), axis=1, keepdims=True))
    level: Floats = (cuts / np.maximum(0.1, power)).astype(np.float32)
    return level
