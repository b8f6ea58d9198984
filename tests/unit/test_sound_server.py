"""What the sound server says, read from what its tool prints; and which of it is listened to."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.fake_sounddevice import FakeDevice, FakeSounddevice
from voicego.errors import VoicegoError
from voicego.hearing.choosing import Device, NoMicrophone, NoSuchMicrophone, choose
from voicego.hearing.microphone import Microphone
from voicego.hearing.portaudio import PortAudio
from voicego.hearing.present import from_server, present
from voicego.hearing.sound_server import UNLINKED, Server, Source, ask, heard_by

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ABOUT = """Server String: /run/user/1000/pulse/native
Server Name: {name}
Default Sink: alsa_output.pci-0000_00_1f.3.analog-stereo
Default Source: {default}
"""

LISTED = """Source #0
	State: SUSPENDED
	Name: alsa_output.pci-0000_00_1f.3.analog-stereo.monitor
	Description: Monitor of Built-in Audio Analog Stereo
	Sample Specification: s16le 2ch 48000Hz
	Monitor of Sink: alsa_output.pci-0000_00_1f.3.analog-stereo
	Properties:
		device.description = "Monitor of Built-in Audio Analog Stereo"
		device.class = "monitor"
		device.bus = "pci"

Source #1
	State: SUSPENDED
	Name: alsa_input.pci-0000_00_1f.3.analog-stereo
	Description: Built-in Audio Analog Stereo
	Sample Specification: s32le 2ch 48000Hz
	Volume: front-left: 6554 /  10% / -60.00 dB,   front-right: 6554 /  10% / -60.00 dB
	Monitor of Sink: n/a
	Properties:
		alsa.card = "0"
		device.description = "Built-in Audio Analog Stereo"
		device.bus = "pci"
		device.api = "alsa"
	Ports:
		analog-input-internal-mic: Internal Microphone (type: Mic, priority: 8900, availability unknown)
		analog-input-mic: Microphone (type: Mic, priority: 8700, availability group: Legacy 0, not available)
	Active Port: analog-input-internal-mic
	Formats:
		pcm

Source #7
	State: RUNNING
	Name: alsa_input.usb-Blue_Microphones_Yeti-00.analog-stereo
	Description: Yeti Größe = groß: Stereo
	Sample Specification: s16le 1ch 44100Hz
	Monitor of Sink: n/a
	Properties:
		device.description = "Yeti Größe = groß: Stereo"
		device.bus = "usb"

Source #9
	Name: bluez_input.00_11_22
	Description: WH-1000XM4
	Sample Specification: s16le 1ch 16000Hz
	Monitor of Sink: n/a
	Properties:
		device.api = "bluez5"

Source #12
	Name: echo_cancelled
	Description: WH-1000XM4 (echo cancelled)
	Sample Specification: float32le 1ch 32000Hz
	Monitor of Sink: n/a
	Properties:
		device.master_device = "bluez_input.00_11_22"
		device.class = "filter"
"""

STREAMS = """Source Output #2
	Driver: protocol-native.c
	Source: 7
	Sample Specification: float32le 1ch 48000Hz
	Properties:
		application.name = "ALSA plug-in [python3.11]"
		application.process.id = "4711"

Source Output #3
	Source: 9
	Properties:
		application.process.id = "47110"

Source Output #5
	Source: 4294967295
	Properties:
		pipewire.sec.pid = "4711"
