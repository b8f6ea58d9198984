from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from voicego.app.doctor import sound
from voicego.app.doctor.check import Check, State
from voicego.app.ear import Silent
from voicego.errors import VoicegoError

HEARD = {"name": "Yeti", "host_api": "ALSA", "rate": 48_000.0, "seconds": 0.5, "still_s": 0.0}
LOUD_ENOUGH = HEARD | {"level_db": -50.0, "peak_db": -30.0, "clipped": 0.0}
LISTENING = {"state": "listening", "microphone": "Yeti", "level_db": -48.2}


@dataclass
class FakeEar:
    """Says what it was given; an exception is raised."""

    says: dict[str, Any]
    asked: list[dict[str, object]] = field(default_factory=list)

    def answer(self, what: str, timeout_s: float, **arguments: object) -> dict[str, Any]:
        assert timeout_s > 0
        self.asked.append(arguments)
        said = self.says[what]
        if isinstance(said, Exception):
            raise said
        return dict(said)


def microphone(name: str, **more: bool) -> dict[str, Any]:
    return {"name": name, "host_api": "ALSA", "channels": 1, "rate": 48_000.0} | more


def hears(
    *there: dict[str, Any], system: str = "linux", wanted: tuple[str, ...] = ("default",), tools: bool = True
) -> Check:
    return sound.microphones(FakeEar({"list": {"microphones": list(there)}}), wanted, system, lambda: tools)


def measured(status: dict[str, Any] | None = None, **more: float) -> Check:
    return sound.sound(FakeEar({"measure": {"sound": LOUD_ENOUGH | more}}), ("default",), None, status)


def test_portaudio_is_named_with_its_host_apis() -> None:
    about = {"portaudio": "PortAudio V19.7", "host_apis": ["ALSA", "JACK"], "server": "PipeWire"}

    check = sound.portaudio(FakeEar({"about": about}))
    silent = sound.portaudio(FakeEar({"about": about | {"host_apis": []}}))

    assert (check.state, silent.state) == (State.OK, State.PROBLEM)
    assert check.found == "PortAudio V19.7, host APIs: ALSA, JACK; sound server: PipeWire"


def test_a_missing_portaudio_is_a_problem_with_what_to_install() -> None:
    check = sound.portaudio(FakeEar({"about": VoicegoError("PortAudio is missing; install it: sudo apt install x")}))

    assert (check.state, check.found) == (State.PROBLEM, "PortAudio is missing")
    assert check.advice == "install it: sudo apt install x"


def test_microphones_are_named_the_default_one_marked() -> None:
    check = hears(microphone("pulse", default=True), microphone("Yeti"))

    assert (check.state, check.found) == (State.OK, "pulse (the default), Yeti")


def test_of_many_microphones_the_first_are_named() -> None:
    check = hears(*(microphone(f"no. {number}", default=number == 0) for number in range(12)))

    assert check.found.endswith("no. 7 and 4 more")


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_no_microphone_is_a_problem_with_advice_on_each_system(system: str) -> None:
    check = hears(system=system)

    assert check.state is State.PROBLEM
    assert "plug one in" in check.advice


def test_without_a_microphone_tools_are_to_be_installed_only_where_they_are_missing() -> None:
    assert "install pulseaudio-utils" in hears(tools=False).advice
    assert hears(tools=True).advice == "plug one in, or start the sound server"


def test_a_sound_server_without_its_tools_is_a_warning() -> None:
    pulse, plain = microphone("pulse", default=True), microphone("default", default=True)
    without = hears(pulse, tools=False)

    assert (without.state, without.advice) == (State.WARNING, "install pulseaudio-utils (on Arch libpulse)")
    assert "the tools of a sound server are missing" in without.found
    assert hears(pulse, tools=True).state is State.OK
    assert hears(plain, tools=False).state is State.OK


def test_a_wanted_microphone_that_is_not_there_is_a_problem() -> None:
    missing = hears(microphone("pulse", default=True), wanted=("Yeti", "Snowball"))
    there = hears(microphone("pulse", default=True), microphone("Yeti Stereo"), wanted=("Snowball", "yeti"))

    assert (missing.state, there.state) == (State.PROBLEM, State.OK)
    assert 'no microphone "Yeti" or "Snowball"' in missing.found


def test_a_name_that_means_several_is_a_problem() -> None:
    check = hears(microphone("Yeti left", default=True), microphone("Yeti right"), wanted=("yeti",))

    assert (check.state, check.advice) == (State.PROBLEM, "write more of the name")


def test_what_a_loudspeaker_plays_is_no_microphone_unless_it_is_the_default() -> None:
    yeti, monitor = microphone("Yeti", default=True), microphone("Monitor", monitor=True)

    assert hears(yeti, monitor).found == "Yeti (the default)"
    assert hears(microphone("Monitor", monitor=True, default=True)).found == "Monitor (the default)"


def test_nothing_but_raw_devices_on_linux_is_a_warning() -> None:
    raw = microphone("HDA Intel (hw:0,0)", default=True)

    assert hears(raw).state is State.WARNING
    assert "pulseaudio-utils" in hears(raw).advice
    assert hears(raw, microphone("pulse")).state is State.OK


def test_names_tell_neither_owner_nor_serial_number() -> None:
    check = hears(microphone("Ada's AirPods", default=True), microphone("Mic A1B2C3D4E5F6"))

    assert check.found == "(name)'s AirPods (the default), Mic (serial)"


def test_half_a_second_is_told_with_its_level_and_native_rate() -> None:
    check = measured()

    assert (check.state, check.found) == (State.OK, "Yeti (48 kHz by ALSA): -50 dBFS, peak -30")


def test_exact_silence_is_a_problem() -> None:
    check = measured(seconds=0.0, still_s=3.0)

    assert check.state is State.PROBLEM
    assert "nothing but exact silence for 3 s" in check.found
    assert "muted" in check.advice


def test_clipped_or_very_faint_sound_is_a_warning() -> None:
    clipped, faint = measured(clipped=0.031), measured(level_db=-88.0)

    assert (clipped.state, faint.state) == (State.WARNING, State.WARNING)
    assert "3.1 % of it is clipped" in clipped.found
    assert "raise" in faint.advice


def test_it_is_said_that_the_running_voicego_hears_it_too() -> None:
    assert "the running voicego hears it too" in measured(LISTENING).found
    assert "hears it too" not in measured(LISTENING | {"state": "paused"}).found


def test_a_microphone_that_the_running_voicego_keeps_to_itself_has_the_level_that_it_says() -> None:
    ear = FakeEar({"measure": VoicegoError("it cannot be opened")})

    held, not_held = (sound.sound(ear, ("Yeti",), 2, status) for status in (LISTENING, None))

    assert (held.state, not_held.state) == (State.OK, State.PROBLEM)
    assert held.found.startswith("-48 dBFS, as the running voicego says")
    assert ear.asked[0] == {"names": ["Yeti"], "channel": 2}


def test_without_a_microphone_the_look_at_microphones_has_the_advice() -> None:
    ear = FakeEar({"measure": VoicegoError("no microphone was found")})

    check = sound.sound(ear, ("default",), None, None)

    assert (check.state, check.advice) == (State.PROBLEM, "see `microphones`")


def test_a_sound_system_that_hangs_is_a_problem_even_if_voicego_runs() -> None:
    ear = FakeEar({"measure": Silent("the sound system gave no answer within 9 s; restart it")})

    check = sound.sound(ear, ("default",), None, LISTENING)

    assert (check.state, check.advice) == (State.PROBLEM, "restart it")
