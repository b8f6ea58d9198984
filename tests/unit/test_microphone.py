"""The microphone over a stand-in for sounddevice that hands over what the test wants."""

from __future__ import annotations

import sys
from itertools import pairwise
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.fake_sounddevice import FakeDevice, FakeSounddevice
from voicego.errors import VoicegoError
from voicego.hearing.called import RING_S
from voicego.hearing.microphone import (
    Device,
    Microphone,
    MicrophoneLost,
    NoMicrophone,
    NoSuchMicrophone,
    devices,
    rescan,
)
from voicego.hearing.portaudio import PortAudio
from voicego.seams import Haste

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicego.flow import AudioBlock
    from voicego.hearing.ring import Frames

BUILT_IN = FakeDevice("built-in", default=True)
NOW = 1e-9
"""Seconds; a wait that is over before anything can happen."""


def noise(n: int, channels: int = 1) -> Frames:
    return np.random.default_rng(1).uniform(-0.5, 0.5, (n, channels)).astype(np.float32)


def over(sound: FakeSounddevice) -> PortAudio:
    return PortAudio(sound, lambda: None)


def opened(sound: FakeSounddevice, *names: str, channel: int | None = None, **more: Any) -> Microphone:  # noqa: ANN401 -- those of Microphone
    heard = Microphone(names or ("default",), channel, portaudio=over(sound), **more)
    heard.open()
    return heard


def until_lost(blocks: Iterator[AudioBlock]) -> list[AudioBlock]:
    heard: list[AudioBlock] = []
    with pytest.raises(MicrophoneLost):
        heard.extend(blocks)
    return heard


def next_sound(blocks: Iterator[AudioBlock]) -> AudioBlock:
    return next(block for block in blocks if len(block.samples))


# --- sound -----------------------------------------------------------------------------------------------------------


def test_what_the_callback_brings_comes_out_in_order() -> None:
    sound, frames = FakeSounddevice([BUILT_IN]), noise(4_000)
    heard = opened(sound)
    parts, at = [], 0
    blocks = heard.blocks()

    for start in range(0, 4_000, 400):
        sound.stream.hear(frames[start : start + 400])
        block = next_sound(blocks)
        assert (block.start, block.skipped) == (at, 0)
        at += len(block.samples)
        parts.append(block.samples)

    np.testing.assert_array_equal(np.concatenate(parts), frames[:, 0])


def test_a_reader_that_is_in_no_hurry_gets_a_fifth_of_a_second_at_once() -> None:
    sound = FakeSounddevice([BUILT_IN])
    heard = opened(sound)
    heard.hurry(Haste.OFTEN)
    got: list[AudioBlock] = []
    reader = Thread(target=lambda: got.append(next(heard.blocks())))

    reader.start()
    for _ in range(8):
        sound.stream.hear(noise(400))
    reader.join(10.0)

    assert len(got[0].samples) == 3_200


@pytest.mark.parametrize("rate", [8_000.0, 44_100.0, 48_000.0])
def test_another_rate_becomes_16_khz(rate: float) -> None:
    sound = FakeSounddevice([FakeDevice("built-in", rate=rate, default=True)])
    blocks = opened(sound).blocks()
    total = 0

    for _ in range(20):
        sound.stream.hear(noise(round(rate / 10)))
        total += len(next_sound(blocks).samples)

    assert total == pytest.approx(32_000, abs=0.035 * 16_000)


def test_channels_are_mixed_or_one_is_picked() -> None:
    sound, frames = FakeSounddevice([FakeDevice("studio", channels=4, default=True)]), noise(400, 4)
    mixed, third = opened(sound), opened(sound, channel=3)
    for stream in sound.streams:
        stream.hear(frames)

    np.testing.assert_allclose(next_sound(mixed.blocks()).samples, frames.mean(axis=1), atol=1e-6)
    np.testing.assert_array_equal(next_sound(third.blocks()).samples, frames[:, 2])


@pytest.mark.parametrize(
    ("reported", "wanted", "asked"), [(1, None, 1), (2, None, 2), (2, 1, 2), (8, None, 8), (32, None, 1), (32, 1, 2)]
)
def test_never_more_channels_than_reported_and_a_sound_server_mixes_itself(
    reported: int, wanted: int | None, asked: int
) -> None:
    sound = FakeSounddevice([FakeDevice("device", channels=reported, default=True)])

    opened(sound, channel=wanted)

    assert sound.stream.channels == asked


