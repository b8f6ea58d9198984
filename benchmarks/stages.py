"""What each stage of hearing loses, and what it spares: `python benchmarks/stages.py [FOLDER]`, in half an hour.

FOLDER holds recordings of people, as training reads them; only validation speakers are heard. Their keywords are said
alone with 1.2 s between them, every eighth also with noise 10 dB below its clip, and their talk is heard as it is.

The cascade is the program itself: its gate, windows, model and detector at the thresholds that ship. The plain way has
the same model, detector and thresholds, and no gate. For a word said alone it lays one window with the word in its
middle, by an oracle that knows where in the clean clip the word lies (`banks.extent`: from the first to the last 10 ms
that are within 26 dB of the loudest and 6 dB above the clip's own floor). For `isolated: false` it lays one every
100 ms over everything.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from voicego.app import hearing
from voicego.flow import SAMPLE_RATE, Scores, Setup, Utterance, Window, in_samples
from voicego.hearing.gate import Gate, GateSettings
from voicego.listener import Listener
from voicego.spotting.detector import Detector
from voicego.training import noises
from voicego.training.banks import extent, loudness
from voicego.training.clips import KEYWORDS, Clip, read_corpus
from voicego.training.evaluate import Tally
from voicego.training.judging import BREATH_S, PAUSE_S, Sounds, as_sound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from voicego.flow import Detection, Samples
    from voicego.seams import Classifier
    from voicego.spotting.decision import Decision

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
NOISES = {"a fan": noises.fan, "chords": noises.chords}
NOISE_DB = -10.0
SETTLE_S, FADE_S = 2.0, 1.0
"""Noise before and after each word."""
BATCH = 50
"""Windows."""


@dataclass(frozen=True, slots=True)
class Said:
    """A keyword on a tape, in samples of it."""

    clip: Clip
    begin: int
    """Where its clip begins."""
    first: int
    """Where the word begins, by the oracle."""
    last: int


def said_alone(clips: Sequence[Clip], noise: Callable[..., Samples] | None = None) -> tuple[Samples, list[Said]]:
    """Lay clips out one after the other, in digital silence or each within noise of its own; the tape, and where."""
    before, after = (in_samples(SETTLE_S), in_samples(FADE_S)) if noise else (in_samples(PAUSE_S), 0)
    tape, said, at = [], [], 0
    for number, clip in enumerate(clips):
        sound = as_sound(clip)
        around = np.zeros(before + len(sound) + after, np.float32)
        if noise:
            around += noise(np.random.default_rng(number), len(around))
            around *= np.float32(10 ** (NOISE_DB / 20)) * _rms(sound) / _rms(around)
        around[before : before + len(sound)] += sound
        begin = at + before
        first, last = extent(clip.samples)
        at += len(around)
        said.append(Said(clip, begin, begin + first, begin + last))
        tape.append(around)
    return np.concatenate([*tape, np.zeros(in_samples(PAUSE_S), np.float32)]), said


def _rms(sound: Samples) -> np.float32:
    return np.float32(np.sqrt(np.mean(np.square(sound)) + 1e-12))


@dataclass(frozen=True, slots=True)
class Hearing:
    """A model and what it takes to detect its keywords, said alone and in running speech."""

    classifier: Classifier
    alone: tuple[Decision, ...]
    running: tuple[Decision, ...]
    setup: Setup = Setup()  # noqa: RUF009 -- frozen

    def cascade(self, tape: Samples) -> list[Scores]:
        """Every window that the program scores, laid ones and, for `isolated: false`, sliding ones."""
        scores: list[Scores] = []
        Listener(
            Sounds([tape]), self.classifier, self.setup, self.alone, lambda _: None, look_on=scores.append
        ).listen()
        return scores

    def everywhere(self, tape: Samples) -> list[Scores]:
        """One window every hop, over everything."""
        size, hop, all_of_it = self.classifier.window, in_samples(self.setup.hop_s), Utterance(0, len(tape))
        ends = range(size, len(tape) + 1, hop)
        return self._score([Window(tape[end - size : end], end - size, end, all_of_it) for end in ends], laid=False)

    def centred(self, tape: Samples, said: Sequence[Said]) -> list[Scores]:
        """One window for each word, with the word in its middle."""
        size, windows = self.classifier.window, []
        for word in said:
            begin = (word.first + word.last - size) // 2
            lasting = Utterance(begin + size // 4, begin + size, begin + 3 * size // 4, quiet_before=size)
            windows.append(Window(tape[begin : begin + size], begin, begin + size, lasting))
        return self._score(windows, laid=True)

    def told(self, scores: Iterable[Scores], decisions: tuple[Decision, ...]) -> list[Detection]:
        """What the detector makes of them."""
        setup = self.setup
        detector = Detector(decisions, in_samples(setup.hop_s), setup.longest_word_s, setup.quiet_s)
        return [found for one in scores if (found := detector.see(one))]

    def could_be_a_word(self, utterance: Utterance) -> bool:
        """Whether the program would lay a window over it."""
        return Detector(self.alone, 1, self.setup.longest_word_s, self.setup.quiet_s).wants(utterance)

    def utterances(self, tape: Samples) -> list[Utterance]:
        """What the gate finds."""
        gate = Gate(GateSettings(quiet_s=self.setup.quiet_s))
        return [*(one for one in gate.hear(tape) if one.end is not None), *gate.finish(len(tape))]

    def _score(self, windows: Sequence[Window], *, laid: bool) -> list[Scores]:
        follower, labels, scores = self.classifier.follow(), self.classifier.labels, []
        for at in range(0, len(windows), BATCH):
            batch = windows[at : at + BATCH]
            rows = follower.score(batch)
            scores += [
                Scores(labels, row, one.start, one.end, one.utterance, laid)
                for one, row in zip(batch, rows, strict=True)
            ]
        return scores


def shipped() -> Hearing:
    """The embedded model as it ships."""
    setup = hearing.every_keyword("embedded")
    running = replace(setup, rules=tuple(replace(rule, isolated=False) for rule in setup.rules))
    return Hearing(hearing.classifier_for(setup), hearing.decisions_for(setup), hearing.decisions_for(running))


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one word, stage by stage."""

    said: Said
    utterances: tuple[Utterance, ...]
    """Those that overlap it."""
    isolated: bool
    """One of them could be a word said alone, so a window is laid over it."""
    alone: bool
    """Told by the cascade."""
    centred: bool
    """Told by one window with the word in its middle."""
    running: bool
    """Told by the cascade for `isolated: false`."""
    everywhere: bool
    """Told for `isolated: false` without a gate."""


