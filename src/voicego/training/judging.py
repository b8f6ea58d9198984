"""What the program itself makes of hours of recordings: its own gate, windows and detector, at every threshold at once.

A word said alone is decided by one window, so listening once with a threshold of nothing tells every detection that a
higher threshold would let through. In running speech a word must stay above its threshold for a while, so there the
detector sees the same scores once for each threshold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from voicego.flow import SAMPLE_RATE, AudioBlock, Detection, Samples, Setup, in_samples
from voicego.listener import Listener
from voicego.spotting.decision import Decision
from voicego.spotting.detector import Detector
from voicego.training.clips import KEYWORDS, Clip, holds_keyword

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from voicego.flow import Scores
    from voicego.seams import Classifier, Haste

PAUSE_S = 1.2
"""Between two words said alone."""
BREATH_S = 0.3
"""Between two recordings of talk."""
LATE_S = 0.5
"""How long after its clip a word may be told and still count as heard."""
GRID = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
"""Thresholds that are tried in running speech."""
BLOCK_S = 5.0


@dataclass(frozen=True, slots=True)
class Told:
    """A detection, and what it takes to prevent it."""

    keyword: str
    score: float
    """Any threshold up to this lets it through."""
    at: int
    """Sample at which the word ended."""


@dataclass(frozen=True, slots=True)
class Word:
    """A keyword that was said alone, and what was told of it."""

    keyword: str
    speaker: str
    told: tuple[Told, ...]
    word_end: int
    """Last sample above -40 dB of its peak, on the same axis as `told`."""
    falls_quiet: bool
    """Whether it ends before its clip does; else `word_end` is the room's."""

    def score(self) -> float:
        """The highest threshold at which it is heard; 0 if at none."""
        return max((told.score for told in self.told if told.keyword == self.keyword), default=0.0)


@dataclass(slots=True)
class Hours:
    """Talk of one source, and what was told of it that nobody had said."""

    source: str
    hours: float = 0.0
    told: list[Told] = field(default_factory=list)
    running: dict[float, list[str]] = field(default_factory=dict)
    """For each threshold of `GRID`, the keywords told in running speech."""


class Sounds:
    """Implements `Source`: recordings one after the other."""

    name, live = "recordings", False

    def __init__(self, sounds: Iterable[Samples]) -> None:
        self._sounds = sounds

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close."""

    def hurry(self, haste: Haste) -> None:
        """Everything is there already."""

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield everything in blocks of a few seconds."""
        at, step = 0, in_samples(BLOCK_S)
        for sound in self._sounds:
            for begin in range(0, len(sound), step):
                part = sound[begin : begin + step]
                yield AudioBlock(part, at)
                at += len(part)


def as_sound(clip: Clip) -> Samples:
    """Samples in [-1, 1]."""
    return np.asarray(clip.samples / np.float32(32768), np.float32)


