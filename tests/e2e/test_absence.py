"""A real daemon is silent when it should be: in a call, and while the screen is locked."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.buses import buses_in
from tests.house import house_in, until
from tests.spoken import saying, with_pauses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.buses import Buses
    from tests.house import House
    from tests.soundserver import SoundServer

pytestmark = pytest.mark.e2e

RULES = "pause_while: [locked, call]\nrules:\n  go: {{{mark}}}\n"


@pytest.fixture
def buses() -> Iterator[Buses]:
    with tempfile.TemporaryDirectory(prefix="voicego-bus-", dir="/tmp") as folder, buses_in(Path(folder)) as found:
        found.logind()
        yield found


@pytest.fixture
def house(tmp_path: Path, sound_server: SoundServer, buses: Buses) -> Iterator[House]:
    on_the_buses = {name: value for name, value in buses.environ.items() if name.startswith("DBUS")}
    with house_in(tmp_path, sound_server.env | on_the_buses) as one:
        one.write(RULES.format(mark=one.mark()))
        yield one


def test_it_hears_nothing_in_a_call_or_behind_a_lock_and_all_again_after(
    house: House, sound_server: SoundServer, buses: Buses
) -> None:
    house.start()
    house.until_state("listening")

    with subprocess.Popen(["parec"], env=sound_server.env, stdout=subprocess.DEVNULL) as call:
        paused = house.until_state("paused")
        who_hears = [one.pid for one in sound_server.source_outputs()]
        buses.lock()
        until(lambda: len(house.status()["pause_reasons"]) == 2, "both reasons")
        call.terminate()
    until(lambda: house.status()["pause_reasons"] == ["screen locked"], "the end of the call")
    locked = house.status()
    nobody_hears = sound_server.source_outputs()
    shown = house.voicego("status").stdout
    buses.unlock()
    house.until_state("listening")
    house.until_awake()
    sound_server.play_samples(with_pauses(saying("go")))
    house.until_done(1)

    assert (paused["pause_reasons"], paused["reason"]) == (["in a call"], "in a call")
    assert who_hears == [call.pid]
    assert (locked["state"], locked["reason"]) == ("paused", "screen locked")
    assert "paused (screen locked)" in shown
    assert nobody_hears == []
    assert house.marks == ["go"]


def test_choosing_off_in_a_call_listens_at_once(house: House, sound_server: SoundServer) -> None:
    with subprocess.Popen(["parec"], env=sound_server.env, stdout=subprocess.DEVNULL) as call:
        house.begin(state="paused")
        chosen = house.voicego("choose", "pause-while", "call", "off")
        house.until_state("listening")
        call.terminate()

    assert chosen.returncode == 0
    assert house.status()["pause_while"] == ["locked"]