@pytest.mark.parametrize("channel", [0, 3, -1])
def test_a_channel_that_is_not_there_is_named(channel: int) -> None:
    sound = FakeSounddevice([FakeDevice("stereo", channels=2, default=True)])

    with pytest.raises(VoicegoError, match=f'"stereo" has no channel {channel}, only 2'):
        opened(sound, channel=channel)
    assert not sound.streams


def test_what_is_no_number_becomes_silence_and_is_counted() -> None:
    sound = FakeSounddevice([BUILT_IN])
    heard = opened(sound)
    frames = noise(400)
    frames[10:20] = np.nan
    sound.stream.hear(frames)

    block = next_sound(heard.blocks())

    assert not block.samples[10:20].any()
    assert np.isfinite(block.samples).all()
    assert heard.broken == 10


def test_that_the_system_dropped_sound_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    sound = FakeSounddevice([BUILT_IN])
    blocks = opened(sound).blocks()

    for n in range(5):
        sound.stream.hear(noise(400), overflow=n % 2 == 0)
        next_sound(blocks)

    assert caplog.messages == [
        "the sound system had to drop sound of the microphone built-in: the computer is too busy"
    ]


@pytest.mark.parametrize("rate", [16_000.0, 48_000.0])
def test_a_reader_that_was_held_up_is_told_what_it_missed(rate: float) -> None:
    sound = FakeSounddevice([FakeDevice("built-in", rate=rate, default=True)])
    blocks = opened(sound, liveness_s=NOW).blocks()
    frames, missed_s = noise(round(rate / 10)), 2.0
    sound.stream.hear(frames)
    before = [next_sound(blocks)]
    for _ in range(round((RING_S + missed_s) * 10)):
        sound.stream.hear(frames)

    after = until_lost(blocks)

    all_of_it = [*before, *after]
    (leap,) = (i for i, block in enumerate(all_of_it) if block.skipped)
    assert all_of_it[leap].skipped / 16_000 == pytest.approx(missed_s, abs=0.001)
    for last, block in pairwise(all_of_it):
        assert block.start == last.start + len(last.samples) + block.skipped
        assert len(block.samples) <= 16_000
    end = all_of_it[-1].start + len(all_of_it[-1].samples)
    assert end / 16_000 == pytest.approx(RING_S + missed_s + 0.1, abs=0.016)


# --- the end ---------------------------------------------------------------------------------------------------------


def test_a_quiet_line_gives_empty_blocks_until_it_counts_as_lost() -> None:
    sound = FakeSounddevice([BUILT_IN])
    blocks = opened(sound, liveness_s=4 * NOW, first_sound_s=10 * NOW).blocks()

    before = until_lost(blocks)
    assert [len(block.samples) for block in before] == [0] * 4

    blocks = opened(sound, liveness_s=NOW, first_sound_s=10 * NOW).blocks()
    sound.stream.hear(noise(400))
    after = until_lost(blocks)
    assert [len(block.samples) for block in after] == [400, 0]
    assert [block.start for block in after] == [0, 400]


def test_a_stream_that_stopped_by_itself_is_lost_after_its_last_sound() -> None:
    sound = FakeSounddevice([BUILT_IN])
    blocks = opened(sound).blocks()
    sound.stream.hear(noise(400))
    sound.stream.stop_by_itself()

    assert len(next(blocks).samples) == 400
    with pytest.raises(MicrophoneLost, match='the microphone "built-in" gives no more sound'):
        next(blocks)


def test_closed_by_another_thread_the_blocks_end_and_the_stream_is_closed() -> None:
    sound = FakeSounddevice([BUILT_IN])
    heard = opened(sound, first_sound_s=1_000, liveness_s=1_000)
    got: list[AudioBlock] = []
    reader = Thread(target=lambda: got.extend(heard.blocks()))
    reader.start()

    heard.close()
    reader.join(timeout=10)
    heard.close()

    assert not reader.is_alive()
    assert sound.stream.closed


def test_it_can_be_opened_again() -> None:
    sound = FakeSounddevice([BUILT_IN])
    heard = opened(sound)
    sound.stream.hear(noise(400))
    assert next_sound(heard.blocks()).start == 0
    heard.close()
    assert list(heard.blocks()) == []

    heard.open()
    sound.stream.hear(noise(400))

    assert next_sound(heard.blocks()).start == 0
    assert len(sound.streams) == 2


