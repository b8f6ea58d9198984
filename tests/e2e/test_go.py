"""A real daemon on a real sound server: say "go", and the rule acts. Nothing else that is said does."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
import soundfile

from tests.house import House, house_in, until
from tests.sounds import hiss
from tests.spoken import OTHERS, SURELY, saying, with_pauses
from voicego.flow import SAMPLE_RATE, in_samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.soundserver import SoundServer

pytestmark = pytest.mark.e2e


@pytest.fixture
def house(tmp_path: Path, sound_server: SoundServer) -> Iterator[House]:
    with house_in(tmp_path, sound_server.env) as one:
        one.write(f"rules:\n  go: {{{one.mark()}}}\n")
        yield one


def test_go_acts_and_every_other_word_noise_and_silence_do_not(house: House, sound_server: SoundServer) -> None:
    house.begin()

    others = [saying(word) for word in SURELY if word != "go"]
    sound_server.play_samples(with_pauses(*others, *OTHERS))
    sound_server.play_samples(np.concatenate([hiss(2.0, -30.0), hiss(1.0, -55.0), np.zeros(SAMPLE_RATE, np.float32)]))
    before = house.marks
    sound_server.play_samples(with_pauses(saying("go")))
    house.until_done(1)

    assert before == []
    assert house.marks == ["go"]
    assert house.status()["counters"]["detections"] == 1


def test_each_of_the_ten_words_does_what_its_own_rule_says(house: House, sound_server: SoundServer) -> None:
    house.write("at_most: 20 in 1m\nrules:\n" + "".join(f"  {word}: {{{house.mark()}}}\n" for word in SURELY))
    house.begin()

    sound_server.play_samples(with_pauses(*map(saying, SURELY)))
    house.until_done(len(SURELY))

    assert house.marks == list(SURELY)


def test_pause_closes_the_microphone_and_resume_hears_again(house: House, sound_server: SoundServer) -> None:
    house.begin()
    assert [one.pid for one in sound_server.source_outputs()] == [house.process and house.process.pid]

    assert house.voicego("pause").stdout.startswith("paused")
    listening = sound_server.source_outputs()
    sound_server.play_samples(with_pauses(saying("go")))
    assert house.voicego("resume").stdout.startswith("listening")
    heard_while_paused = house.marks
    house.until_awake()
    sound_server.play_samples(with_pauses(saying("go")))
    house.until_done(1)

    assert listening == []
    assert heard_while_paused == []
    assert house.marks == ["go"]


def test_saved_rules_are_followed_and_broken_ones_leave_the_last_good(house: House, sound_server: SoundServer) -> None:
    house.begin()

    house.write(f"rules:\n  stop: {{{house.mark()}}}\n")
    until(lambda: house.status()["rules"] == ["stop"], "the new rules")
    sound_server.play_samples(with_pauses(saying("go"), saying("stop")))
    house.until_done(1)
    house.write("rules:\n  stopp: {open: browser}\n")
    error = until(lambda: house.status()["config_error"], "the mistake")
    sound_server.play_samples(with_pauses(saying("stop")))
    house.until_done(2)

    assert house.marks == ["stop", "stop"]
    assert 'voicego.yaml:2:3: no keyword "stopp"' in error
    house.write(f"rules:\n  go: {{{house.mark()}}}\n")
    until(lambda: not house.status()["config_error"], "the end of the mistake")


@pytest.mark.parametrize("how", ["stop", "SIGTERM", "SIGINT"])
def test_it_stops_and_leaves_nothing(house: House, sound_server: SoundServer, how: str) -> None:
    house.begin()
    assert house.process is not None
    children = psutil.Process(house.process.pid).children(recursive=True)

    if how == "stop":
        assert house.voicego("stop").returncode == 0
    else:
        os.kill(house.process.pid, signal.Signals[how])
    code = house.ended()

    assert code == 0
    assert not house.socket.exists()
    assert sound_server.source_outputs() == []
    assert [child for child in children if child.is_running()] == []


def test_what_voicego_says_does_not_trigger_it(house: House, sound_server: SoundServer, tmp_path: Path) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    speaker = tmp_path / "go.wav"
    soundfile.write(speaker, with_pauses(saying("go"))[in_samples(0.7) :][: in_samples(1.2)], SAMPLE_RATE)
    fake = bin_ / "spd-say"
    fake.write_text(f"#!/bin/sh\necho spoke >> {house.folder}/marks\nexec paplay --device=vmic {speaker}\n")
    fake.chmod(0o755)
    house.environ = dict(house.environ) | {"PATH": f"{bin_}:{os.environ['PATH']}"}
    house.write(f"rules:\n  stop: {{say: go}}\n  go: {{{house.mark()}}}\n")
    house.begin()

    sound_server.play_samples(with_pauses(saying("stop")))
    house.until_done(1)
    sound_server.play_samples(with_pauses(saying("go")))
    house.until_done(2)

    assert house.marks == ["spoke", "go"]
    assert house.status()["counters"]["detections"] == 2


def test_what_a_rule_opened_outlives_a_killed_daemon_and_the_next_one_starts(
    house: House, sound_server: SoundServer
) -> None:
    sleeper = f"{sys.executable}, -c, 'import time; time.sleep(61)'"
    house.write(f"rules:\n  go: {{launch: [{sleeper}]}}\n")
    house.begin()
    sound_server.play_samples(with_pauses(saying("go")))
    house.until_done(1)
    assert house.process is not None
    [opened] = [
        one
        for one in psutil.process_iter(["cmdline"])
        if (one.info["cmdline"] or [""])[-1] == "import time; time.sleep(61)"
    ]
    try:
        assert os.getpgid(opened.pid) != os.getpgid(house.process.pid)

        house.process.kill()
        house.ended()
        house.begin()

        assert opened.is_running()
        assert house.status()["state"] == "listening"
    finally:
        opened.kill()
