"""The recordings laid out for drawing: one long tape of sound, and where on it each word, utterance and noise lies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from voicego.training.clips import RATE, SILENCE, UNKNOWN, Clip, Corpus, Pcm
from voicego.training.noises import Floats, synthetic_noise
from voicego.training.rooms import Spectra, rooms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from voicego.training.classes import Classes

FRAME = 160
SLOW_TALK = frozenset({"speechocean762", "alphanumeric", "an4", "dspspeech20"})
UNTRANSCRIBED = frozenset({"librispeech_resemblyzer", "common_voice_dachosen1"})
NOISE_SPEEDS = (1.0, 0.7, 1.4)
NOISE_WEIGHT = 20.0
"""A noise is drawn as often as twenty `_silence_` clips of a second."""
SYNTHETIC_WORDS, SYNTHETIC_TALK = 0.3, 0.35
"""Largest part of a word's draws, and of all talk's, that synthetic voices may have: people stay the majority."""
THIN, SYNTHETIC_THIN = 500, 0.5
"""A word that fewer people's clips hold than this may have half of its draws from synthetic voices."""
PAUSE_FRAMES = 20
SHORTEST_FRAMES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Stretches of the tape, one a row."""

    begin: NDArray[np.int64]
    """First sample of the recording on the tape."""
    end: NDArray[np.int64]
    """One past its last sample."""
    first: NDArray[np.int64]
    """Where the sound that matters (a word, an utterance) begins."""
    last: NDArray[np.int64]
    """Where it ends."""
    floor: NDArray[np.float32]
    """Root mean square of the recording's quietest tenth, full scale being 1."""
    label: NDArray[np.int64]
    """Index into the labels."""
    weight: NDArray[np.float64]
    """How often to draw it, relative to the others."""
    doubtful: NDArray[np.bool_]
    """Nobody wrote down what is said here: it may hold a keyword."""


@dataclass(frozen=True, slots=True, eq=False)
class Banks:
    """Everything a batch is drawn from."""

    tape: Pcm
    """All words, talk and recorded silence end to end."""
    words: Places
    """Single words."""
    utterances: Places
    """Talk, cut at its pauses."""
    silences: Places
    """Clips that were recorded as `_silence_`, and noises, cut at their pauses."""
    noise: Floats
    """Recorded and synthetic background, each stretch scaled to about unit power."""
    rooms: Spectra
    """What a word is heard through."""
    silence: int
    """Index of `_silence_` among the labels."""
    unknown: int
    """Index of `_unknown_`."""


def build_banks(
    corpus: Corpus, classes: Classes, rng: np.random.Generator, noise_s: float = 1200.0, room_count: int = 512
) -> Banks:
    """Lay out the training part of a corpus; a word that is no label becomes `_unknown_`."""
    words = [clip for clip in corpus.words if clip.split == "training" and clip.word != SILENCE]
    silent = [clip for clip in corpus.words if clip.split == "training" and clip.word == SILENCE]
    talk = [clip for clip in corpus.negatives if clip.split == "training"]
    noises = [clip for clip in corpus.noises if clip.split == "training"]
    on_tape = (*words, *talk, *silent, *noises)
    starts = np.cumsum([0] + [len(clip.samples) for clip in on_tape]).tolist()
    index = {label: k for k, label in enumerate(classes.labels)}
    at = iter(starts)
    word_rows = [_word(clip, next(at), index.get(clip.word, index[UNKNOWN])) for clip in words]
    talk_rows: list[Row] = []
    of_synthetic_talk: list[bool] = []
    for clip in talk:
        pieces = _utterances(clip, next(at), index[UNKNOWN])
        talk_rows += pieces
        of_synthetic_talk += [clip.synthetic] * len(pieces)
    silent_rows = [_word(clip, next(at), index[SILENCE]) for clip in silent]
    for clip in noises:
        pieces = _utterances(clip, next(at), index[SILENCE])
        silent_rows += [(*piece[:6], NOISE_WEIGHT / len(pieces), False) for piece in pieces]
    return Banks(
        tape=np.concatenate([clip.samples for clip in on_tape] + [np.zeros(4, np.int16)]),
        words=_balanced(
            _places(word_rows),
            [index[word] for word in classes.keywords],
            np.array([clip.synthetic for clip in words], np.bool_),
        ),
        utterances=_mostly_people(_places(talk_rows), np.array(of_synthetic_talk, np.bool_)),
        silences=_places(silent_rows),
        noise=_noise([*noises, *silent], rng, noise_s),
        rooms=rooms(rng, room_count),
        silence=index[SILENCE],
        unknown=index[UNKNOWN],
    )