def test_closed_while_it_opens_it_stays_closed() -> None:
    sound = FakeSounddevice([BUILT_IN])
    heard = Microphone(portaudio=over(sound))
    real = sound.RawInputStream

    def slow(**settings: Any) -> object:  # noqa: ANN401
        stream = real(**settings)
        heard.close()
        return stream

    sound.RawInputStream = slow  # type: ignore[method-assign, assignment]
    heard.open()

    assert sound.stream.closed
    assert list(heard.blocks()) == []


def test_blocks_before_open_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="opened before it is heard"):
        next(Microphone(portaudio=over(FakeSounddevice())).blocks())


# --- the device ------------------------------------------------------------------------------------------------------


def test_the_first_name_that_is_there_is_heard() -> None:
    sound = FakeSounddevice([BUILT_IN, FakeDevice("Yeti Nano")])

    assert opened(sound, "Rode", "yeti").name == "Yeti Nano"
    assert sound.stream.device.name == "Yeti Nano"
    assert Microphone(("Rode", "yeti")).name == "Rode or yeti"
    assert Microphone().live


def test_one_that_was_plugged_in_since_is_found() -> None:
    sound = FakeSounddevice()
    with pytest.raises(NoMicrophone):
        opened(sound)

    sound.devices.append(BUILT_IN)

    assert opened(sound).name == "built-in"


def test_none_by_that_name_is_told_from_none_at_all() -> None:
    with pytest.raises(NoSuchMicrophone, match='there is no microphone "Rode"; there are: "built-in"'):
        opened(FakeSounddevice([BUILT_IN]), "Rode")


def test_one_that_refuses_is_named_with_the_reason() -> None:
    sound = FakeSounddevice([FakeDevice("busy", default=True, refuses="Device unavailable")])

    with pytest.raises(VoicegoError, match=r'the microphone "busy" cannot be opened: .*Device unavailable'):
        opened(sound)


def test_where_the_preferred_one_does_not_open_the_next_is_heard() -> None:
    sound = FakeSounddevice([FakeDevice("Yeti", refuses="Device unavailable"), BUILT_IN])

    assert opened(sound, "yeti", "default").name == "built-in"

    sound = FakeSounddevice([FakeDevice("Yeti", refuses="gone"), FakeDevice("built-in", default=True, refuses="busy")])
    with pytest.raises(VoicegoError, match=r'"Yeti" cannot be opened: .*gone'):
        opened(sound, "yeti", "default")


def test_devices_lists_what_can_be_heard() -> None:
    sound = FakeSounddevice(
        [
            FakeDevice("speakers", channels=0),
            FakeDevice("HDA Intel (hw:0,0)", channels=2, rate=48_000),
            FakeDevice("default", channels=32, rate=44_100, default=True),
        ]
    )

    assert devices(over(sound)) == (
        Device("HDA Intel (hw:0,0)", "ALSA", 2, 48_000, default=False, index=1),
        Device("default", "ALSA", 32, 44_100, default=True, index=2),
    )


def test_rescan_starts_portaudio_anew_even_when_it_had_failed() -> None:
    sound = FakeSounddevice()
    sound.starts = False
    with pytest.raises(VoicegoError, match=r"PortAudio, .* does not start: Error initializing"):
        rescan(over(sound))

    sound.starts = True
    sound.devices.append(BUILT_IN)
    rescan(over(sound))

    assert [device.name for device in devices(over(sound))] == ["built-in"]


@pytest.mark.parametrize("present", ["apt", "dnf", "pacman", "zypper"])
def test_a_missing_portaudio_names_this_systems_package(present: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    monkeypatch.setattr("shutil.which", lambda tool: tool if tool == present else None)

    with pytest.raises(VoicegoError, match=f"PortAudio, .*, is missing; install it: sudo {present} .*portaudio"):
        devices()


def test_who_stood_still_acts_on_nothing_old_and_opens_anew() -> None:
    sound = FakeSounddevice([BUILT_IN])
    times = iter([0.0, 0.1, 1.0, 31.0])
    blocks = opened(sound, clock=lambda: next(times)).blocks()
    sound.stream.hear(noise(400))

    assert len(next(blocks).samples) == 400
    sound.stream.hear(noise(400))
    with pytest.raises(MicrophoneLost, match='voicego stood still for 30 s; opening "built-in" anew'):
        next(blocks)
