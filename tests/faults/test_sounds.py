"""Sound that is not as it should be: the word that follows it is heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import soxr

from tests.faults.report import Measured, add
from tests.faults.survivor import Survivor, waited
from tests.house import House
from tests.spoken import saying, with_pauses
from voicego.flow import SAMPLE_RATE, Samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture
def studio(survivor: Survivor) -> Iterator[Survivor]:
    """Let it hear a microphone of 48 kHz and two channels that passes on any number; and the plain one afterwards."""
    server = survivor.server
    module = server.load("module-null-sink", "sink_name=studio", "rate=48000", "channels=2", "format=float32le")
    listen_to("studio.monitor", survivor)
    yield survivor
    listen_to("vmic.monitor", survivor)
    server.unload(module)


def listen_to(source: str, survivor: Survivor) -> None:
    survivor.server.pactl("set-default-source", source)
    assert survivor.house.voicego("pause").returncode == 0
    assert survivor.house.voicego("resume").returncode == 0
    survivor.is_awake()


def go() -> Samples:
    return with_pauses(saying("go"))


def at_rate(rate: int) -> Samples:
    sound: Samples = soxr.resample(go(), SAMPLE_RATE, rate)
    return sound


STRANGE = {
    "no numbers (NaN, infinite)": np.tile(np.array([np.nan, np.inf, -np.inf, 0.1], np.float32), 8_000),
    "a constant far from zero (DC)": np.full(32_000, 0.5, np.float32),
    "a thousand times too loud": np.tile(np.array([1_000.0, -1_000.0], np.float32), 16_000),
    "denormals": np.full(32_000, 1e-40, np.float32),
}


@pytest.mark.faults
def test_strange_sound_and_then_a_word(studio: Survivor) -> None:
    house, server = studio.house, studio.server
    before = len(house.marks)
    stereo = np.stack([at_rate(48_000), np.zeros_like(at_rate(48_000))], axis=1)
    server.play_samples(np.asarray(stereo, np.float32), "studio", 48_000)
    heard = waited(lambda: len(house.marks) > before, 3)
    lost = {}
    for name, bad in STRANGE.items():
        server.play_samples(bad, "studio")
        lost[name] = studio.words_until_it_acts(sink="studio")
    before = len(house.marks)
    server.play_samples(np.asarray(go() * 0.5 + 0.3, np.float32), "studio")
    heard_on_top = waited(lambda: len(house.marks) > before, 3)

    assert heard, "not heard at 48 kHz with one silent side"
    assert heard_on_top, "not heard on top of a constant"
    assert studio.house.status()["state"] == "listening"
    add(Measured("sound at another rate, with one silent side", "heard all the same", lost=0))
    add(
        Measured(
            f"sound: {', '.join(STRANGE)}",
            "the word after it is heard",
            lost=sum(lost.values()),
            note="a word on top of a constant is heard",
        )
    )


@pytest.mark.parametrize(
    "rate", [11_025, *(pytest.param(rate, marks=pytest.mark.faults) for rate in (8_000, 44_100, 96_000))]
)
def test_recordings_of_any_rate_with_holes(tmp_path: Path, rate: int) -> None:
    sound = np.stack([at_rate(rate), at_rate(rate)], axis=1)
    sound[: rate // 10] = np.nan
    sound[rate // 5 : rate // 4] = np.inf
    soundfile.write(tmp_path / "said.wav", sound, rate, subtype="FLOAT")
    house = House(tmp_path)
    house.write(f"rules:\n  go: {{{house.mark()}}}\n")

    done = house.voicego("run", "--headless", "--fast", "--input", str(tmp_path / "said.wav"))

    assert done.returncode == 0, done.stderr
    assert house.marks == ["go"]
