"""Microphones and sound servers come and go; the daemon is the same one all the while."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from tests.faults.report import Measured, add
from tests.faults.survivor import OFTEN, Survivor, survivor_in
from voicego.flow import SAMPLE_RATE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.house import House

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def sink_of(survivor: Survivor, name: str) -> str:
    """Give the number of the module that a sink came with."""
    for line in survivor.server.pactl("list", "short", "modules").splitlines():
        number, _, rest = line.partition("\t")
        if f"sink_name={name} " in f"{rest} ":
            return number
    raise AssertionError(f"no sink {name}")


def test_a_microphone_is_unplugged_and_plugged_in_again(survivor: Survivor) -> None:
    gone = time.monotonic()
    survivor.server.unload(sink_of(survivor, "vmic"))
    noticed = survivor.seconds_until_state("reconnecting", gone)
    before = survivor.house.status()["reason"]
    back = time.monotonic()
    survivor.server.load("module-null-sink", "sink_name=vmic", f"rate={SAMPLE_RATE}")
    survivor.server.pactl("set-default-source", "vmic.monitor")
    recovered = survivor.seconds_until_state("listening", back)
    lost = survivor.words_until_it_acts()

    assert before
    add(Measured("microphone unplugged, plugged in again", "comes back by itself", noticed, recovered, lost))


def test_the_sound_server_is_killed_and_started_again(survivor: Survivor) -> None:
    gone = time.monotonic()
    survivor.server.stop(signal.SIGKILL)
    noticed = survivor.seconds_until_state("reconnecting", gone)
    back = time.monotonic()
    survivor.server.start()
    recovered = survivor.seconds_until_state("listening", back)
    lost = survivor.words_until_it_acts()

    add(Measured("sound server killed, started again", "comes back by itself", noticed, recovered, lost))


@pytest.mark.faults
def test_the_sound_server_hangs_for_a_while(survivor: Survivor) -> None:
    gone = time.monotonic()
    with survivor.server.hung():
        noticed = survivor.seconds_until_state("reconnecting", gone)
        # What is asked of it meanwhile is answered: whoever opens a microphone hangs, and not the daemon.
        assert survivor.house.status()["state"] == "reconnecting"
        assert survivor.house.voicego("pause").returncode == 0
        assert survivor.house.voicego("resume").returncode == 0
    back = time.monotonic()
    recovered = survivor.seconds_until_state("listening", back)
    lost = survivor.words_until_it_acts()

    add(
        Measured(
            "sound server hangs, answers again",
            "says so, takes commands, comes back by itself",
            noticed,
            recovered,
            lost,
        )
    )


@pytest.mark.faults
def test_the_sound_system_never_lets_go_of_a_lost_microphone(tmp_path: Path) -> None:
    """As when PortAudio's own thread hangs, or turns in an error for ever: nothing within the process can end it."""
    held = tmp_path / "held"

    def through_portaudio(house: House) -> str:
        return f"{OFTEN}microphone: pulse\nrules:\n  go: {{{house.mark()}}}\n"

    with survivor_in(tmp_path, through_portaudio, bent=("held", str(held))) as survivor:
        before = survivor.house.log().count("loading")
        held.touch()
        gone = time.monotonic()
        survivor.server.unload(sink_of(survivor, "vmic"))
        noticed = survivor.seconds_until_state("reconnecting", gone)
        back = time.monotonic()
        survivor.server.load("module-null-sink", "sink_name=vmic", f"rate={SAMPLE_RATE}")
        survivor.server.pactl("set-default-source", "vmic.monitor")
        recovered = survivor.seconds_until_state("listening", back)
        lost = survivor.words_until_it_acts()
        assert survivor.house.log().count("loading") > before, "it did not begin anew"

    add(
        Measured(
            "PortAudio never lets go of a lost microphone",
            "starts itself anew in its place",
            noticed,
            recovered,
            lost,
        )
    )


@pytest.mark.faults
def test_the_preferred_microphone_goes_and_comes_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("preferred")
    with survivor_in(folder) as survivor:
        house, server = survivor.house, survivor.server
        modules = {name: server.add_sink(name) for name in ("desk", "wall")}
        show(survivor, *modules)
        house.write(f"{OFTEN}microphone: [deskmic, wallmic]\nrules:\n  go: {{{house.mark()}}}\n")
        survivor.seconds_until(lambda found: "desk" in found.get("microphone", ""), "the preferred one", 0.0)
        survivor.is_awake()
        assert survivor.words_until_it_acts(sink="desk") <= 1

        gone = time.monotonic()
        server.unload(modules["desk"])
        show(survivor, "wall")
        noticed = survivor.seconds_until(lambda found: found.get("state") == "reconnecting", "the loss", gone)
        survivor.seconds_until(lambda found: "wall" in found.get("microphone", ""), "the other one", gone)
        survivor.is_awake()
        lost = survivor.words_until_it_acts(sink="wall")
        back = time.monotonic()
        server.add_sink("desk")
        show(survivor, "desk", "wall")
        taken = survivor.seconds_until(lambda found: "desk" in found.get("microphone", ""), "it again", back)
        survivor.is_awake()
        lost += survivor.words_until_it_acts(sink="desk")

    add(
        Measured(
            "preferred microphone taken away, given back",
            "the other one is heard meanwhile, and left when the preferred one is back",
            noticed,
            taken,
            lost,
        )
    )


def show(survivor: Survivor, *shown: str) -> None:
    """Let ALSA know of these microphones only, as it is when a device was unplugged."""
    survivor.server.folder.joinpath(".asoundrc").write_text(
        "".join(
            f'pcm.{name}mic {{ type pulse device "{name}.monitor" hint {{ show on description "{name}mic" }} }}\n'
            for name in shown
        )
    )