def words(ear: Hearing, clips: Sequence[Clip], noise: Callable[..., Samples] | None = None) -> list[Heard]:
    """Hear keywords said alone both ways."""
    tape, said = said_alone(clips, noise)
    cascade = ear.cascade(tape)
    laid, sliding = [one for one in cascade if one.laid], [one for one in cascade if not one.laid]
    told = (
        _which(said, ear.told(laid, ear.alone)),
        _which(said, ear.told(ear.centred(tape, said), ear.alone)),
        _which(said, ear.told(sliding, ear.running)),
        _which(said, ear.told(ear.everywhere(tape), ear.running)),
    )
    found, heard = ear.utterances(tape), []
    for word, *each in zip(said, *told, strict=True):
        over = tuple(one for one in found if one.start < word.last and (one.end or one.until) > word.first)
        heard.append(Heard(word, over, any(map(ear.could_be_a_word, over)), *each))
    return heard


def _which(said: Sequence[Said], told: Iterable[Detection]) -> list[bool]:
    """Which words were told: between the beginning of a word's clip and that of the next."""
    begin = [word.begin for word in said]
    near = [(int(np.searchsorted(begin, one.at, "right")) - 1, one.keyword) for one in told]
    hits = {number for number, keyword in near if number >= 0 and said[number].clip.word == keyword}
    return [number in hits for number in range(len(said))]


@dataclass(slots=True)
class Talk:
    """False accepts and windows scored in talk that holds no keyword."""

    hours: float = 0.0
    alone: int = 0
    running: int = 0
    everywhere: int = 0
    everywhere_alone: int = 0
    """By windows everywhere, at the thresholds of words said alone."""
    laid: int = 0
    """Windows for words said alone."""
    sliding: int = 0
    """Windows for `isolated: false`."""
    plain: int = 0
    """Windows without a gate."""


def talk(ear: Hearing, clips: Sequence[Clip]) -> Talk:
    """Hear talk both ways, each source by itself."""
    sum_ = Talk()
    breath = np.zeros(in_samples(BREATH_S), np.float32)
    sliding = tuple(replace(one, isolated=False) for one in ear.alone)
    for source in dict.fromkeys(clip.source for clip in clips):
        tape = np.concatenate([part for clip in clips if clip.source == source for part in (as_sound(clip), breath)])
        cascade, plain = ear.cascade(tape), ear.everywhere(tape)
        laid, slid = [one for one in cascade if one.laid], [one for one in cascade if not one.laid]
        sum_.hours += len(tape) / SAMPLE_RATE / 3600
        sum_.alone += len(ear.told(laid, ear.alone))
        sum_.running += len(ear.told(slid, ear.running))
        sum_.everywhere += len(ear.told(plain, ear.running))
        sum_.everywhere_alone += len(ear.told(plain, sliding))
        sum_.laid, sum_.sliding, sum_.plain = sum_.laid + len(laid), sum_.sliding + len(slid), sum_.plain + len(plain)
    return sum_


