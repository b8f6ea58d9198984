"""Decide what a batch reads: which recordings, from where, how fast, and where in the window they come to lie."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from voicego.training.banks import Banks, Places
    from voicego.training.noises import Floats

WINDOW = 16_000
CLEARLY_CUT = 0.5
STILL_WHOLE = 0.75

Longs: TypeAlias = NDArray[np.int64]
Doubles: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Mixture:
    """How many rows of a batch hold what, in parts of the whole; the rest are words."""

    truncated: float = 0.05
    """Halves of words, which are `_unknown_`."""
    utterances: float = 0.18
    """Windows over utterances of continuous speech and other words."""
    anywhere: float = 0.04
    """Windows anywhere in continuous speech."""
    pieces: float = 0.03
    """Short pieces of continuous speech, cut out as if they had been said alone."""
    silence: float = 0.10
    """Noise, hiss, tones, clicks and nothing at all."""
    harshness: float = 1.0
    """How many windows get rooms, babble and background: 1 as docs/training.md says, 0 none."""


@dataclass(slots=True, eq=False)
class Draft:
    """A batch before its sound is made: what to read from the tape, where to put it, how fast; one row a window."""

    begin: Longs
    """Nothing before this sample of the tape is read."""
    end: Longs
    """Nor from this one on."""
    length: Longs
    """How many samples of the window hold what matters."""
    origin: Doubles
    """Where on the tape the window begins."""
    rate: Doubles
    """Samples of the tape for each of the window."""
    floor: Floats
    """Root mean square of the hiss outside the recording."""
    label: Longs
    """Index into the labels."""
    taught: Flags
    """Whole words, which a teacher may judge."""
    doubtful: Flags
    """Talk that may hold a keyword which nobody wrote down."""


def chances(rng: np.random.Generator, share: float, count: int) -> Flags:
    """For each of `count` rows, whether something happens that happens this often."""
    return rng.random(count) < share


def draw(banks: Banks, mixture: Mixture, size: int, rng: np.random.Generator) -> Draft:
    """Draw the rows of a batch: words first, silence last."""
    wanted = [round(size * part) for part in (mixture.truncated, mixture.utterances, mixture.anywhere, mixture.pieces)]
    silent = round(size * mixture.silence)
    if not len(banks.utterances.begin):
        wanted[1:] = [0, 0, 0]
    words = _whole(banks.words, size - sum(wanted) - silent, rng, taught=True)
    parts = [
        words,
        _truncated(banks.words, wanted[0], rng, banks.unknown),
        _whole(banks.utterances, wanted[1], rng, taught=False),
        anywhere(banks.utterances, wanted[2], rng),
        _pieces(banks.utterances, wanted[3], rng),
        _whole(banks.silences if len(banks.silences.begin) else banks.words, silent, rng, taught=False),
    ]
    parts[-1].label[:] = banks.silence
    return Draft(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Draft)))


def _drawn(places: Places, count: int, rng: np.random.Generator) -> Longs:
    if not count:
        return np.zeros(0, np.int64)
    return rng.choice(len(places.begin), size=count, p=places.weight / places.weight.sum())


def _speeds(count: int, rng: np.random.Generator) -> Doubles:
    """Three in ten as recorded, the others up to 18 % slower or faster, voice and tempo together."""
    return np.where(chances(rng, 0.3, count), 1.0, rng.uniform(0.83, 1.18, count))


def _whole(places: Places, count: int, rng: np.random.Generator, *, taught: bool) -> Draft:
    """A word or utterance anywhere in the window, one in five cut by up to a quarter; a long one is seen in part."""
    row = _drawn(places, count, rng)
    rate = _speeds(count, rng)
    length = (places.last[row] - places.first[row]) / rate
    spare = WINDOW - length
    cut = np.where(chances(rng, 0.2, count), (1 - STILL_WHOLE) * np.minimum(length, WINDOW), 0.0)
    fitting = rng.uniform(-1, 1, count) * cut + rng.random(count) * np.maximum(0, spare)
    position = np.where(spare > 0, fitting, rng.random(count) * spare)
    return _draft_at(places, row, position, rate, taught=taught)


def _draft_at(places: Places, row: Longs, position: Doubles, rate: Doubles, *, taught: bool) -> Draft:
    seen = np.minimum(WINDOW, position + (places.last[row] - places.first[row]) / rate) - np.maximum(0, position)
    return Draft(
        begin=places.begin[row],
        end=places.end[row],
        length=np.maximum(1, seen).astype(np.int64),
        origin=places.first[row] - position * rate,
        rate=rate,
        floor=places.floor[row],
        label=places.label[row].copy(),
        taught=np.full(len(row), taught),
        doubtful=places.doubtful[row],
    )


def _truncated(places: Places, count: int, rng: np.random.Generator, unknown: int) -> Draft:
    """At most half of a word, cut by the window's edge or (one in three) by a gate that was late or early."""
    row = _drawn(places, count, rng)
    rate = _speeds(count, rng)
    length = (places.last[row] - places.first[row]) / rate
    kept = rng.uniform(0.12, CLEARLY_CUT, count) * length
    tail = chances(rng, 0.5, count)
    draft = _draft_at(places, row, np.where(tail, kept - length, WINDOW - kept), rate, taught=False)
    gated = chances(rng, 0.33, count)
    shift = rng.random(count) * np.maximum(0, WINDOW - kept) * np.where(tail, 1, -1) * gated
    edge = np.where(tail, places.last[row] - kept * rate, places.first[row] + kept * rate).astype(np.int64)
    draft.begin = np.where(gated & tail, edge, draft.begin)
    draft.end = np.where(gated & ~tail, edge, draft.end)
    draft.origin -= shift * rate
    draft.length = np.maximum(1, kept).astype(np.int64)
    draft.label[:] = unknown
    return draft


def anywhere(places: Places, count: int, rng: np.random.Generator) -> Draft:
    row = _drawn(places, count, rng)
    rate = _speeds(count, rng)
    draft = _draft_at(places, row, np.zeros(count), rate, taught=False)
    middle = places.first[row] + rng.random(count) * (places.last[row] - places.first[row])
    draft.origin = middle - rate * WINDOW / 2
    draft.length[:] = WINDOW
    return draft


def _pieces(places: Places, count: int, rng: np.random.Generator) -> Draft:
    """Between 0.15 and 0.8 s of an utterance with quiet around it; it may happen to be a keyword, so it is doubtful."""
    row = _drawn(places, count, rng)
    rate = _speeds(count, rng)
    whole = places.last[row] - places.first[row]
    length = np.minimum(whole, (rng.uniform(0.15, 0.8, count) * WINDOW)).astype(np.int64)
    start = places.first[row] + (rng.random(count) * (whole - length)).astype(np.int64)
    draft = _draft_at(places, row, np.zeros(count), rate, taught=False)
    draft.origin = start - rng.random(count) * np.maximum(0, WINDOW - length / rate) * rate
    draft.begin, draft.end, draft.length = start, start + length, length
    draft.doubtful = np.ones(count, np.bool_)
    return draft