@dataclass(frozen=True, slots=True)
class Judge:
    """Listens as the program would, to every keyword of a checkpoint."""

    classifier: Classifier
    keywords: tuple[str, ...] = KEYWORDS
    setup: Setup = field(default_factory=Setup)

    def words_said_alone(self, clips: Sequence[Clip]) -> list[Word]:
        """Say every clip of a keyword alone, with pauses around it."""
        pause = np.zeros(in_samples(PAUSE_S), np.float32)
        spans: list[tuple[int, int]] = []
        at = len(pause)
        for clip in clips:
            spans.append((at, at + len(clip.samples) + in_samples(LATE_S)))
            at += len(clip.samples) + len(pause)
        said = chain.from_iterable((as_sound(clip), pause) for clip in clips)
        found = self._listen(chain([pause], said), None)
        words = []
        for clip, (begin, end) in zip(clips, spans, strict=True):
            size = np.abs(as_sound(clip))
            loud = np.flatnonzero(size >= size.max(initial=0.0) / 100)
            last = int(loud[-1]) if len(loud) else 0
            told = tuple(one for one in found if begin <= one.at <= end)
            words.append(Word(clip.word, clip.speaker, told, begin + last, last < len(clip.samples) - in_samples(0.05)))
        return words

    def hours_of_talk(self, clips: Sequence[Clip], *, running: bool = True) -> list[Hours]:
        """Listen to talk, each source by itself; what is told where the transcript holds the word is no error."""
        breath = np.zeros(in_samples(BREATH_S), np.float32)
        every: list[Hours] = []
        for source in dict.fromkeys(clip.source for clip in clips):
            chosen = [clip for clip in clips if clip.source == source]
            ends = np.cumsum([len(clip.samples) + len(breath) for clip in chosen])
            heard = Hours(source, float(ends[-1]) / SAMPLE_RATE / 3600)
            scores: list[Scores] = []
            sounds = (part for clip in chosen for part in (as_sound(clip), breath))
            told = self._listen(sounds, scores.append if running else None)
            heard.told = [one for one in told if not _was_said(one, chosen, ends)]
            for threshold in GRID if running else ():
                found = self.told_running(scores, threshold)
                heard.running[threshold] = [one.keyword for one in found if not _was_said(one, chosen, ends)]
            every.append(heard)
        return every

    def words_in_running_speech(self, clips: Sequence[Clip]) -> dict[float, float]:
        """Share of clips whose word is told by sliding windows, at each threshold of `GRID`."""
        pause = np.zeros(in_samples(PAUSE_S), np.float32)
        heard = dict.fromkeys(GRID, 0)
        for clip in clips:
            scores: list[Scores] = []
            self._listen([pause, as_sound(clip), pause], scores.append)
            for threshold in GRID:
                heard[threshold] += any(one.keyword == clip.word for one in self.told_running(scores, threshold))
        return {threshold: count / max(1, len(clips)) for threshold, count in heard.items()}

    def told_running(self, scores: Iterable[Scores], threshold: float) -> list[Told]:
        """What the detector tells in running speech at one threshold for all."""
        decisions = tuple(_decision(word, threshold, isolated=False) for word in self.keywords)
        setup = self.setup
        detector = Detector(decisions, in_samples(setup.hop_s), setup.longest_word_s, setup.quiet_s)
        return [Told(found.keyword, found.score, found.at) for one in scores if (found := detector.see(one))]

    def _listen(self, sounds: Iterable[Samples], look_on: Callable[[Scores], None] | None) -> list[Told]:
        """Every detection of a word said alone that any threshold could let through."""
        found: list[Detection] = []
        decisions = tuple(_decision(word, 0.0, isolated=True) for word in self.keywords)
        Listener(Sounds(sounds), self.classifier, self.setup, decisions, found.append, look_on=look_on).listen()
        return [Told(one.keyword, one.score, one.at) for one in found]


def is_chooser(speaker: str) -> bool:
    """Whether a validation speaker belongs to the half that thresholds are chosen on; the other half judges them."""
    return sum(speaker.encode()) % 2 == 0


def halves(talk: Sequence[Clip]) -> tuple[list[Clip], list[Clip]]:
    """The first and the second half of each source: nearly all sources are sorted by speaker."""
    first: list[Clip] = []
    second: list[Clip] = []
    for source in dict.fromkeys(clip.source for clip in talk):
        clips = [clip for clip in talk if clip.source == source]
        first += clips[: len(clips) // 2]
        second += clips[len(clips) // 2 :]
    return first, second


def _was_said(told: Told, clips: Sequence[Clip], ends: NDArray[np.int64]) -> bool:
    """Whether the recording in which a word was told has it in its transcript."""
    number = min(int(np.searchsorted(ends, told.at)), len(clips) - 1)
    return holds_keyword(clips[number].transcript, (told.keyword,))


def _decision(keyword: str, threshold: float, *, isolated: bool) -> Decision:
    cooldown = 0.0 if isolated else 1.0
    return Decision(keyword, threshold, "measured", 0.0, cooldown, isolated=isolated, patience_s=0.3)
