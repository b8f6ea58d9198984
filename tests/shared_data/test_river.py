"""People whom no training heard, through the whole river: what it acts on, how soon, and what it leaves alone."""

from __future__ import annotations

import csv
import statistics
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.heard import heard_in
from tests.house import house_in
from tests.sounds import silence
from voicego.app import hearing
from voicego.flow import SAMPLE_RATE, Samples, in_samples
from voicego.training.clips import KEYWORDS, Corpus, read_corpus
from voicego.training.judging import as_sound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.soundserver import SoundServer
    from voicego.seams import Classifier

DATA = Path(__file__).parents[3] / "shared" / "data"
SPEECH = (
    "librispeech_resemblyzer",
    "picovoice_s2i",
    "dc_tts_matthes_reading",
    "common_voice_dachosen1",
    "speechocean762",
    "an4",
    "alphanumeric",
)
"""Sources of data/speech."""

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not (DATA / "validation.tsv").is_file(), reason="the recordings of ../shared/data are not here"),
]


def first_go_clips(count: int) -> list[tuple[str, Samples]]:
    """The first "go" of each of the first validation speakers, in the order of the index."""
    with (DATA / "commands" / "index.tsv").open(encoding="utf-8", newline="") as index:
        rows = [
            row for row in csv.DictReader(index, delimiter="\t") if (row["word"], row["split"]) == ("go", "validation")
        ]
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row["speaker"], int(row["slot"]))
    reel, _ = soundfile.read(DATA / "commands" / "go.opus", dtype="float32")
    return [
        (speaker, reel[slot * SAMPLE_RATE : (slot + 1) * SAMPLE_RATE]) for speaker, slot in list(first.items())[:count]
    ]


@pytest.fixture(scope="module")
def model() -> Classifier:
    return hearing.classifier_for(hearing.every_keyword("embedded"))


@pytest.fixture(scope="module")
def strangers() -> Corpus:
    return read_corpus(DATA, splits=("validation",))


def falls_quiet(clip: Samples) -> bool:
    """Whether its last sample above -40 dB of the peak is the word's, and not the end of a room that is louder."""
    loud = np.abs(clip) >= np.abs(clip).max() / 100
    return not loud[-in_samples(0.05) :].any()


def told_of(late_ms: list[float]) -> str:
    return f"median {statistics.median(late_ms):.0f} ms, worst {max(late_ms):.0f} ms, least {min(late_ms):.0f} ms"


def test_fifty_strangers_say_go_to_a_real_microphone(
    tmp_path: Path, sound_server: SoundServer, record_property: Callable[[str, object], None]
) -> None:
    missed: list[str] = []
    all_ms: list[float] = []
    """Before the end where a clip's own room is louder than -40 dB of the word: such a room goes on after the word."""
    quiet_ms: list[float] = []
    with house_in(tmp_path, sound_server.env) as house, sound_server.witness() as witness:
        house.write("rules: {go: {run: ['true'], cooldown: 0}}\n")
        house.begin()
        for number, (speaker, clip) in enumerate(first_go_clips(50)):
            before, since = len(house.heard), len(witness.sound)
            sound_server.play_samples(np.concatenate([clip, np.zeros(in_samples(1.2), np.float32)]))
            acted = [event for event in house.heard[before:] if event["event"] == "action"]
            if acted:
                all_ms.append(1000 * (acted[0]["started_at"] - witness.last_loud_moment(since)))
                quiet_ms += [all_ms[-1]] * falls_quiet(clip)
            else:
                missed.append(f"{number} ({speaker})")

    record_property("acted_on", f"{len(all_ms)} of 50; missed: {', '.join(missed)}")
    record_property("latency", told_of(all_ms))
    record_property("latency_where_the_clip_falls_quiet", f"{told_of(quiet_ms)}, {len(quiet_ms)} clips")
    print(f"acted on {len(all_ms)} of 50; missed: {missed}")  # noqa: T201
    print(f"from the last sample above -40 dB of the peak to the action: {told_of(all_ms)}: {np.round(all_ms)}")  # noqa: T201
    print(f"of {len(quiet_ms)} clips that fall quiet after the word: {told_of(quiet_ms)}")  # noqa: T201
    assert len(all_ms) >= 45, missed
    assert len(quiet_ms) >= 15, "too few to tell how soon it acts"


SINGLE_WORDS = ("picovoice_wwb", "mycroft_pcd", "shawnhymel_custom", "dspspeech20")
"""Sources of data/other_words."""


