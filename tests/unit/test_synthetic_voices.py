"""Synthetic voices: what they say, who only measures, what is kept of it, and going on after a stop."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from voicego.errors import VoicegoError
from voicego.training.classes import all_labels
from voicego.training.clips import KEYWORDS, holds_keyword, read_corpus
from voicego.training.voices import engines, script
from voicego.training.voices.__main__ import Line, Studio, talk, words
from voicego.training.voices.engines import Manner

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

VOICES = ["af_heart", "am_puck", "bm_george", "ef_dora"]


class Tone:
    """A synthesiser that says everything in one tone, and nothing at all where the text is empty."""

    name = "flite"

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str, manner: Manner) -> Floats:
        self.said.append(text)
        if text == "unsayable":
            raise VoicegoError("flite said nothing that can be read")
        quiet = np.zeros(8000, np.float32)
        tone = np.sin(np.arange(6400 / manner.speed) * 0.2).astype(np.float32) * np.float32(0.1)
        return np.concatenate([quiet, tone, quiet])


def hears(word: str, surely: float) -> object:
    def teacher(samples: Floats) -> Floats:
        heard = np.zeros((len(samples), len(all_labels())), np.float32)
        heard[:, all_labels().index(word)] = surely
        return heard

    return teacher


def studio(tone: Tone, surely: float = 0.9) -> Studio:
    return Studio({"flite": tone}, hears("go", surely))  # type: ignore[arg-type]


def go(voice: str = "slt", **changes: object) -> Line:
    given: dict[str, object] = {"text": "go", "word": "go", "engine": "flite", "manner": Manner(voice), "checked": True}
    return Line(**(given | changes))  # type: ignore[arg-type]


def test_what_was_said_is_trimmed_levelled_and_read_back_as_a_pack(tmp_path: Path) -> None:
    lines = [go(), go("rms"), go(text="gold", word="", checked=False)]
    studio(Tone()).record(lines, tmp_path / "voices" / "words")
    corpus = read_corpus(tmp_path / "voices", splits=("training", "validation"))

    assert [(clip.word, clip.split, clip.speaker) for clip in corpus.words] == [
        ("go", "training", "slt"),
        ("go", "validation", "rms"),
    ]
    assert [(clip.transcript, clip.synthetic) for clip in corpus.negatives] == [("gold", True)]
    clip = corpus.words[0].samples / 32768
    assert 6400 <= len(clip) <= 6400 + 16 * 160
    assert abs(20 * np.log10(np.sqrt(np.mean(clip[1600:-1600] ** 2))) + 22) < 1.5


def test_a_keyword_that_the_teacher_does_not_hear_is_left_out(tmp_path: Path) -> None:
    studio(Tone(), surely=0.3).record([go(), go(text="gold", word="", checked=False)], tmp_path / "words")

    with (tmp_path / "words" / "index.tsv").open(encoding="utf-8", newline="") as index:
        assert [row["transcript"] for row in csv.DictReader(index, delimiter="\t")] == ["gold"]


def test_what_a_synthesiser_cannot_say_is_named_and_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    studio(Tone()).record([go(text="unsayable"), go()], tmp_path / "words")

    assert len((tmp_path / "words" / "index.tsv").read_text().splitlines()) == 2
    assert '"unsayable" by slt is left out: flite said nothing' in caplog.text


def test_a_stopped_recording_goes_on_with_the_next_reel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicego.training.voices.__main__.REEL_LINES", 2)
    lines = [go(text=f"go {number}") for number in range(5)]
    studio(Tone()).record(lines, tmp_path)
    (tmp_path / "001.tsv").unlink()
    again = Tone()
    studio(again).record(lines, tmp_path)

    assert again.said == ["go 2", "go 3"]
    assert len((tmp_path / "index.tsv").read_text().splitlines()) == 6
    assert soundfile.info(tmp_path / "001.flac").samplerate == 16_000


def test_every_word_is_said_and_a_mixture_with_a_kept_out_voice_only_measures() -> None:
    lines = list(words(VOICES, ["the", "cat", "know"], np.random.default_rng(0)))

    assert {line.word for line in lines if line.checked} == set(all_labels()) - {"_silence_", "_unknown_"}
    assert {line.word for line in lines if not line.checked} == {""}
    assert "know" not in {line.text for line in lines}
    assert all(line.split == "validation" for line in lines if "am_puck" in (line.manner.voice, line.manner.other))
    assert {line.split for line in lines} == {"training", "validation"}


def test_talk_to_train_on_and_talk_to_measure_with_share_neither_voice_nor_sentence() -> None:
    sentences = [f"they went {place} home" for place in map(str, range(200))]
    trained = list(talk(VOICES, sentences, 0.1, np.random.default_rng(0), kept_out=False))
    measured = list(talk(VOICES, sentences, 0.1, np.random.default_rng(0), kept_out=True))

    assert {line.split for line in trained} == {"training"}
    assert {line.split for line in measured} == {"validation"}
    assert {line.text for line in trained}.isdisjoint({line.text for line in measured})
    assert {line.manner.voice for line in trained}.isdisjoint({line.manner.voice for line in measured})


def test_no_sentence_holds_a_keyword_or_a_word_that_sounds_like_one(tmp_path: Path) -> None:
    (tmp_path / "wisdom").write_text(
        "A quiet sentence about rivers.\n%\nPut it on the table.  I know a place!  They laughed at gold;\n"
        "%\nSHOUTED THINGS ARE LEFT OUT\n\t\t-- Somebody Wise\n%\nIt's a no-go, really.\n"
    )
    (tmp_path / "wisdom.dat").write_text("no text")
    text = script.read_text(tmp_path)

    assert set(text.sentences) == {"A quiet sentence about rivers.", "They laughed at gold;", "Somebody Wise"}
    assert not any(map(holds_keyword, text.sentences))
    assert "rivers" in text.common


def test_missing_texts_are_said_with_what_brings_them(tmp_path: Path) -> None:
    with pytest.raises(VoicegoError, match="apt install fortunes"):
        script.read_text(tmp_path)


def test_neighbours_are_no_keywords_and_none_is_a_word_of_its_own_class() -> None:
    assert not {*KEYWORDS, "know", "write"} & set(script.neighbours())
    assert {"gold", "snow", "cup", "laughed", "write"} - set(script.neighbours()) == {"write"}


def test_a_program_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(VoicegoError, match="flite is not installed"):
        engines.FliteEngine().say("go", Manner("slt"))
