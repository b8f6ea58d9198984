"""The verbs that look through a real microphone."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import soundfile

from tests.house import House, until
from tests.spoken import saying, with_pauses

if TYPE_CHECKING:
    from pathlib import Path

    from tests.soundserver import SoundServer

pytestmark = pytest.mark.e2e


def when_listening(server: SoundServer) -> None:
    """Wait for a listener, and for the null sink to wake up and keep time."""
    until(server.source_outputs, "somebody who listens")
    time.sleep(2.5)  # there is no event for it: the sink gives two seconds of silence at once


def test_devices_lists_the_sound_server(tmp_path: Path, sound_server: SoundServer) -> None:
    done = House(tmp_path, environ=sound_server.env).voicego("devices")

    assert done.returncode == 0
    assert "pulse" in done.stdout
    assert "* " in done.stdout


def test_record_shows_the_level_and_what_is_heard(tmp_path: Path, sound_server: SoundServer) -> None:
    house = House(tmp_path, environ=sound_server.env)
    words = [sys.executable, "-m", "voicego", "record", "6", str(tmp_path / "said.wav")]
    with subprocess.Popen(words, env=house.env, stdout=subprocess.PIPE, text=True) as recorder:
        when_listening(sound_server)
        sound_server.play_samples(with_pauses(saying("go")))
        told, _ = recorder.communicate(timeout=60)

    assert recorder.returncode == 0
    assert told.count("dBFS") == 6
    assert "heard go" in told
    sound, rate = soundfile.read(tmp_path / "said.wav")
    assert (len(sound), rate) == (96_000, 16_000)


def test_spot_without_a_file_shows_what_the_microphone_hears(tmp_path: Path, sound_server: SoundServer) -> None:
    house = House(tmp_path, environ=sound_server.env)
    words = [sys.executable, "-m", "voicego", "spot", "--json"]
    with subprocess.Popen(words, env=house.env, stdout=subprocess.PIPE, text=True) as looker:
        when_listening(sound_server)
        sound_server.play_samples(with_pauses(saying("go")))
        assert looker.stdout is not None
        found = json.loads(looker.stdout.readline())
        looker.terminate()

    assert found["keyword"] == "go"


def test_a_name_that_means_several_microphones_or_none_is_told(tmp_path: Path, sound_server: SoundServer) -> None:
    house = House(tmp_path, environ=sound_server.env)
    house.write("rules: {go: {open: browser}}\n")

    several = house.voicego("record", "1", str(tmp_path / "said.wav"), "--device", "u")
    none = house.voicego("record", "1", str(tmp_path / "said.wav"), "--device", "no such one")

    assert (several.returncode, none.returncode) == (1, 1)
    assert '"u" means several microphones: ' in several.stderr
    assert several.stderr.endswith("; write more of the name\n")
    assert none.stderr.startswith('there is no microphone "no such one"; there are: ')
    assert not (tmp_path / "said.wav").exists()
