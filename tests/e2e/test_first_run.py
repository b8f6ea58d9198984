"""`voicego init` in front of a person: on a terminal, with a real sound server and a voice that speaks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.house import House, house_in
from tests.spoken import saying, spoken
from tests.terminal import Terminal
from voicego.config import starter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.soundserver import SoundServer

pytestmark = pytest.mark.e2e

LEVEL = r"■+·* +(-\d\d) dBFS"


@pytest.fixture
def house(tmp_path: Path, sound_server: SoundServer) -> Iterator[House]:
    with house_in(tmp_path, sound_server.env | {"XDG_CONFIG_HOME": str(tmp_path / "config")}) as one:
        yield one


def test_the_bar_moves_a_spoken_go_is_heard_and_voicego_starts_at_login(
    house: House, sound_server: SoundServer
) -> None:
    with sound_server.witness(), Terminal(house.env, "init") as terminal:
        terminal.until("Which microphone")
        sound_server.speak(spoken(0.2, saying("stop"), 0.2, saying("no"), 0.2))
        terminal.until(LEVEL)
        sound_server.hush()
        terminal.press("\r")
        terminal.until('Say "go" on its own')

        sound_server.play_samples(spoken(0.8, saying("no"), 0.8, saying("go"), 0.8))
        terminal.until(r'that sounded like "no" \(0\.\d\d\); "go" got 0\.\d\d, and it takes 0\.\d\d')
        terminal.until(r'heard "go": 0\.\d\d, and 0\.\d\d is enough')
        terminal.until("Start voicego whenever you log in")
        assert house.rules_file.read_text() == starter(), "the default was chosen"
        terminal.press("y")
        assert terminal.ended() == 0

        assert terminal.restored()
        assert sound_server.listeners() == 1, "the witness alone: the microphone was let go"
    assert len(set(re.findall(LEVEL, terminal.shown))) > 3
    entry = house.folder / "config" / "autostart" / "voicego.desktop"
    assert entry.is_file()
    assert f"wrote {entry}" in terminal.shown
    assert "voicego starts at login" in terminal.shown


@pytest.mark.parametrize("step", ["Which microphone", "gets ready"])
def test_ctrl_c_ends_it_at_once_and_leaves_nothing(house: House, step: str) -> None:
    with Terminal(house.env, "init") as terminal:
        terminal.until("Which microphone")
        if step == "gets ready":
            terminal.press("\r")
        terminal.until(step)
        terminal.press("\x03")

        assert terminal.ended() == 130
        assert terminal.restored()
    assert "stopped; nothing was written" in terminal.shown
    assert not house.rules_file.exists()


def test_a_pipe_is_asked_nothing(house: House) -> None:
    done = house.voicego("init")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"wrote the starter rules to {house.rules_file}; edit them, then: voicego run\n"
