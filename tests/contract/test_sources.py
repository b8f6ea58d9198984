"""What every source promises: the microphone on a real sound server, its stand-in, and a recording at life speed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from threading import Event, Thread
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.capture_room import Room, chirp, found, in_a_room, quiet
from tests.fake_sounddevice import FakeDevice, FakeSounddevice
from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, AudioBlock, Samples
from voicego.hearing.microphone import Microphone
from voicego.hearing.portaudio import PortAudio
from voicego.hearing.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voicego.seams import Source

SPOKEN = np.concatenate([quiet(0.5), chirp(), quiet(1.5)])


@dataclass
class Case:
    source: Source
    speak: Callable[[], object]
    """Let `SPOKEN` be heard, once it is open."""
    elsewhere: Source
    """The same kind, asked for what is not there."""


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with in_a_room() as room:
        yield room


def real(room: Room, name: str) -> Case:
    return Case(Microphone((name,)), lambda: room.speak(SPOKEN), Microphone(("no such thing",)))


def stand_in() -> Case:
    sound = FakeSounddevice([FakeDevice("built-in", rate=48_000.0, default=True)])
    at_48 = np.concatenate([quiet(1.5), chirp(rate=48_000), quiet(4.5)])  # counted in seconds at 16 kHz

    def speak() -> None:
        for start in range(0, len(at_48), 960):
            sound.stream.hear(at_48[start : start + 960])

    portaudio = PortAudio(sound, lambda: None)
    return Case(Microphone(portaudio=portaudio), speak, Microphone(("no such thing",), portaudio=portaudio))


def recording(folder: Path) -> Case:
    path = folder / "spoken.wav"
    soundfile.write(path, SPOKEN, SAMPLE_RATE)
    return Case(Recording(path, pace="life"), lambda: None, Recording(folder / "gone.wav", pace="life"))


REAL = {"recorder": "default", "portaudio": "pulse"}
"""The microphone that is heard by the server's recorder, and through PortAudio."""


@pytest.fixture(params=[*REAL, "stand-in", "recording"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    if request.param in REAL:
        made = real(request.getfixturevalue("room"), REAL[request.param])
    else:
        made = stand_in() if request.param == "stand-in" else recording(tmp_path)
    yield made
    made.source.close()
    made.elsewhere.close()
    if request.param in REAL:
        request.getfixturevalue("room").hush()


def heard(case: Case, longest_s: float = 8.0) -> list[AudioBlock]:
    """Open, speak, and hear until the spoken sound is over."""
    case.source.open()
    if case.source.live:
        blocks = case.source.blocks()
        got = [next(blocks)]
        case.speak()
    else:
        blocks, got = case.source.blocks(), []
    deadline = time.monotonic() + longest_s
    for block in blocks:
        got.append(block)
        sound = joined(got)
        tail = sound[-SAMPLE_RATE:]
        if np.abs(sound).max(initial=0) > 0.1 and len(tail) == SAMPLE_RATE and np.abs(tail).max() < 0.01:
            break
        assert time.monotonic() < deadline, "the spoken sound was not heard in time"
    return got


def joined(blocks: list[AudioBlock]) -> Samples:
    return np.concatenate([block.samples for block in blocks])


def test_what_is_spoken_is_heard_whole(case: Case) -> None:
    sound = joined(heard(case))

    at, alike = found(chirp(), sound)
    assert alike > 0.98
    assert np.abs(sound[at : at + SAMPLE_RATE]).max() == pytest.approx(0.5, abs=0.05)


def test_blocks_are_16_khz_mono_in_an_unbroken_row(case: Case) -> None:
    at = 0
    for block in heard(case):
        assert block.samples.dtype == np.float32
        assert block.samples.ndim == 1
        assert len(block.samples) <= SAMPLE_RATE
        assert np.abs(block.samples).max(initial=0) <= 1
        assert (block.start, block.skipped) == (at, 0)
        at += len(block.samples)


@pytest.mark.timeout(60)
def test_something_comes_although_nobody_speaks(case: Case) -> None:
    case.source.open()

    some = list(islice(case.source.blocks(), 3))

    assert len(some) == 3
    assert max(len(block.samples) for block in some) < SAMPLE_RATE


def test_close_from_another_thread_ends_the_blocks(case: Case) -> None:
    case.source.open()
    blocks = case.source.blocks()
    next(blocks)
    ended = Event()

    def read() -> None:
        for _ in blocks:
            pass
        ended.set()

    reader = Thread(target=read)
    reader.start()
    case.source.close()
    case.source.close()

    assert ended.wait(10), "the blocks went on"
    reader.join()


def test_close_without_open_is_no_mistake(case: Case) -> None:
    case.source.close()


def test_opened_again_it_begins_anew(case: Case) -> None:
    case.source.open()
    next(case.source.blocks())
    case.source.close()

    sound = heard(case)

    assert sound[0].start == 0
    assert found(chirp(), joined(sound))[1] > 0.98


def test_what_is_not_there_is_named_in_one_sentence(case: Case) -> None:
    with pytest.raises(VoicegoError) as caught:
        case.elsewhere.open()

    assert "\n" not in str(caught.value)
    assert case.elsewhere.name in str(caught.value)


def test_it_has_a_name_and_knows_whether_it_is_live(case: Case) -> None:
    assert case.source.name
    assert case.source.live == isinstance(case.source, Microphone)
