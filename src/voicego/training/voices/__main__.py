"""Make a pack of synthetic words and talk: `python -m voicego.training.voices build/voices --teacher MODEL.onnx`.

`keywords/` holds the 35 words; `words/` those once more among their neighbours and common words; `talk/` holds
sentences for training, and for measuring those of other voices with other sentences. All are reels of FLAC with an
`index.tsv`, which `voicego train --data` reads beside human recordings. What is there already is kept: the same command
goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import csv
import logging
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from voicego.errors import VoicegoError
from voicego.training.banks import loudness
from voicego.training.classes import OTHER_WORDS, all_labels
from voicego.training.clips import KEYWORDS
from voicego.training.teacher import Teacher
from voicego.training.voices import engines, script
from voicego.training.voices.engines import Engine, Manner
from voicego.training.voices.kokoro import fetch_kokoro

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from voicego.training.voices.engines import Floats

log = logging.getLogger("voicego.training")

REEL_LINES = 400
LONGEST_WORD_S = 1.3
HEARD = 0.5
"""A keyword that the teacher is less sure of is not used: the voice did not say it well."""
FIELDS = ("reel", "first_sample", "samples", "word", "transcript", "source", "speaker", "split")
ENDINGS = (".", ".", ".", "!", "?", "")


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to say."""

    text: str
    word: str
    """The label, or nothing where no class is named so."""
    engine: str
    manner: Manner
    checked: bool = False
    """Whether the teacher must hear it."""

    @property
    def split(self) -> str:
        """Voices that are kept out only measure."""
        return "training" if engines.KEPT_OUT.isdisjoint({self.manner.voice, self.manner.other}) else "validation"


def words(kokoro_voices: Sequence[str], common: Sequence[str], rng: np.random.Generator) -> Iterator[Line]:
    """The 35 words by Kokoro and by the small engines, then neighbours and common words, which are no keyword."""
    for word in (*KEYWORDS, *OTHER_WORDS):
        takes = 150 if word in script.THINNEST else 80 if word in script.THIN else 40 if word in script.FEW else 25
        yield from _by_everybody(Line(word, word, "", Manner(""), checked=True), (takes, 2), kokoro_voices, rng)
    for word in script.neighbours():
        yield from _by_everybody(Line(word, "", "", Manner("")), (5, 1), kokoro_voices, rng)
    for word in common:
        if word not in OTHER_WORDS and word not in script.SOUNDS_THE_SAME:
            for _ in range(3):
                yield Line(word, "", *_any_small(rng))


def _by_everybody(
    line: Line, takes: tuple[int, int], kokoro_voices: Sequence[str], rng: np.random.Generator
) -> Iterator[Line]:
    """The line so many times by Kokoro, so many by each small voice."""
    for _ in range(takes[0]):
        text = line.text + _one(ENDINGS, rng)
        yield replace(line, text=text, engine="kokoro", manner=_kokoro_manner(kokoro_voices, rng))
    for engine, voice in _small_voices():
        for _ in range(takes[1]):
            yield replace(line, engine=engine, manner=Manner(voice, speed=float(rng.uniform(0.75, 1.3))))


def talk(
    kokoro_voices: Sequence[str], sentences: Sequence[str], hours: float, rng: np.random.Generator, *, kept_out: bool
) -> Iterator[Line]:
    """Sentences without a keyword, some 4 s each, an eighth by Kokoro; other voices and sentences measure."""
    chosen = [sentence for sentence in sentences if script.is_kept_out(sentence) == kept_out]
    small = [pair for pair in _small_voices() if (pair[1] in engines.KEPT_OUT) == kept_out]
    rich = [voice for voice in kokoro_voices if (voice in engines.KEPT_OUT) == kept_out]
    for number in range(round(hours * 3600 / 3.5)):
        text = chosen[int(rng.integers(len(chosen)))]
        if number % 8 == 0:
            yield Line(text, "", "kokoro", Manner(_one(rich, rng), speed=float(rng.uniform(0.8, 1.25))))
        else:
            engine, voice = small[int(rng.integers(len(small)))]
            yield Line(text, "", engine, Manner(voice, speed=float(rng.uniform(0.75, 1.3))))


def _one(choice: Sequence[str], rng: np.random.Generator) -> str:
    return choice[int(rng.integers(len(choice)))]


def _kokoro_manner(voices: Sequence[str], rng: np.random.Generator) -> Manner:
    """Native voices twice as often; two in five are half of one and half of another."""
    native = [voice for voice in voices if voice[0] in "ab"]
    pool = [*voices, *native]
    voice = _one(pool, rng)
    other = _one([one for one in pool if one[0] == voice[0] or one[0] not in "ab"], rng) if rng.random() < 0.4 else ""  # noqa: PLR2004
    return Manner(voice, other, speed=float(rng.uniform(0.8, 1.35)))


def _small_voices() -> list[tuple[str, str]]:
    espeak = [f"{accent}+{timbre}" for accent, timbre in product(engines.ESPEAK[:2], engines.TIMBRES[::5])]
    return [
        *(("flite", voice) for voice in engines.FLITE),
        *(("pico", voice) for voice in engines.PICO),
        *(("festival", voice) for voice in engines.FESTIVAL),
        *(("espeak-ng", voice) for voice in espeak),
    ]


def _any_small(rng: np.random.Generator) -> tuple[str, Manner]:
    engine, voice = _small_voices()[int(rng.integers(len(_small_voices())))]
    return engine, Manner(voice, speed=float(rng.uniform(0.7, 1.3)))


