"""The microphone over a real PulseAudio, by its recorder or through PortAudio: names, rates, loss, letting go."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from itertools import count, islice, pairwise, takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest

from tests.capture_room import Room, chirp, found, in_a_room, quiet
from tests.house import until
from voicego.app.microphones import better_there, listed, listing
from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, AudioBlock, Samples, in_samples
from voicego.hearing import look, sound_server
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
from voicego.hearing.recorder import Recorder
from voicego.hearing.sound_server import heard_by
from voicego.seams import Haste

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LEAD_S = 0.5
WAIT_S = 20.0
"""Far longer than a loss may go unnoticed."""


@pytest.fixture(scope="module")
def shared_room() -> Iterator[Room]:
    with in_a_room() as room:
        yield room


@pytest.fixture
def room(shared_room: Room) -> Iterator[Room]:
    yield shared_room
    shared_room.hush()


@pytest.fixture
def fragile_room() -> Iterator[Room]:
    """A room that the test may break."""
    with in_a_room() as room:
        yield room


def name_pcm(room: Room, **sinks: str) -> None:
    """Give ALSA a named microphone over the monitor of each sink."""
    room.folder.joinpath(".asoundrc").write_text(
        "".join(
            f'pcm.{name} {{ type pulse device "{sink}.monitor" hint {{ show on description "{name}" }} }}\n'
            for name, sink in sinks.items()
        )
    )
    rescan()


def hear(microphone: Microphone, room: Room, sound: Samples, sink: str = "vmic", rate: int = SAMPLE_RATE) -> Samples:
    """Play `sound` and return what the microphone heard, till half a second after it (longer, if that is nothing).

    Some quiet is played first: what an idle sink has handed to its listeners in advance it cannot take back when a
    player comes, and they hear the first tenth of a second of it later or not at all. No microphone does so.
    """
    parts: list[AudioBlock] = []
    sound = np.concatenate([np.zeros((round(LEAD_S * rate), *sound.shape[1:]), np.float32), sound])
    spoken_s, spoken, last_loud = len(sound) / rate, False, 0.0
    microphone.open()
    try:
        for block in microphone.blocks():
            now = time.monotonic()
            parts.append(block)
            if not spoken and len(block.samples):
                room.speak(sound, sink, rate)
                spoken, last_loud = True, now + spoken_s + 1.0
            if np.abs(block.samples).max(initial=0) > 0.05:
                last_loud = now
            if spoken and now > last_loud + 0.5:
                break
    finally:
        microphone.close()
    assert all(one.start + len(one.samples) == two.start for one, two in pairwise(parts))
    assert not any(block.skipped for block in parts)
    return np.concatenate([block.samples for block in parts])


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("room")
def test_the_sound_server_is_listed_and_is_the_default() -> None:
    listed = {device.name: device for device in devices()}

    assert {"pulse", "default"} <= listed.keys()
    assert [name for name, device in listed.items() if device.default] == ["Monitor of Null Output"]
    assert listed["pulse"].host_api == "ALSA"
    assert listed["pulse"].channels >= 2


def test_a_microphone_is_heard_by_its_name_and_no_other(room: Room) -> None:
    sinks = [room.add_sink("desk"), room.add_sink("wall")]
    name_pcm(room, desk_microphone="desk", wall_microphone="wall")

    heard = hear(
        Microphone(
            ("gone", "DESK"),
        ),
        room,
        chirp(),
        sink="desk",
    )
    other = hear(Microphone(("wall_microphone",)), room, chirp(), sink="desk")

    assert found(chirp(), heard)[1] > 0.97
    assert not other.any()
    with pytest.raises(VoicegoError, match=r'"microphone" means several microphones: "desk_m.*", "wall_m.*"'):
        Microphone(("microphone",)).open()
    for sink in sinks:
        room.pactl("unload-module", sink)


def test_rescan_sees_what_came_since(room: Room) -> None:
    name_pcm(room)
    assert "late" not in [device.name for device in devices()]
    room.folder.joinpath(".asoundrc").write_text(
        'pcm.late { type pulse device "vmic.monitor" hint { show on description "late" } }\n'
    )
    assert "late" not in [device.name for device in devices()]

    rescan()

    assert "late" in [device.name for device in devices()]


def test_open_looks_again_for_one_that_it_does_not_know(room: Room) -> None:
    name_pcm(room)
    named = room.folder / ".asoundrc"
    named.write_text('pcm.later { type pulse device "vmic.monitor" hint { show on description "later" } }\n')
    microphone = Microphone(("later",))

    microphone.open()
    microphone.close()
    named.unlink()

    assert microphone.name == "later"


@pytest.mark.usefixtures("room")
def test_no_such_microphone_lists_what_there_is() -> None:
    with pytest.raises(NoSuchMicrophone, match=r'no microphone "Rode"; there are: .*"pulse", .*"default"'):
        Microphone(("Rode",)).open()


# --- rates and channels ----------------------------------------------------------------------------------------------


class At:
    """The real sounddevice, but every device says that its own rate is another."""

    def __init__(self, rate: float) -> None:
        import sounddevice  # noqa: PLC0415 - not before the room is there

        self._real, self._rate = sounddevice, rate

    def __call__(self) -> At:
        return self

    def query_devices(self) -> list[dict[str, Any]]:
        return [{**device, "default_samplerate": self._rate} for device in self._real.query_devices()]

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._real, name)


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_a_device_of_any_rate_is_heard(room: Room, rate: int) -> None:
    sink = room.add_sink(f"at_{rate}", rate)
    room.pactl("set-default-source", f"at_{rate}.monitor")

    heard = hear(Microphone(portaudio=PortAudio(At(rate), lambda: None)), room, chirp(rate=rate), f"at_{rate}", rate)

    assert found(chirp(), heard)[1] > 0.97
    room.pactl("set-default-source", "vmic.monitor")
    room.pactl("unload-module", sink)


def test_a_channel_is_picked_or_all_are_mixed(room: Room) -> None:
    sink = room.add_sink("stereo", channels=2)
    room.pactl("set-default-source", "stereo.monitor")
    left, right = chirp(), chirp()[::-1].copy()
    both = np.stack([np.concatenate([left, quiet(0.5)]), np.concatenate([quiet(0.5), right])], axis=1)

    first = hear(Microphone(channel=1), room, both, "stereo")
    second = hear(Microphone(channel=2), room, both, "stereo")
    mixed = hear(Microphone(), room, both, "stereo")

    assert found(left, first)[1] > 0.97
    assert found(right, second)[1] > 0.97
    assert found(both.mean(axis=1).astype(np.float32), mixed)[1] > 0.97
    assert np.abs(mixed).max() < 0.75 * np.abs(first).max() + 0.25
    room.pactl("set-default-source", "vmic.monitor")
    room.pactl("unload-module", sink)


def test_a_channel_of_a_card_that_gives_them_no_places_is_picked(room: Room) -> None:
    sink = room.add_sink("stereo", channels=2)
    card = room.pactl(
        "load-module",
        "module-remap-source",
        "source_name=card",
        "master=stereo.monitor",
        "master_channel_map=front-left,front-right",
        "channel_map=aux0,aux1",
        "source_properties=device.description=Card",
    ).strip()
    left, right = chirp(), chirp()[::-1].copy()
    both = np.stack([np.concatenate([left, quiet(0.5)]), np.concatenate([quiet(0.5), right])], axis=1)

    second = hear(Microphone(("Card",), channel=2), room, both, "stereo")
    mixed = hear(Microphone(("Card",)), room, both, "stereo")

    assert found(right, second)[1] > 0.97
    assert found(both.mean(axis=1).astype(np.float32), mixed)[1] > 0.97
    room.pactl("unload-module", card)
    room.pactl("unload-module", sink)


@pytest.mark.usefixtures("room")
def test_a_channel_that_is_not_there_is_named() -> None:
    most = next(device.channels for device in devices() if device.default)

    with pytest.raises(VoicegoError, match=f'"Monitor of Null Output" has no channel {most + 1}, only {most}'):
        Microphone(channel=most + 1).open()


# --- nothing is lost -------------------------------------------------------------------------------------------------


def test_ten_seconds_are_heard_without_loss_or_drift(room: Room) -> None:
    spoken = np.concatenate([chirp(200 + 50 * n, 2_000 + 100 * n) for n in range(10)])

    heard = hear(Microphone(), room, spoken)

    places = []
    for n in range(10):
        at, alike = found(spoken[n * SAMPLE_RATE : (n + 1) * SAMPLE_RATE], heard)
        assert alike > 0.95
        places.append(at - n * SAMPLE_RATE)
    assert max(places) - min(places) <= 16  # a millisecond


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.usefixtures("room")
def test_a_process_that_was_stopped_hears_on() -> None:
    microphone = Microphone()
    microphone.open()
    blocks = microphone.blocks()
    while not len(next(blocks).samples):
        pass

    subprocess.run(["sh", "-c", f"kill -STOP {os.getpid()}; sleep 3; kill -CONT {os.getpid()}"], check=True, timeout=30)

    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        next(blocks)  # would raise MicrophoneLost
    microphone.close()


@pytest.mark.usefixtures("room")
def test_sound_comes_in_small_pieces() -> None:
    """A piece waits until it is full."""
    microphone = hearing()

    pieces = [len(block.samples) for block in islice(microphone.blocks(), 40)]
    microphone.close()

    assert np.median(pieces) <= in_samples(0.1)


def test_each_click_is_heard_before_the_server_hears_the_next(
    room: Room, record_property: Callable[[str, object], None]
) -> None:
    """The server is heard by its own recorder at its quickest."""
    click = np.concatenate([quiet(0.5), np.full(80, 0.5, dtype=np.float32), quiet(0.3)])
    command = ["parec", "--device=vmic.monitor", "--latency-msec=5", "--format=s16le", "--rate=16000", "--channels=1"]
    recorder = subprocess.Popen(command, stdout=subprocess.PIPE)
    microphone = Microphone()
    microphone.open()
    by_server: list[float] = []
    by_microphone: list[float] = []

    def read_server() -> None:
        assert recorder.stdout is not None
        while content := os.read(recorder.stdout.fileno(), 65_536):
            note(np.frombuffer(content[: len(content) // 2 * 2], "<i2") / 32_768, by_server)

    def read_microphone() -> None:
        for block in microphone.blocks():
            note(block.samples, by_microphone)

    def note(sound: np.ndarray[Any, Any], into: list[float]) -> None:
        now = time.monotonic()
        if np.abs(sound).max(initial=0) > 0.1 and (not into or now - into[-1] > 0.4):
            into.append(now)

    readers = [threading.Thread(target=read_server), threading.Thread(target=read_microphone)]
    for reader in readers:
        reader.start()
    time.sleep(2.5)  # a null sink that was idle has 2 s of silence to give first
    room.speak(np.concatenate([click] * 5))
    time.sleep(5.5)
    recorder.terminate()
    recorder.wait(timeout=10)
    microphone.close()
    for reader in readers:
        reader.join(timeout=10)
    assert recorder.stdout is not None
    recorder.stdout.close()

    assert len(by_microphone) == len(by_server) == 5
    late_ms = [round(1_000 * (mine - theirs)) for mine, theirs in zip(by_microphone, by_server, strict=True)]
    record_property("later_than_the_servers_recorder_ms", late_ms)
    assert all(mine < following for mine, following in zip(by_microphone, by_server[1:], strict=False)), late_ms


# --- loss and letting go ---------------------------------------------------------------------------------------------


def test_after_close_nobody_listens_any_more(room: Room) -> None:
    microphone = Microphone()
    threads = threading.active_count()
    for _ in range(3):
        microphone.open()
        next(microphone.blocks())
        assert room.listeners() == 1

        microphone.close()

        assert room.listeners() == 0
    assert threading.active_count() == threads
    assert [child.name() for child in psutil.Process().children()] == ["pulseaudio"]


def hear_until_lost(microphone: Microphone) -> None:
    deadline = time.monotonic() + WAIT_S
    blocks = takewhile(lambda _: time.monotonic() < deadline, microphone.blocks())
    with pytest.raises(MicrophoneLost, match="gives no more sound"):
        deque(blocks, maxlen=0)


def hearing(*names: str) -> Microphone:
    microphone = Microphone(names or ("default",))
    microphone.open()
    while not len(next(microphone.blocks()).samples):
        pass
    return microphone


def test_a_microphone_that_is_unplugged_is_lost(fragile_room: Room) -> None:
    microphone = hearing()

    (module,) = (
        line.split()[0]
        for line in fragile_room.pactl("list", "short", "modules").splitlines()
        if "module-null-sink" in line
    )
    fragile_room.pactl("unload-module", module)

    hear_until_lost(microphone)
    microphone.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_when_the_server_dies_it_is_lost_and_can_be_opened_again(fragile_room: Room, how: signal.Signals) -> None:
    microphone = hearing()

    fragile_room.stop(how)

    hear_until_lost(microphone)
    microphone.close()
    with pytest.raises(VoicegoError):
        microphone.open()
    fragile_room.start()
    assert found(chirp(), hear(microphone, fragile_room, chirp()))[1] > 0.97


def test_a_server_that_comes_later_is_found(fragile_room: Room) -> None:
    fragile_room.stop()
    rescan()
    microphone = Microphone()
    with pytest.raises(NoMicrophone, match="no microphone was found"):
        microphone.open()

    fragile_room.start()

    assert found(chirp(), hear(microphone, fragile_room, chirp()))[1] > 0.97


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_server_that_hangs_is_lost_and_let_go_at_once(fragile_room: Room) -> None:
    microphone = hearing()

    with fragile_room.hung():
        hear_until_lost(microphone)
        microphone.close()
        until(
            lambda: {child.name() for child in psutil.Process().children()} == {"pulseaudio"}, "nobody waiting for it"
        )
    until(lambda: fragile_room.listeners() == 0, "that the server has noticed")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_through_portaudio_a_server_that_hangs_is_let_go_when_it_answers(fragile_room: Room) -> None:
    microphone = hearing("pulse")

    with fragile_room.hung():
        hear_until_lost(microphone)
        microphone.close()
        closings = [thread for thread in threading.enumerate() if thread.name == "voicego-microphone-closing"]
    for closing in closings:
        closing.join(timeout=10)

    assert closings, "close waited for the server"
    assert not any(closing.is_alive() for closing in closings)
    assert fragile_room.listeners() == 0


# --- the server's recorder -------------------------------------------------------------------------------------------


def test_people_see_voicego_and_not_its_recorder(room: Room) -> None:
    microphone = hearing()

    (seen,) = json.loads(room.pactl("--format=json", "list", "source-outputs"))
    microphone.close()

    assert seen["properties"]["application.name"] == "voicego"
    assert seen["properties"]["application.process.id"] == str(os.getpid())


def test_a_source_that_is_gone_by_now_cannot_be_opened(room: Room) -> None:
    with pytest.raises(VoicegoError, match='the microphone "Yeti" cannot be opened: Stream error: No such entity'):
        Recorder(Device("Yeti", "PulseAudio", 1, 16_000, node="gone"), 1)

    assert room.listeners() == 0


def test_a_recorder_that_is_missing_is_named() -> None:
    with pytest.raises(VoicegoError, match=r"nowhere, the sound server's recorder, cannot be started: No such file"):
        Recorder(Device("Yeti", "PulseAudio", 1, 16_000, node="yeti"), 1, tool="nowhere")


@pytest.mark.usefixtures("room")
def test_a_latency_that_a_person_asks_of_every_program_is_not_voicegos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_LATENCY_MSEC", "4000")
    microphone, heard = hearing(), 0
    blocks = microphone.blocks()

    while heard < in_samples(4.0):
        heard += len(next(blocks).samples)  # with pieces of 4 s it would be lost in between

    microphone.close()


def test_closing_waits_for_nobody_that_the_recorder_has_started(tmp_path: Path) -> None:
    tool, over = tmp_path / "recorder", tmp_path / "over"
    tool.write_text(f"#!/bin/sh\n(sleep 20; : > '{over}') > /dev/null &\nexec cat /dev/zero\n")
    tool.chmod(0o700)
    recorder = Recorder(Device("Yeti", "PulseAudio", 1, 16_000, node="yeti"), 1, tool=str(tool))

    recorder.close()

    assert not over.exists()


@pytest.mark.usefixtures("room")
def test_nothing_is_lost_on_a_reader_that_is_held_up() -> None:
    microphone = hearing()
    blocks = microphone.blocks()
    before, began = sum(len(next(blocks).samples) for _ in range(5)), time.monotonic()

    time.sleep(4.0)

    heard, longest = before, 0
    while time.monotonic() - began < 6.0:
        block = next(blocks)
        assert not block.skipped
        heard, longest = heard + len(block.samples), max(longest, len(block.samples))
    microphone.close()
    assert heard - before >= in_samples(5.5)
    assert longest == SAMPLE_RATE


@pytest.mark.usefixtures("room")
def test_a_reader_in_no_hurry_sleeps_while_sound_gathers() -> None:
    microphone = hearing()
    microphone.hurry(Haste.OFTEN)

    pieces = [len(block.samples) for block in islice(microphone.blocks(), 20)][1:]
    microphone.close()

    assert np.median(pieces) >= in_samples(0.15)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_its_recorder_does_not_outlive_a_process_that_is_killed(room: Room) -> None:
    code = "from voicego.hearing.microphone import Microphone\nmicrophone = Microphone()\nmicrophone.open()\n"
    code += "print(flush=True)\nfor _ in microphone.blocks(): pass"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline()
    assert room.listeners() == 1

    process.kill()
    process.wait(10)
    process.stdout.close()

    until(lambda: room.listeners() == 0, "the end of its recorder")


# --- the sound server's own microphones ------------------------------------------------------------------------------


@pytest.fixture
def two(room: Room) -> Iterator[Room]:
    """A built-in microphone over `vmic`, which is the default, and a Yeti over `desk`."""
    modules = [room.add_sink("desk", 48_000), room.add_microphone("yeti", "desk", "Yeti Größe")]
    modules.append(room.add_microphone("inside", "vmic", "Built-in", "pci"))
    room.pactl("set-default-source", "inside")
    yield room
    room.hush()
    room.pactl("set-default-source", "vmic.monitor")
    for module in reversed(modules):
        room.pactl("unload-module", module)


def lost(microphone: Microphone) -> str:
    """Wait until it is lost, and close it; return what was said."""
    deadline = time.monotonic() + WAIT_S
    with pytest.raises(MicrophoneLost) as caught:
        deque(takewhile(lambda _: time.monotonic() < deadline, microphone.blocks()), maxlen=0)
    microphone.close()
    return str(caught.value)


def opened(*names: str) -> Microphone:
    microphone = Microphone(names)
    microphone.open()
    return microphone


def test_a_microphone_is_heard_by_the_name_that_the_server_shows(two: Room) -> None:
    heard = hear(Microphone(("yeti gr",)), two, chirp(rate=48_000), "desk", 48_000)

    assert found(chirp(), heard)[1] > 0.97


def test_devices_shows_the_servers_names_and_buses(two: Room) -> None:
    headset = two.add_microphone("bluez_input.00_11", "desk", "WH-1000XM4", "bluetooth")

    lines = list(listing())

    assert lines[0].startswith("  Yeti Größe  (USB, PulseAudio, ")
    assert lines[1].startswith("* Built-in  (built in, PulseAudio, ")
    assert lines[2].startswith("  WH-1000XM4  (Bluetooth: used only if named, PulseAudio")
    assert [device.name for device in listed()] == ["Yeti Größe", "Built-in", "WH-1000XM4"]
    assert any(line.startswith("  Monitor of") and "used only by its whole name" in line for line in lines)
    two.pactl("unload-module", headset)


def test_a_headset_that_becomes_the_default_is_left_at_once_and_not_opened(two: Room) -> None:
    microphone = opened("default")
    assert microphone.name == "Built-in"
    headset = two.add_microphone("bluez_input.00_11", "desk", "WH-1000XM4", "bluetooth")

    two.pactl("set-default-source", "bluez_input.00_11")

    assert lost(microphone) == 'the microphone "Built-in" is no longer what the sound server gives'
    assert not heard_by(os.getpid())
    microphone.open()
    assert microphone.name == "Yeti Größe"
    assert not better_there(("default",), microphone.name)
    microphone.close()
    named = opened("wh-1000")
    assert named.name == "WH-1000XM4"
    named.close()
    two.pactl("unload-module", headset)


def test_the_preferred_one_is_left_when_it_goes_and_taken_back_when_it_returns(room: Room) -> None:
    inside = room.add_microphone("inside", "vmic", "Built-in", "pci")
    room.pactl("set-default-source", "inside")
    desk = room.add_sink("desk")
    names = ("yeti", "default")
    microphone = opened(*names)
    assert microphone.name == "Built-in"
    assert not better_there(names, microphone.name)

    yeti = room.add_microphone("yeti", "desk", "Yeti")
    assert eventually(lambda: better_there(names, microphone.name))
    microphone.close()
    microphone.open()
    assert microphone.name == "Yeti"
    assert not better_there(names, microphone.name)

    room.pactl("unload-module", yeti)
    assert "Yeti" in lost(microphone)
    assert found(chirp(), hear(microphone, room, chirp()))[1] > 0.97
    assert microphone.name == "Built-in"
    room.pactl("set-default-source", "vmic.monitor")
    for module in (desk, inside):
        room.pactl("unload-module", module)


def test_a_named_device_of_alsa_is_taken_back_without_a_gap_in_the_other(room: Room) -> None:
    wall = room.add_sink("wall")
    name_pcm(room, desk_microphone="desk", wall_microphone="wall")
    names = ("desk_microphone", "wall_microphone")
    microphone = opened(*names)
    assert microphone.name == "wall_microphone"
    blocks = microphone.blocks()
    while not len(next(blocks).samples):
        pass
    assert not better_there(names, microphone.name)

    desk = room.add_sink("desk")
    assert eventually(lambda: better_there(names, microphone.name))
    assert not any(block.skipped for block in islice(blocks, 20))
    microphone.close()
    microphone.open()

    assert microphone.name == "desk_microphone"
    assert not better_there(names, microphone.name)
    room.pactl("unload-module", desk)
    assert "desk_microphone" in lost(microphone)
    microphone.open()
    assert microphone.name == "wall_microphone"
    microphone.close()
    room.pactl("unload-module", wall)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_server_that_hangs_is_told_in_a_sentence_and_opened_when_it_answers(
    fragile_room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_server, "ANSWERS_S", 1.0)
    monkeypatch.setattr(look, "LOOKS_S", 1.0)
    with fragile_room.hung():
        for call in (Microphone().open, listed, lambda: better_there(("yeti", "default"), "Built-in")):
            with pytest.raises(VoicegoError, match="does not answer"):
                call()

    hearing().close()


def eventually(true: Callable[[], bool]) -> bool:
    """Ask again and again: what the server tells comes a moment later."""
    deadline = time.monotonic() + WAIT_S
    return any(true() for _ in takewhile(lambda _: time.monotonic() < deadline, count()))


# --- nothing there ---------------------------------------------------------------------------------------------------

OPEN = "from voicego.hearing.microphone import Microphone\nMicrophone().open()"


def complaint(code: str, **environ: str) -> str:
    """Return the last line that a Python of its own leaves."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stderr.strip().splitlines()[-1]


def test_without_portaudio_the_package_is_named() -> None:
    pulse = OPEN.replace("Microphone()", "Microphone(('pulse',))")
    said = complaint(f"import ctypes.util\nctypes.util.find_library = lambda name: None\n{pulse}", PULSE_SERVER="none")

    assert "PortAudioMissing: PortAudio, which hears the microphone, is missing; install it:" in said
    assert "portaudio" in said.split("install it:")[1]


def test_without_any_microphone_it_says_so(tmp_path: object) -> None:
    nowhere = str(tmp_path)

    said = complaint(OPEN, HOME=nowhere, XDG_RUNTIME_DIR=nowhere, PULSE_SERVER=f"unix:{nowhere}/none")

    assert "NoMicrophone: no microphone was found" in said
