"""Examine a checkpoint as the program uses it, and write what was found as one HTML page and as JSON."""

from __future__ import annotations

import json
import logging
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from voicego.files import write_whole
from voicego.flow import SAMPLE_RATE
from voicego.spotting.checkpoint import find
from voicego.spotting.engines import load
from voicego.spotting.hub import DECISION
from voicego.spotting.labels import keywords_of
from voicego.spotting.stopwatch import median_ms
from voicego.spotting.twelve import TWELVE, to_twelve
from voicego.training import figures, thresholds
from voicego.training.clips import KEYWORDS, read_corpus
from voicego.training.evaluate import Tally, read_list
from voicego.training.judging import GRID, Judge, halves, is_chooser
from voicego.training.noises import fan
from voicego.training.report import page

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from voicego.flow import Samples
    from voicego.seams import Classifier
    from voicego.spotting.checkpoint import Checkpoint
    from voicego.training.evaluate import ListedClips

log = logging.getLogger("voicego.training")

SNR_DB = (30, 20, 15, 10, 5, 0)
SHIFT_S = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
FEWEST_CLIPS = 40
"""Clips of validation speakers without which a word that is no keyword yet is not judged at all."""
RUNNING_WORDS = 300
"""Clips that words in running speech are measured on."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What to examine, and by what."""

    model: str
    data: tuple[Path, ...]
    out: Path
    choose: bool = False
    """Write the thresholds that were chosen into the checkpoint's decision table."""
    more: bool = False
    """Let words that the network knows by name become keywords, where they are good enough."""