def told_in(sources: Iterable[str], model: Classifier, strangers: Corpus) -> dict[str, tuple[float, list[str]]]:
    """For each source its hours, and the keywords that the shipped model told in them; nobody had said any."""
    pause = silence(0.3)
    told = {}
    for source in sources:
        clips = [clip for clip in strangers.negatives if clip.source == source]
        sounds = [part for clip in clips for part in (as_sound(clip), pause)]
        hours = sum(map(len, sounds)) / SAMPLE_RATE / 3600
        told[source] = hours, [one.keyword for one in heard_in(sounds, model)]
    return told


def table_of(told: dict[str, tuple[float, list[str]]]) -> str:
    rows = (f"{source}: {len(words)} in {hours:.2f} h {sorted(words)}" for source, (hours, words) in told.items())
    total = sum(hours for hours, _ in told.values())
    return "\n".join([*rows, f"together: {sum(len(words) for _, words in told.values())} in {total:.2f} h"])


def test_talk_triggers_rarely(
    model: Classifier, strangers: Corpus, record_property: Callable[[str, object], None]
) -> None:
    told = told_in(SPEECH, model, strangers)
    words = [word for _, every in told.values() for word in every]

    record_property("false_accepts", table_of(told))
    print(table_of(told))  # noqa: T201
    assert sum(hours for hours, _ in told.values()) > 1.2
    assert words.count("go") <= 1, table_of(told)
    assert len(words) <= 10, table_of(told)


def test_other_words_trigger_rarely(
    model: Classifier, strangers: Corpus, record_property: Callable[[str, object], None]
) -> None:
    told = told_in(SINGLE_WORDS, model, strangers)

    record_property("false_accepts", table_of(told))
    print(table_of(told))  # noqa: T201
    assert sum(hours for hours, _ in told.values()) > 0.6
    assert sum(len(words) for _, words in told.values()) <= 4, table_of(told)


def fan(samples: int, seed: int) -> Samples:
    """Hiss that falls above 300 Hz, of unit power."""
    rng = np.random.default_rng(seed)
    hertz = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE)
    air = np.fft.irfft(np.fft.rfft(rng.standard_normal(samples)) / np.sqrt(1 + (hertz / 300) ** 2), samples)
    return np.asarray(air / air.std(), np.float32)


def chords(samples: int, seed: int) -> Samples:
    """Held chords of three notes with overtones, changing every 0.8 s, of unit power."""
    rng = np.random.default_rng(seed)
    t = np.arange(samples) / SAMPLE_RATE
    music = np.zeros(samples)
    for begin in np.arange(0, samples / SAMPLE_RATE, 0.8):
        held = np.clip((t - begin) / 0.05, 0, 1) * np.clip((begin + 0.9 - t) / 0.1, 0, 1)
        for pitch in rng.choice([110, 131, 165, 220, 262, 294, 330, 392, 440, 523], 3, replace=False):
            music += held * sum(np.sin(2 * np.pi * pitch * k * t) / k for k in range(1, 5))
    return np.asarray(music / music.std(), np.float32)


@pytest.mark.parametrize("noise", [fan, chords])
def test_go_is_heard_over_noise_ten_decibels_below_it(
    noise: Callable[[int, int], Samples], model: Classifier, record_property: Callable[[str, object], None]
) -> None:
    missed = []
    for number, (speaker, clip) in enumerate(first_go_clips(20)):
        room = noise(in_samples(5.0), number)
        level = np.sqrt(np.mean(clip**2)) * 10 ** (-10 / 20)
        sound = room * np.float32(level)
        sound[in_samples(2.0) : in_samples(3.0)] += clip
        if "go" not in [one.keyword for one in heard_in([sound], model)]:
            missed.append(f"{number} ({speaker})")

    record_property("heard", f"{20 - len(missed)} of 20 over {noise.__name__}")
    print(f"{20 - len(missed)} of 20 over {noise.__name__}; missed: {missed}")  # noqa: T201
    assert len(missed) <= 3, missed


def test_words_said_alone_are_rarely_missed(
    model: Classifier, strangers: Corpus, record_property: Callable[[str, object], None]
) -> None:
    pause = silence(1.2)
    told, missed, total = [], 0, 0
    for word in KEYWORDS:
        clips = [clip for clip in strangers.words if clip.word == word and clip.source == "speech_commands"]
        sounds, ends, at = [pause], [], len(pause)
        for clip in clips:
            sounds += [as_sound(clip), pause]
            ends.append((at, at + len(clip.samples) + in_samples(0.5)))
            at += len(clip.samples) + len(pause)
        found = [one for one in heard_in(sounds, model) if one.keyword == word]
        misses = sum(not any(begin <= one.at <= end for one in found) for begin, end in ends)
        told.append(f"{word} {misses}/{len(clips)}")
        missed, total = missed + misses, total + len(clips)

    record_property("missed", f"{missed / total:.1%}: " + ", ".join(told))
    print(f"missed {missed / total:.1%}: " + ", ".join(told))  # noqa: T201
    assert missed / total < 0.15, told