def compared(with_gate: Sequence[bool], without: Sequence[bool]) -> str:
    """Detections that the gates lose and win, and what that costs in points of recall, with a bootstrap interval."""
    pairs, total = list(zip(with_gate, without, strict=True)), len(with_gate)
    lost, won = pairs.count((False, True)), pairs.count((True, False))
    draws = np.random.default_rng(0).multinomial(total, [lost / total, won / total, 1 - (lost + won) / total], 10_000)
    low, high = np.percentile(100 * (draws[:, 0] - draws[:, 1]) / total, [2.5, 97.5])
    return f"{100 * (lost - won) / total:.2f} ({low:.2f} to {high:.2f}): {lost} lost, {won} won"


def table(heard: Sequence[Heard]) -> dict[str, str]:
    """The stages' figures."""
    total = len(heard)

    def share(which: Sequence[bool]) -> str:
        tally = Tally(sum(which), total)
        low, high = tally.interval()
        return f"{tally.right} of {total}, {100 * tally.share:.2f} % ({100 * low:.2f} to {100 * high:.2f})"

    alone, centred = [one.alone for one in heard], [one.centred for one in heard]
    running, everywhere = [one.running for one in heard], [one.everywhere for one in heard]
    unlaid = sum(one.centred and not one.isolated for one in heard)
    return {
        "the gate finds an utterance there": share([bool(one.utterances) for one in heard]),
        "one that could be a word said alone": share([one.isolated for one in heard]),
        "the model is sure: told": share(alone),
        "plain: one window, the word in its middle": share(centred),
        "the gates cost, points": compared(alone, centred),
        "of those lost, without any window": str(unlaid),
        "`isolated: false`: told": share(running),
        "plain: a window every hop": share(everywhere),
        "the gate costs there, points": compared(running, everywhere),
    }


def why(heard: Heard) -> str:
    """What the gate made of a word that only the plain way tells."""
    said, rms = heard.said, loudness(heard.said.clip.samples)
    loudest, floor = (20 * np.log10(max(1e-5, float(x))) for x in (rms.max(), np.percentile(rms, 10)))
    middle = (said.first + said.last) / 2
    found = [
        f"{one.length / SAMPLE_RATE:.2f} s, {1000 * (_middle(one) - middle) / SAMPLE_RATE:+.0f} ms off,"
        f" quiet {min(9.99, one.quiet_before / SAMPLE_RATE):.2f} s"
        for one in heard.utterances
    ]
    return (
        f"{said.clip.word} of {said.clip.speaker}: {(said.last - said.first) / SAMPLE_RATE:.2f} s, loudest 10 ms"
        f" {loudest:.0f} dBFS, its room {floor:.0f}; {'laid' if heard.isolated else 'no window'}: "
        f"{'; '.join(found) or 'nothing rose'}"
    )


def _middle(utterance: Utterance) -> float:
    return (utterance.start + (utterance.end or utterance.until)) / 2


def main(folder: Path = DATA) -> None:
    """Measure everything and tell it."""
    corpus, ear = read_corpus(folder, splits=("validation",)), shipped()
    clips = [
        clip for clip in corpus.words if clip.word in KEYWORDS and not clip.synthetic and clip.source != "an4_words"
    ]
    for where, (chosen, noise) in {
        "in quiet": (clips, None),
        **{f"{-NOISE_DB:.0f} dB above {name}": (clips[::8], noise) for name, noise in NOISES.items()},
    }.items():
        heard = words(ear, chosen, noise)
        print(f"\n{where}", *(f"| {name} | {figure} |" for name, figure in table(heard).items()), sep="\n", flush=True)
        if noise is None:
            print(*(why(one) for one in heard if one.centred and not one.alone), sep="\n", flush=True)
    found = talk(ear, [clip for clip in corpus.negatives if not clip.synthetic])
    print(f"\n{found.hours:.2f} h of talk: false accepts, an hour; windows an hour")
    for name, told, windows in (
        ("words said alone", found.alone, found.laid),
        ("`isolated: false`", found.running, found.sliding),
        ("plain, `isolated: false`: a window every hop", found.everywhere, found.plain),
        ("plain, thresholds of words said alone: a window every hop", found.everywhere_alone, found.plain),
    ):
        print(f"| {name} | {told}, {told / found.hours:.1f} | {windows / found.hours:.0f} |")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
