"""What the sound server says, read from what its tool prints; and which of it is listened to."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.fake_sounddevice import FakeDevice, FakeSounddevice
from voicego.errors import VoicegoError
from voicego.hearing.choosing import Device, NoMicrophone, NoSuchMicrophone, choose
from voicego.hearing.microphone import BLOCK_S, Microphone, devices
from voicego.hearing.portaudio import PortAudio, PortAudioMissing
from voicego.hearing.present import from_server, present
from voicego.hearing.ring import Fresh
from voicego.hearing.sound_server import TOOLS, UNLINKED, Server, Source, ask, heard_by
from voicego.seams import Haste

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
    there = present((replace(raw, default=True),), server(YETI, default=YETI))

    assert choose(there, ("yeti",)).node == YETI.node
    assert choose(there, ("hw:1,0",)) == raw
    assert [device.name for device in there if device.default] == ["Yeti"]


# --- opened ----------------------------------------------------------------------------------------------------------


class Recorders:
    """Opens devices of the sound server, and remembers which."""

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.opened: list[tuple[str, float, int]] = []

    def __call__(self, device: Device, channels: int) -> Recorders:
        if device.node in self.refused:
            raise VoicegoError(f'the microphone "{device.name}" cannot be opened: No such entity')
        self.opened.append((device.node, device.rate, channels))
        return self

    ended = True

    def read(self, wait_s: float, least_s: float) -> Fresh:
        raise AssertionError("nobody listens", wait_s, least_s)

    def end(self) -> None:
        """It has ended."""

    close = end


def unused() -> object:
    raise AssertionError("PortAudio is not needed for what the sound server has")


def opened(
    sound: Callable[[], object],
    found: Server | None,
    *names: str,
    channel: int | None = None,
    recorders: Recorders | None = None,
) -> Microphone:
    microphone = Microphone(
        names or ("default",),
        channel,
        portaudio=PortAudio(sound, lambda: found),
        recorder=recorders or Recorders(),
    )
    microphone.open()
    microphone.close()
    return microphone


def test_a_source_is_opened_at_its_own_rate_and_mixed_by_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found, recorders = server(MONITOR, BUILT_IN, YETI, default=YETI), Recorders()

    assert opened(unused, found, "built-in", recorders=recorders).name == "Built-in"
    opened(unused, found, "built-in", channel=2, recorders=recorders)
    opened(unused, found, recorders=recorders)
    with pytest.raises(VoicegoError, match='"Yeti" has no channel 2, only 1'):
        opened(unused, found, "yeti", channel=2)

    assert recorders.opened == [
        ("alsa_input.pci", 48_000, 1),
        ("alsa_input.pci", 48_000, 2),
        (YETI.node, YETI.rate, 1),
    ]


class Asked(Recorders):
    """Gives one sample at each asking, and remembers how much was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.least_s: list[float] = []

    def read(self, wait_s: float, least_s: float) -> Fresh:
        assert wait_s >= least_s
        self.least_s.append(least_s)
        return Fresh(np.ones(1, np.float32), len(self.least_s) - 1, 0)


def test_whoever_opens_it_again_is_in_a_hurry_as_at_first() -> None:
    found, asked = server(BUILT_IN, default=BUILT_IN), Asked()
    microphone = Microphone(portaudio=PortAudio(unused, lambda: found), recorder=asked)

    for _ in range(2):
        microphone.open()
        next(microphone.blocks())
        microphone.hurry(Haste.SELDOM)
        microphone.close()

    assert asked.least_s[-1] == asked.least_s[0] == BLOCK_S[Haste.AT_ONCE]


def test_what_the_server_has_not_is_opened_through_portaudio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    sound, recorders = FakeSounddevice([RAW, PULSE, DEFAULT]), Recorders()
    found = server(BUILT_IN, YETI, default=YETI)

    assert opened(sound, found, "pulse", "default", recorders=recorders).name == "pulse"
    assert not recorders.opened
    assert sound.stream.device.name == "pulse"
    assert opened(sound, found, "gone", "default", recorders=recorders).name == "Yeti"
    assert len(recorders.opened) == 1


def test_where_the_server_refuses_the_next_one_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = server(BUILT_IN, YETI, default=BUILT_IN)

    assert opened(unused, found, "yeti", "default", recorders=Recorders(YETI.node)).name == "Built-in"
    with pytest.raises(VoicegoError, match='"Yeti" cannot be opened: No such entity'):
        opened(unused, found, "yeti", "default", recorders=Recorders(YETI.node, BUILT_IN.node))


def test_without_portaudio_a_server_is_heard_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    def missing() -> object:
        raise PortAudioMissing("PortAudio is missing")

    found = server(BUILT_IN, YETI, default=YETI)

    assert [one.name for one in devices(PortAudio(missing, lambda: found))] == ["Built-in", "Yeti"]
    assert opened(missing, found, "gone", "default").name == "Yeti"
    with pytest.raises(NoSuchMicrophone, match='no microphone "gone"; there are: "Built-in", "Yeti"'):
        opened(missing, found, "gone")
    with pytest.raises(PortAudioMissing):
        opened(missing, None)


def test_a_default_in_a_headset_is_passed_over_aloud(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", "")
    recorders, found = Recorders(), server(BUILT_IN, HEADSET, default=HEADSET)

    with caplog.at_level(logging.WARNING):
        assert opened(unused, found).name == "Built-in"
    assert '"WH-1000XM4", which plays worse while it is heard; hearing "Built-in" instead' in caplog.text
    caplog.clear()
    opened(unused, found, "wh-1000", recorders=recorders)

    assert recorders.opened[0][0] == HEADSET.node
    assert not caplog.text


def test_a_raw_device_is_left_to_a_server_that_is_away_for_the_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", _with_tools(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    sound = FakeSounddevice([replace(RAW, default=True)])

    assert opened(sound, None).name == RAW.name, "there never was one"
    tmp_path.joinpath("pipewire-0").touch()
    with pytest.raises(NoMicrophone, match="the sound server does not run; it is waited for"):
        opened(sound, None)
    assert opened(sound, None, "hw:0,0").name == RAW.name, "it was named"
    monkeypatch.setenv("PATH", "")
    for there in (sound, FakeSounddevice()):
        with pytest.raises(NoMicrophone, match="heard by its own tools, which are missing; install pulseaudio-utils"):
            opened(there, None)


def test_that_the_servers_tools_are_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    sound = FakeSounddevice([PULSE, DEFAULT])

    opened(sound, None)
    assert not caplog.text, "there is no server"
    tmp_path.joinpath("pipewire-0").touch()
    opened(sound, None)

    assert "heard through ALSA, at twice the cost" in caplog.text
    assert "install pulseaudio-utils" in caplog.text


def _with_tools(folder: Path) -> str:
    for tool in TOOLS:
        folder.joinpath(tool).touch(0o755)
    return str(folder)


def test_a_raw_device_is_left_to_a_server_that_was_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    answers: list[Server | None] = [server(YETI, default=YETI), None]
    sound = FakeSounddevice([replace(RAW, default=True)])
    microphone = Microphone(portaudio=PortAudio(sound, lambda: answers[0]), recorder=Recorders())
    microphone.open()
    microphone.close()

    del answers[0]

    with pytest.raises(NoMicrophone, match="the sound server does not run"):
        microphone.open()