def examine(wanted: Examination) -> dict[str, Any]:
    """Measure everything, write `report.html` and `report.json` into `out`, and return what the JSON holds.

    Raises:
        VoicegoError: model or recordings are not there.
    """
    checkpoint = find(wanted.model)
    classifier = load(checkpoint)
    found: dict[str, Any] = {
        "model": wanted.model,
        "engine": classifier.engine,
        "ms_a_window": _ms_a_window(classifier),
    }
    listings = [root / "validation.tsv" for root in wanted.data if (root / "validation.tsv").is_file()]
    if listings:
        log.info("clips of %s", listings[0])
        found |= _clips(read_list(listings[0]), classifier)
    log.info("reading recordings")
    corpus = read_corpus(*wanted.data, splits=("validation",), keywords=tuple(set(KEYWORDS) & set(checkpoint.labels)))
    people = [clip for clip in corpus.words if not clip.synthetic and clip.source != "an4_words"]
    clips = Counter(clip.word for clip in people)
    named = keywords_of(checkpoint.labels)
    keywords = tuple(
        word for word in named if clips[word] >= FEWEST_CLIPS or (clips[word] and word in checkpoint.keywords)
    )
    commands = [clip for clip in people if clip.word in keywords]
    judge = Judge(classifier, keywords)
    log.info("%d words said alone", len(commands))
    words = judge.words_said_alone(commands)
    log.info("words in running speech")
    every = max(1, len(commands) // RUNNING_WORDS)
    heard = judge.words_in_running_speech(commands[::every])
    log.info("%d recordings of talk", len(corpus.negatives))
    talk = halves([clip for clip in corpus.negatives if not clip.synthetic])
    choosing, judging = (judge.hours_of_talk(half) for half in talk)
    invented = [clip for clip in corpus.negatives if clip.synthetic]
    synthetic = judge.hours_of_talk(invented, running=False)
    chosen = thresholds.choose(keywords, [word for word in words if is_chooser(word.speaker)], choosing, heard)
    found["candidates"] = figures.candidates(chosen, checkpoint.usual, words, [*choosing, *judging])
    good = {word for word, row in found["candidates"].items() if row["good"]}
    offered = {*checkpoint.usual, *good} if wanted.more else set(checkpoint.keywords)
    chosen = {word: row for word, row in chosen.items() if word in offered}
    shipped: thresholds.Table = {
        word: {"alone": asdict(row.alone), "running": asdict(row.running)} for word, row in checkpoint.table.items()
    }
    table = chosen if wanted.choose or not shipped else shipped
    found["thresholds"] = table
    found["words"] = figures.misses(words, table)
    found["words_of_the_judging_half"] = figures.misses([one for one in words if not is_chooser(one.speaker)], table)
    invented_words = [clip for clip in corpus.words if clip.synthetic and clip.word in keywords]
    found["synthetic_words"] = figures.misses(judge.words_said_alone(invented_words), table)
    found["talk"] = figures.false_accepts([*choosing, *judging], table)
    found["talk_of_the_judging_half"] = figures.false_accepts(judging, table)
    found["synthetic_talk"] = figures.false_accepts(synthetic, table)
    found["running"] = {
        "missed": {str(step): 1 - heard[step] for step in GRID},
        "false_accepts": figures.false_accepts_in_running_speech([*choosing, *judging], table),
    }
    found["curves"] = {
        word: [(p.threshold, p.missed, p.an_hour) for p in thresholds.curve(word, words, [*choosing, *judging])]
        for word in table
    }
    wanted.out.mkdir(parents=True, exist_ok=True)
    if wanted.choose:
        _write_table(checkpoint, table)
    write_whole(wanted.out / "report.json", (json.dumps(found, indent=1) + "\n").encode())
    write_whole(wanted.out / "report.html", page(found).encode())
    return found


def _write_table(checkpoint: Checkpoint, table: thresholds.Table) -> None:
    """Write the decision table; words that were not in it before are heard only where a rule names them."""
    extra = set(table) - set(checkpoint.usual)
    rows = {word: row | ({"extra": True} if word in extra else {}) for word, row in table.items()}
    write_whole(checkpoint.folder / DECISION, (json.dumps({"keywords": rows}, indent=2) + "\n").encode())


def _ms_a_window(classifier: Classifier) -> float:
    """The median, features included."""
    window = np.random.default_rng(0).standard_normal((1, classifier.window), dtype=np.float32) * np.float32(0.01)
    return median_ms(lambda: classifier.score(window))


def _clips(listed: ListedClips, classifier: Classifier) -> dict[str, Any]:
    """Accuracy on twelve classes, the confusions, and what noise and a shifted window do to the ten words."""
    labels = np.array([TWELVE.index(label) for label in listed.labels])
    heard = _best(listed.samples, classifier)
    confusion = np.zeros((len(TWELVE), len(TWELVE)), int)
    np.add.at(confusion, (labels, heard), 1)
    tallies = {name: Tally(int(confusion[k, k]), int(confusion[k].sum())) for k, name in enumerate(TWELVE)}
    tallies["all"] = Tally(int(np.trace(confusion)), int(confusion.sum()))
    spoken = labels < len(KEYWORDS)
    words, wanted = listed.samples[spoken][::4], labels[spoken][::4]
    fans = _fans_as_loud_as(words)
    return {
        "accuracy": {name: figures.share(tally) for name, tally in tallies.items()},
        "confusion": {"labels": TWELVE, "rows": confusion.tolist()},
        "accuracy_over_a_fan_db": {
            str(snr): float((_best(words + fans * np.float32(10 ** (-snr / 20)), classifier) == wanted).mean())
            for snr in SNR_DB
        },
        "accuracy_by_shift_s": {
            str(shift): float((_best(_shifted(words, shift), classifier) == wanted).mean()) for shift in SHIFT_S
        },
    }


def _best(samples: Samples, classifier: Classifier) -> NDArray[np.int64]:
    parts = [classifier.score(samples[at : at + 256]) for at in range(0, len(samples), 256)]
    best: NDArray[np.int64] = to_twelve(np.concatenate(parts), classifier.labels).argmax(axis=1)
    return best


def _fans_as_loud_as(words: Samples) -> Samples:
    """A fan for each word, of the power of the whole clip."""
    rng = np.random.default_rng(1)
    noise = np.stack([fan(rng, words.shape[1]) for _ in range(len(words))])
    power = np.sqrt(np.mean(words**2, axis=1) / np.maximum(1e-12, np.mean(noise**2, axis=1)))
    return np.asarray(noise * power[:, None], np.float32)


def _shifted(words: Samples, by_s: float) -> Samples:
    by = round(by_s * SAMPLE_RATE)
    shifted = np.zeros_like(words)
    if by >= 0:
        shifted[:, by:] = words[:, : words.shape[1] - by]
    else:
        shifted[:, :by] = words[:, -by:]
    return shifted