class Studio:
    """Speaks lines, trims and checks them, and writes reels with an index."""

    def __init__(self, every: dict[str, Engine], teacher: Teacher) -> None:
        self._engines, self._teacher = every, teacher
        self._labels = all_labels()

    def record(self, lines: Sequence[Line], folder: Path) -> None:
        """Write what is not in `folder` yet, a reel at a time; a reel's index is written when its sound is."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, first in enumerate(range(0, len(lines), REEL_LINES)):
            part = folder / f"{number:03}.tsv"
            if not part.is_file():
                self._reel(lines[first : first + REEL_LINES], folder / f"{number:03}.flac", part)
                log.info("%s: %d of %d lines", folder, min(first + REEL_LINES, len(lines)), len(lines))
        parts = sorted(folder.glob("[0-9]*.tsv"))
        rows = [row for part in parts for row in part.read_text(encoding="utf-8").splitlines()]
        (folder / "index.tsv").write_text("\n".join(["\t".join(FIELDS), *rows]) + "\n", encoding="utf-8")

    def _reel(self, lines: Sequence[Line], reel: Path, index: Path) -> None:
        pause = np.zeros(engines.RATE * 3 // 10, np.float32)
        sound: list[Floats] = []
        rows: list[list[str]] = []
        at = 0
        for line in lines:
            said = self._said(line)
            if said is None:
                continue
            name = f"{line.manner.voice}&{line.manner.other}" if line.manner.other else line.manner.voice
            rows.append([reel.name, str(at), str(len(said)), line.word, line.text, line.engine, name, line.split])
            sound += [said, pause]
            at += len(said) + len(pause)
        fresh = reel.with_suffix(".new")
        soundfile.write(fresh, np.concatenate(sound or [pause]), engines.RATE, format="FLAC", subtype="PCM_16")
        fresh.replace(reel)
        with index.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter="\t", lineterminator="\n").writerows(rows)

    def _said(self, line: Line) -> Floats | None:
        try:
            sound = _trimmed(self._engines[line.engine].say(line.text, line.manner))
        except VoicegoError as error:
            log.warning('"%s" by %s is left out: %s', line.text, line.manner.voice, error)
            return None
        if sound is None or (line.checked and len(sound) > LONGEST_WORD_S * engines.RATE):
            return None
        if line.checked:
            second = np.random.default_rng(1).standard_normal((1, 16_000), dtype=np.float32) * np.float32(5e-4)
            start = max(0, (16_000 - len(sound)) // 2)
            second[0, start : start + len(sound)] += sound[: 16_000 - start]
            if self._teacher(second)[0, self._labels.index(line.word)] < HEARD:
                return None
        return sound


def _trimmed(sound: Floats) -> Floats | None:
    """From 60 ms before to 80 ms after what is within 40 dB of the loudest, at -22 dBFS; None where nothing is."""
    rms = loudness((sound * 32767).clip(-32768, 32767).astype(np.int16))
    loud = np.flatnonzero(rms > rms.max() * 0.01) if len(rms) else np.zeros(0)
    if not len(loud) or rms.max() < 1e-3:  # noqa: PLR2004
        return None
    kept = sound[max(0, int(loud[0]) - 6) * 160 : (int(loud[-1]) + 9) * 160].copy()
    speech = np.sqrt(np.mean(rms[rms > rms.max() / 10] ** 2))
    kept *= min(10 ** (-22 / 20) / speech, 0.9 / np.abs(kept).max())
    ramp = np.linspace(0, 1, 160, dtype=np.float32)[: len(kept) // 2]
    kept[: len(ramp)] *= ramp
    kept[len(kept) - len(ramp) :] *= ramp[::-1]
    return np.asarray(kept, dtype=np.float32)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder for keywords/, words/ and talk/")
    parser.add_argument("--teacher", type=Path, required=True, help="model.onnx that must hear the 35 words")
    parser.add_argument("--cache", type=Path, default=Path("build/kokoro"), help="where Kokoro is downloaded to")
    parser.add_argument("--hours", type=float, default=2.0, help="talk to train on")
    parser.add_argument("--measured-hours", type=float, default=10.0, help="talk to measure with")
    parser.add_argument("--part", type=float, default=1.0, help="how much of the words to make; they are shuffled")
    parser.add_argument("--only", choices=["keywords", "words", "talk"], help="make one of the three")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    teacher = Teacher(given.teacher, all_labels())
    teacher.check()
    given.cache.mkdir(parents=True, exist_ok=True)
    kokoro = fetch_kokoro(given.cache)
    every: list[Engine] = [
        engines.KokoroEngine(kokoro), engines.FliteEngine(), engines.FestivalEngine(), engines.PicoEngine(),
        engines.EspeakEngine(),
    ]  # fmt: skip
    studio = Studio({engine.name: engine for engine in every}, teacher)
    text = script.read_text()
    voices = [voice for voice in kokoro.voices() if voice != "af_nicole"]  # she whispers
    for pack, seed in (("keywords", 5), ("words", 1)):
        if given.only in (pack, None):
            lines = list(words(voices, text.common, np.random.default_rng(seed)))
            lines = [line for line in lines if line.checked or pack == "words"]
            order = np.random.default_rng(seed + 1).permutation(len(lines))
            studio.record([lines[k] for k in order[: round(len(lines) * given.part)]], given.out / pack)
    if given.only in ("talk", None):
        spoken = list(talk(voices, text.sentences, given.hours, np.random.default_rng(3), kept_out=False))
        spoken += talk(voices, text.sentences, given.measured_hours, np.random.default_rng(4), kept_out=True)
        studio.record(spoken, given.out / "talk")


if __name__ == "__main__":
    main()