def loudness(samples: Pcm) -> NDArray[np.float32]:
    """Root mean square of every 10 ms, full scale being 1."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float32) / 32768
    rms: NDArray[np.float32] = np.sqrt(np.mean(np.square(frames), axis=1))
    return rms


Row: TypeAlias = tuple[int, int, int, int, float, int, float, bool]
"""The fields of one row of `Places`, in their order."""


def _places(rows: Sequence[Row]) -> Places:
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) if rows else [()] * 8
    begin, end, first, last, floor, label, weight, doubtful = columns
    return Places(
        begin=np.array(begin, dtype=np.int64),
        end=np.array(end, dtype=np.int64),
        first=np.array(first, dtype=np.int64),
        last=np.array(last, dtype=np.int64),
        floor=np.array(floor, dtype=np.float32),
        label=np.array(label, dtype=np.int64),
        weight=np.array(weight, dtype=np.float64),
        doubtful=np.array(doubtful, dtype=np.bool_),
    )


def extent(samples: Pcm) -> tuple[int, int]:
    """Where in its clip a word lies: within 26 dB of the loudest 10 ms and above the clip's own floor; samples."""
    rms = loudness(samples)
    if not len(rms):
        return 0, len(samples)
    loud = np.flatnonzero(rms > max(float(rms.max()) * 0.05, _floor(rms) * 2.0))
    return (int(loud[0]) * FRAME, (int(loud[-1]) + 1) * FRAME) if len(loud) else (0, len(samples))


def _floor(rms: NDArray[np.float32]) -> float:
    return float(np.percentile(rms, 10)) if len(rms) else 0.0


def _word(clip: Clip, at: int, label: int) -> Row:
    first, last = extent(clip.samples)
    floor = min(_floor(loudness(clip.samples)), 0.02)
    return at, at + len(clip.samples), at + first, at + last, floor, label, 1.0, False


def _utterances(clip: Clip, at: int, label: int) -> list[Row]:
    """The pieces of a recording between pauses of at least 0.2 s."""
    rms = loudness(clip.samples)
    if not len(rms):
        return []
    floor = float(np.percentile(rms, 10))
    loud = np.flatnonzero(rms > max(float(np.percentile(rms, 98)) * 0.06, floor * 1.8))
    pieces = [
        piece
        for piece in np.split(loud, np.flatnonzero(np.diff(loud) > PAUSE_FRAMES) + 1)
        if len(piece) >= SHORTEST_FRAMES
    ]
    each = (2.0 if clip.source in SLOW_TALK else 1.0) / (1.0 if clip.source != "dspspeech20" else 3.0)
    return [
        (
            at, at + len(clip.samples), at + int(piece[0]) * FRAME, at + (int(piece[-1]) + 1) * FRAME,
            min(floor, 0.02), label, each * (1.0 + len(piece) / 100), clip.source in UNTRANSCRIBED,
        )
        for piece in pieces
    ]  # fmt: skip


def _balanced(words: Places, keywords: Sequence[int], synthetic: NDArray[np.bool_]) -> Places:
    """Weigh every keyword alike (with few clips a little less); others share a quarter, by the root of their clips."""
    count = np.bincount(words.label, minlength=max([*keywords, *words.label.tolist(), 0]) + 1)
    keyword = np.zeros(len(count), np.bool_)
    keyword[list(keywords)] = True
    share = np.where(keyword, np.minimum(1000, count * 4) + np.where(count > 0, 300, 0), np.sqrt(count))
    if keyword.any() and share[~keyword].sum() > 0:
        share[~keyword] *= share[keyword].sum() / share[~keyword].sum() / 3
    each = np.ones(len(words.label))
    for label in np.unique(words.label[synthetic]):
        here = words.label == label
        people = int((here & ~synthetic).sum())
        most = SYNTHETIC_THIN if people < THIN else SYNTHETIC_WORDS
        each[here & synthetic] = _damping(people, int((here & synthetic).sum()), most)
    total = np.bincount(words.label, weights=each, minlength=len(count))
    return replace(words, weight=share[words.label] * each / np.maximum(1e-9, total[words.label]))


def _mostly_people(talk: Places, synthetic: NDArray[np.bool_]) -> Places:
    weight = talk.weight.copy()
    weight[synthetic] *= _damping(float(weight[~synthetic].sum()), float(weight[synthetic].sum()), SYNTHETIC_TALK)
    return replace(talk, weight=weight)


def _damping(people: float, synthetic: float, most: float) -> float:
    """What to weigh synthetic draws by, so that they are at most this part of all; alone, they stay as they are."""
    if not people or not synthetic:
        return 1.0
    return min(1.0, people * most / (1 - most) / synthetic)


def _noise(clips: Sequence[Clip], rng: np.random.Generator, synthetic_s: float) -> Floats:
    """Recorded background at three speeds, then the synthetic."""
    stretches = []
    for clip in clips:
        sound = clip.samples.astype(np.float32)
        for speed in NOISE_SPEEDS if len(sound) > 2 * RATE else NOISE_SPEEDS[:1]:
            moments = np.arange(0, len(sound) - 1, speed)
            stretch = np.interp(moments, np.arange(len(sound)), sound).astype(np.float32)
            stretches.append(stretch / max(1.0, float(np.sqrt(np.mean(stretch**2)))))
    return np.concatenate([*stretches, synthetic_noise(rng, synthetic_s)])
