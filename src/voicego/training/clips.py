"""Read recordings, packs of reels with an index or a plain folder a word: who may be trained on, and what is broken."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Split: TypeAlias = Literal["training", "validation"]
Pcm: TypeAlias = NDArray[np.int16]

RATE = 16_000
KEYWORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
SILENCE, UNKNOWN = "_silence_", "_unknown_"
SYNTHETIC = frozenset({"kokoro", "flite", "festival", "pico", "espeak-ng"})
"""Sources that are synthesisers."""
NOISE_PACK = "noise"
SOUND_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".opus"})


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One recording: a word said alone, a sentence, or noise."""

    samples: Pcm
    """16 kHz mono, as long as it was recorded."""
    word: str
    """The word said, `_silence_`, or empty for continuous speech and noise."""
    split: Split
    """Decided by the speaker."""
    source: str
    """Which collection it came from."""
    speaker: str = ""
    """Empty where the source does not say."""
    transcript: str = ""
    """What was said, where that is known."""

    @property
    def synthetic(self) -> bool:
        """Whether a synthesiser said it, not a person."""
        return self.source in SYNTHETIC


@dataclass(slots=True)
class Corpus:
    """Everything that was read, and what could not be."""

    words: list[Clip] = field(default_factory=list)
    """Single words with their label, `_silence_` included."""
    negatives: list[Clip] = field(default_factory=list)
    """Speech that holds no keyword as far as anybody wrote down."""
    noises: list[Clip] = field(default_factory=list)
    """Background."""
    problems: list[str] = field(default_factory=list)
    """One sentence for each file or folder that was left out."""

    def counts(self, split: Split) -> Counter[str]:
        """Clips per word in one split."""
        return Counter(clip.word for clip in self.words if clip.split == split)


def read_corpus(*roots: Path, splits: tuple[Split, ...] = ("training",), keywords: Sequence[str] = KEYWORDS) -> Corpus:
    """Read every root: packs (`commands/index.tsv` …) or one folder a word; talk that holds a keyword is left out.

    Raises:
        VoicegoError: a root is not there, or none of them holds a word.
    """
    corpus = Corpus()
    for root in roots:
        if not root.is_dir():
            raise VoicegoError(f"There is no folder of recordings at {root}.")
        if list(root.glob("*/index.tsv")):
            _read_packs(root, splits, keywords, corpus)
        else:
            _read_folders(root, splits, corpus)
    if not corpus.words:
        named = " and ".join(map(str, roots))
        raise VoicegoError(
            f"{named} holds no words to train on: neither commands/index.tsv nor a folder for each word."
        )
    return corpus


def which_split(name: str, validation_percent: float = 20.0) -> Split:
    """Choose a split by the speaker part of a name, with the hash rule of Speech Commands' `which_set`."""
    speaker = re.sub(r"_nohash_.*$", "", Path(name).stem)
    most = 2**27 - 1
    share = int(hashlib.sha1(speaker.encode(), usedforsecurity=False).hexdigest(), 16) % (most + 1) * (100.0 / most)
    return "validation" if share < validation_percent else "training"


def holds_keyword(transcript: str, keywords: Sequence[str] = KEYWORDS) -> bool:
    """Whether one of the keywords is written in a transcript."""
    return not set(keywords).isdisjoint(re.findall(r"[a-z']+", transcript.lower()))


def _read_packs(root: Path, splits: tuple[Split, ...], keywords: Sequence[str], corpus: Corpus) -> None:
    for pack in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")):
        for clip in _clips(pack, splits, corpus.problems):
            if pack.name == NOISE_PACK:
                corpus.noises.append(clip)
            elif clip.word:
                corpus.words.append(clip)
            elif not holds_keyword(clip.transcript, keywords):
                corpus.negatives.append(clip)


def _clips(pack: Path, splits: tuple[Split, ...], problems: list[str]) -> Iterator[Clip]:
    """Cut a pack's reels by its index; two reels are decoded at a time."""
    index = pack / "index.tsv"
    if not index.is_file():
        problems.append(f"{pack.name}: no index.tsv, so nothing of it was read.")
        return
    with index.open(newline="", encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["split"] in splits]
    by_reel: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        by_reel.setdefault(row.get("reel") or f"{row['word']}.opus", []).append(row)
    with ThreadPoolExecutor(2) as pool:
        reels = pool.map(_decoded, (pack / reel for reel in by_reel))
        for (reel, wanted), sound in zip(by_reel.items(), reels, strict=True):
            if isinstance(sound, str):
                problems.append(f"{pack.name}/{reel}: {sound} ({len(wanted)} recordings left out).")
            else:
                yield from _cut(sound, wanted)


def _cut(reel: Pcm, rows: Iterable[dict[str, str]]) -> Iterator[Clip]:
    for row in rows:
        start = int(row["slot"]) * RATE if "slot" in row else int(row["first_sample"])
        source = row.get("source") or "speech_commands"
        transcript = row.get("transcript") or ""
        yield Clip(
            samples=reel[start : start + int(row["samples"])].copy(),
            word=row.get("word") or (transcript if source == "an4_words" else ""),
            split="training" if row["split"] == "training" else "validation",
            source=source,
            speaker=row.get("speaker") or "",
            transcript=transcript,
        )


def _read_folders(root: Path, splits: tuple[Split, ...], corpus: Corpus) -> None:
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith(".")):
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in SOUND_SUFFIXES)
        if not files:
            corpus.problems.append(f"{folder.name}: an empty folder, so this word cannot be learnt.")
        elif len(files) == 1:
            corpus.problems.append(f"{folder.name}: a single recording, too few to learn a word from or to check it.")
        for path in files:
            split: Split = "training" if folder.name == "_background_noise_" else which_split(path.name)
            if split not in splits:
                continue
            sound = _decoded(path)
            if isinstance(sound, str):
                corpus.problems.append(f"{folder.name}/{path.name}: {sound} (left out).")
            elif folder.name == "_background_noise_":
                corpus.noises.append(Clip(sound, "", split, "folder"))
            else:
                speaker = re.sub(r"_nohash_.*$", "", path.stem)
                corpus.words.append(Clip(sound, folder.name, split, "folder", speaker))


def _decoded(path: Path) -> Pcm | str:
    """16 kHz mono sound of a file, or a few words on why there is none."""
    try:
        sound, rate = soundfile.read(path, dtype="int16", always_2d=True)
    except (OSError, RuntimeError) as error:
        return f"cannot be read: {error}"
    if not len(sound):
        return "holds no sound"
    mono: Pcm = sound[:, 0]
    return mono if rate == RATE else soxr.resample(mono, rate, RATE).astype(np.int16)
