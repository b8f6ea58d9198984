"""A bench hears what it says it hears, times what it says it times, and tells all of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from tests.sounds import hiss, placed, silence
from tests.stand_ins import LevelClassifier
from voicego.app.bench import contenders, picture, report, sounds
from voicego.app.bench.effort import QUICK, THOROUGH
from voicego.app.bench.figures import Figures, Spread
from voicego.app.bench.latency import delays, word_end
from voicego.app.bench.microphone import BLOCK_S, QuickMicrophone
from voicego.app.bench.run import save
from voicego.cli import main
from voicego.errors import VoicegoError
from voicego.flow import Setup, in_samples
from voicego.hearing.recording import read_clip
from voicego.hearing.saving import save as save_sound
from voicego.listener import Listener
from voicego.spotting.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voicego.flow import Detection, Samples
    from voicego.seams import Source

SECONDS = {"room": 2.0, "hour": 60.0, "talk": 3.0, "music": 2.0}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, sounds.Sound]:
    return sounds.make(tmp_path_factory.mktemp("sounds"), SECONDS, (), None)


def level_dbfs(sound: Samples) -> float:
    return float(10 * np.log10(np.mean(np.square(sound))))


# --- what is heard --------------------------------------------------------------------------------------------------


def test_each_sound_is_as_long_as_it_was_asked_for(made: dict[str, sounds.Sound]) -> None:
    assert {name: len(read_clip(sound.path)) for name, sound in made.items()} == {
        name: in_samples(seconds) for name, seconds in SECONDS.items()
    }


def test_the_quiet_room_is_quiet_and_never_digital_silence(made: dict[str, sounds.Sound]) -> None:
    room = read_clip(made["room"].path)

    assert level_dbfs(room) == pytest.approx(sounds.ROOM_DBFS, abs=0.5)
    assert all(np.abs(block).max() > 0 for block in room.reshape(-1, 320))


def test_an_ordinary_hour_is_a_tenth_talk(made: dict[str, sounds.Sound]) -> None:
    hour = read_clip(made["hour"].path).reshape(-1, in_samples(0.5))

    loud = [level_dbfs(half) > sounds.ROOM_DBFS + 6 for half in hour]

    assert sum(loud) / len(loud) == pytest.approx(0.1)


def test_talk_without_pause_holds_none(made: dict[str, sounds.Sound]) -> None:
    talk = read_clip(made["talk"].path)

    peaks = np.abs(talk.reshape(-1, in_samples(0.12))).max(axis=1)

    assert peaks.min() > talk.max() / 200


def test_named_recordings_are_heard_one_after_the_other_and_again(tmp_path: Path) -> None:
    save_sound(tmp_path / "a.wav", hiss(1.0, -20))
    save_sound(tmp_path / "b.wav", silence(0.5))

    made = sounds.make(tmp_path, SECONDS, (tmp_path / "a.wav", tmp_path / "b.wav"), tmp_path / "a.wav")

    talk = read_clip(made["talk"].path)
    assert not talk[in_samples(1.0) : in_samples(1.5)].any()
    assert np.array_equal(talk[: in_samples(1.5)], talk[in_samples(1.5) :])
    assert "a.wav, b.wav" in made["talk"].about
    assert made["music"].about == "music: a.wav"


def test_a_recording_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bench", "--out", str(tmp_path / "out"), "--speech", str(tmp_path / "nobody.wav")])

    assert ended.value.code == 1
    assert "nobody.wav cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# --- how it is heard ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [0, 130])
def test_a_quick_microphone_gives_all_that_was_asked_for_in_small_blocks(tmp_path: Path, late: int) -> None:
    file = tmp_path / "sound.wav"
    save_sound(file, hiss(5.0, -20))
    microphone = QuickMicrophone(file, 4.5, late=late)

    microphone.open()
    blocks = list(microphone.blocks())
    microphone.close()

    heard = np.concatenate([block.samples for block in blocks])
    assert microphone.live
    assert {len(block.samples) for block in blocks} == {in_samples(BLOCK_S)}
    assert [block.start for block in blocks] == [0, *np.cumsum([len(block.samples) for block in blocks])[:-1]]
    assert np.array_equal(heard, read_clip(file)[late : late + in_samples(4.5)])


def test_a_contender_that_is_not_installed_is_told_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking() -> contenders.Contender:
        raise ImportError("No module named 'pocketsphinx'")

    monkeypatch.setitem(contenders.CONTENDERS, "pocketsphinx", lacking)

    with pytest.raises(VoicegoError, match="No module named 'pocketsphinx'; `pip install pocketsphinx` brings it"):
        contenders.enter("pocketsphinx")


def test_contenders_that_compute_the_same_for_every_sound_hear_less_of_it() -> None:
    for effort in (QUICK, THOROUGH):
        assert effort.seconds("the plain loop", "talk") < effort.seconds("voicego", "talk") == effort.heard_s["talk"]
        assert effort.constant_s.keys() < contenders.CONTENDERS.keys()


# --- how late -------------------------------------------------------------------------------------------------------


def test_a_word_ends_with_its_last_loud_sample() -> None:
    sound = placed(0.5, hiss(3.0, -75), a=1.0)

    assert word_end(sound, at=in_samples(1.62)) == pytest.approx(in_samples(1.5), abs=in_samples(0.01))


def test_each_detection_is_timed_in_sound_from_the_end_of_its_word(tmp_path: Path) -> None:
    file = tmp_path / "words.wav"
    save_sound(file, placed(0.5, hiss(6.0, -75), a=1.5, b=4.0))
    decision = Decision("go", 0.5, "a test", 0.0, 0.5, isolated=True, patience_s=0.3)
    setup = Setup()

    class Hearing:
        def listening(self, source: Source, offer: Callable[[Detection], None]) -> Listener:
            return Listener(source, LevelClassifier(), setup, (decision,), offer)

    found = list(delays(cast("Any", Hearing()), file, shifts=3))

    assert [one.keyword for one in found] == ["go"] * 6
    # Its quiet is waited for, and little more: the gate's averaging, and the rest of a block.
    assert all(setup.quiet_s - 0.05 < one.sound_s < setup.quiet_s + 0.05 + BLOCK_S for one in found)
    assert len({one.sound_s for one in found}) > 1
    assert all(one.compute_s > 0 for one in found)


# --- what is told ---------------------------------------------------------------------------------------------------


def figures() -> Figures:
    return Figures(
        machine={"processor": "abacus", "cores": "1"},
        heard={"room": "a quiet room: noise", "talk": "talk: a <reader>"},
        about={"voicego": "voicego, onnx", "loop": "a loop"},
        absent={"pocketsphinx": "No module named 'pocketsphinx'"},
        cpu={
            "voicego": {"room": Spread.of([0.2, 0.1, 0.4]), "talk": Spread.of([3.0])},
            "loop": {"room": Spread.of([50.0]), "talk": Spread.of([150.0])},
        },
        start_s={"voicego": Spread.of([0.5]), "loop": Spread.of([7.0])},
        memory_mb={"voicego": Spread.of([80.0])},
    )


def test_a_spread_is_a_median_with_the_least_and_the_most() -> None:
    assert Spread.of([3.0, 1.0, 2.0, 10.0]) == Spread(median=2.5, least=1.0, most=10.0, times=4)


def test_the_report_tells_each_figure_what_was_heard_and_who_is_absent() -> None:
    told = report.lines(figures())

    assert told[0] == "processor abacus; cores 1"
    assert "not measured: pocketsphinx: No module named 'pocketsphinx'" in told
    assert "voicego                  0.20 (0.10 to 0.40)  3.00" in told
    assert "loop                     50.00                150.00" in told
    assert "loop              7.00                 -" in told
    assert not [line for line in told if line.startswith("verbs")]


def test_the_picture_has_a_bar_for_each_contender_and_sound_none_beyond_the_scale() -> None:
    root = ET.fromstring(picture.drawn(figures()))  # noqa: S314 -- our own

    bars = [float(one.get("width", "")) for one in root.iter("{http://www.w3.org/2000/svg}rect")]
    words = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert len(bars) == 4
    assert bars[0] < bars[2] < bars[1] < bars[3] == picture.WIDTH
    assert "talk: a <reader>" in words
    assert "150.00 %" in words


def test_what_was_found_is_saved_as_numbers_text_and_picture(tmp_path: Path) -> None:
    save(figures(), tmp_path / "out")

    found = json.loads((tmp_path / "out" / "bench.json").read_text())
    assert found["cpu"]["voicego"]["room"] == {"median": 0.2, "least": 0.1, "most": 0.4, "times": 3}
    assert (tmp_path / "out" / "bench.txt").read_text().splitlines() == report.lines(figures())
    assert (tmp_path / "out" / "bench.svg").read_text().startswith("<svg")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(VoicegoError, match=r"cannot write into .*file/out.*--out"):
        save(figures(), tmp_path / "file" / "out")