"""

YETI = Source(7, "alsa_input.usb-Yeti", "Yeti", bus="usb")
BUILT_IN = Source(1, "alsa_input.pci", "Built-in", 2, bus="pci")
HEADSET = Source(9, "bluez_input.00_11_22", "WH-1000XM4", 1, 16_000, bus="bluetooth")
MONITOR = Source(0, "alsa_output.pci.monitor", "Monitor of Built-in", 2, bus="pci", monitor=True)
UNPLUGGED = replace(YETI, index=8, node="alsa_input.jack", description="Jack", available=False)

PULSE = FakeDevice("pulse", channels=32, rate=44_100.0)
DEFAULT = FakeDevice("default", channels=32, rate=44_100.0, default=True)
RAW = FakeDevice("HDA Intel (hw:0,0)", channels=2, rate=48_000.0)


def saying(default: str = "", name: str = "pulseaudio") -> Callable[..., str]:
    return lambda *words: ABOUT.format(name=name, default=default) if words == ("info",) else LISTED


def server(*sources: Source, default: Source) -> Server:
    return Server("PulseAudio", default.node, sources)


# --- what it prints --------------------------------------------------------------------------------------------------


def test_each_source_is_read_with_its_names_its_format_and_its_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULSE_SOURCE", raising=False)

    found = ask(saying("bluez_input.00_11_22"))

    assert found is not None
    assert (found.name, found.default) == ("PulseAudio", "bluez_input.00_11_22")
    monitor, built_in, yeti, headset, cancelled = found.sources
    assert monitor.monitor
    assert [source.monitor for source in found.sources[1:]] == [False] * 4
    assert (built_in.index, built_in.channels, built_in.rate, built_in.bus) == (1, 2, 48_000.0, "pci")
    assert built_in.available
    assert (yeti.description, yeti.channels, yeti.rate, yeti.bus) == ("Yeti Größe = groß: Stereo", 1, 44_100.0, "usb")
    assert headset.bus == "bluetooth"
    assert cancelled.bus == "bluetooth", "what is made from a headset is heard through it"


def test_a_port_that_nothing_is_plugged_into_is_not_available() -> None:
    text = LISTED.replace("Active Port: analog-input-internal-mic", "Active Port: analog-input-mic")

    found = ask(lambda *words: ABOUT if words == ("info",) else text)

    assert found is not None
    assert [source.available for source in found.sources] == [True, False, True, True, True]


def test_pipewire_is_told_from_pulseaudio() -> None:
    found = ask(saying(name="PulseAudio (on PipeWire 1.0.5)"))

    assert found is not None
    assert found.name == "PipeWire"


def test_a_default_of_the_persons_own_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SOURCE", "mine")

    found = ask(saying("not.mine"))

    assert found is not None
    assert found.default == "mine"


def test_without_a_server_there_is_nothing_to_tell() -> None:
    assert ask(lambda *_: None) is None
    assert heard_by(4711, lambda *_: None) == frozenset()


def test_filters_that_lead_in_a_circle_end() -> None:
    text = "".join(
        f'Source #{n}\n\tName: {name}\n\tProperties:\n\t\tdevice.master_device = "{of}"\n'
        for n, (name, of) in enumerate([("a", "b"), ("b", "a")])
    )

    found = ask(lambda *words: ABOUT if words == ("info",) else text)

    assert found is not None
    assert [source.bus for source in found.sources] == ["", ""]


def test_whom_a_process_hears_is_told_by_number() -> None:
    assert heard_by(4711, lambda *_: STREAMS) == {7, UNLINKED}
    assert heard_by(47110, lambda *_: STREAMS) == {9}
    assert heard_by(471, lambda *_: STREAMS) == frozenset()


# --- what is listened to ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sources", "default", "meant"),
    [
        ((MONITOR, BUILT_IN, YETI), BUILT_IN, BUILT_IN),
        ((MONITOR, BUILT_IN, YETI, HEADSET), HEADSET, YETI),
        ((MONITOR, UNPLUGGED, BUILT_IN, HEADSET), HEADSET, BUILT_IN),
        ((MONITOR, BUILT_IN), MONITOR, MONITOR),
        ((MONITOR, HEADSET), HEADSET, None),
        ((), YETI, None),
    ],
)
def test_default_means_the_servers_but_never_a_headset(
    sources: tuple[Source, ...], default: Source, meant: Source | None
) -> None:
    found = [device.node for device in from_server(server(*sources, default=default)) if device.default]

    assert found == ([meant.node] if meant else [])


@pytest.mark.parametrize(
    ("names", "node"),
    [
        (("wh-1000",), HEADSET.node),
        ((HEADSET.node,), HEADSET.node),
        (("gone", "default"), YETI.node),
        (("default", "wh-1000"), YETI.node),
        (("built-in",), BUILT_IN.node),
        (("MONITOR of built-in",), MONITOR.node),
        ((MONITOR.node,), MONITOR.node),
        (("yeti, pulseaudio",), YETI.node),
    ],
)
def test_a_name_means_a_source_and_a_part_of_it_no_monitor(names: tuple[str, ...], node: str) -> None:
    there = from_server(server(MONITOR, BUILT_IN, YETI, HEADSET, default=HEADSET))

    assert choose(there, names).node == node
    with pytest.raises(NoSuchMicrophone):
        choose(there, ("monitor of",))


def test_where_only_a_headset_is_there_it_says_how_to_name_it() -> None:
    with pytest.raises(NoSuchMicrophone, match=r'"WH-1000XM4", which plays worse.*: microphone: WH-1000XM4$'):
        choose(from_server(server(MONITOR, HEADSET, default=HEADSET)), ("Rode", "default"))


def test_the_servers_microphones_come_before_raw_devices_of_the_same_card() -> None:
    raw = Device("Yeti: USB Audio (hw:1,0)", "ALSA", 2, 48_000, index=4)
    pulse = Device("pulse", "ALSA", 32, 44_100, default=True, index=5)

    there = present((raw, pulse), server(YETI, default=YETI))

    assert choose(there, ("yeti",)).node == YETI.node
    assert choose(there, ("yeti",)).index == 5
    assert choose(there, ("hw:1,0",)) == raw
    assert [device.name for device in there if device.default] == ["Yeti"]
    assert present((raw,), server(YETI, default=YETI)) == (raw,), "there is no way to the server"


# --- opened through PortAudio ----------------------------------------------------------------------------------------


def opened(sound: FakeSounddevice, found: Server | None, *names: str, channel: int | None = None) -> Microphone:
    microphone = Microphone(names or ("default",), channel, portaudio=PortAudio(sound, lambda: found))
    microphone.open()
    microphone.close()
    return microphone


def test_a_source_is_opened_through_the_server_at_its_own_rate_and_mixed_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    sound = FakeSounddevice([RAW, PULSE, DEFAULT])
    found = server(MONITOR, BUILT_IN, YETI, default=YETI)

    assert opened(sound, found, "built-in").name == "Built-in"
    assert (sound.stream.device.name, sound.stream.samplerate, sound.stream.channels) == ("pulse", 48_000, 1)
    assert sound.stream.pointed_at == "alsa_input.pci"
    opened(sound, found, "built-in", channel=2)
    assert sound.stream.channels == 2
    opened(sound, found, "pulse")
    assert sound.stream.pointed_at == ""
    with pytest.raises(VoicegoError, match='"Yeti" has no channel 2, only 1'):
        opened(sound, found, "yeti", channel=2)


def test_what_was_set_for_the_moment_of_opening_is_as_it_was_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PULSE_SOURCE", YETI.node)
    sound = FakeSounddevice([PULSE])

    opened(sound, server(BUILT_IN, YETI, default=YETI), "built-in")

    assert sound.stream.pointed_at == BUILT_IN.node
    assert os.environ["PULSE_SOURCE"] == YETI.node
    assert sound.getenv("PULSE_SOURCE") == YETI.node
    assert sound.getenv("PIPEWIRE_NODE") == ""


def test_a_default_in_a_headset_is_passed_over_aloud(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", "")
    sound, found = FakeSounddevice([PULSE, DEFAULT]), server(BUILT_IN, HEADSET, default=HEADSET)

    with caplog.at_level(logging.WARNING):
        assert opened(sound, found).name == "Built-in"
    assert '"WH-1000XM4", which plays worse while it is heard; hearing "Built-in" instead' in caplog.text
    caplog.clear()
    opened(sound, found, "wh-1000")

    assert sound.stream.pointed_at == HEADSET.node
    assert not caplog.text


def test_a_raw_device_is_left_to_a_server_that_is_away_for_the_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    sound = FakeSounddevice([replace(RAW, default=True)])

    assert opened(sound, None).name == RAW.name, "there never was one"
    tmp_path.joinpath("pipewire-0").touch()
    with pytest.raises(NoMicrophone, match="the sound server does not run; it is waited for"):
        opened(sound, None)
    assert opened(sound, None, "hw:0,0").name == RAW.name, "it was named"


def test_a_raw_device_is_left_to_a_server_that_was_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    answers: list[Server | None] = [server(YETI, default=YETI), None]
    sound = FakeSounddevice([RAW, PULSE])
    microphone = Microphone(portaudio=PortAudio(sound, lambda: answers[0]))
    microphone.open()
    microphone.close()

    del answers[0]
    sound.devices[:] = [replace(RAW, default=True)]

    with pytest.raises(NoMicrophone, match="the sound server does not run"):
        microphone.open()
