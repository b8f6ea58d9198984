"""The big model's own process: a tiny wav2vec2 that takes every sound for "go"."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
import soundfile
from safetensors.torch import load_file, save_file

from tests.house import house_in
from tests.hub import LABELS, make_checkpoint
from tests.sounds import hiss
from tests.spoken import saying, with_pauses
from voicego.app import spotting
from voicego.app.stream import Spotted
from voicego.confirming.child import Child, Ended, Message, Ready, Scored, command_for
from voicego.flow import SAMPLE_RATE, ConfirmWith, Engine
from voicego.spotting.checkpoint import find
from voicego.spotting.torch_engine import load

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_S = 60.0


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("big")
    make_checkpoint(folder)
    weights = load_file(folder / "model.safetensors")
    weights["classifier.bias"][LABELS.index("go")] += 4.0
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return folder


def child(model: str, said: SimpleQueue[Message]) -> Child:
    return Child(command_for(ConfirmWith(model), Engine.TORCH, 1), said.put)


@pytest.fixture(scope="module")
def ready(big: Path) -> Iterator[tuple[Child, SimpleQueue[Message]]]:
    said: SimpleQueue[Message] = SimpleQueue()
    one = child(str(big), said)
    one.start()
    assert said.get(timeout=WAIT_S) == Ready(LABELS, "torch", str(big / "model.safetensors"))
    yield one, said
    one.end()


def test_its_answers_are_those_of_the_engine_to_the_last_bit(
    big: Path, ready: tuple[Child, SimpleQueue[Message]]
) -> None:
    one, said = ready
    here = load(find(str(big)))

    for seed in range(3):
        window = hiss(1.0, -20.0, seed)
        one.score(window)
        answer = said.get(timeout=WAIT_S)

        assert isinstance(answer, Scored)
        assert np.array_equal(np.array(answer.probabilities, np.float32), here.score(window[None])[0])


def test_it_rests_and_answers_as_before_when_it_was_woken(ready: tuple[Child, SimpleQueue[Message]]) -> None:
    one, said = ready
    one.score(hiss(1.0, -20.0))
    before = said.get(timeout=WAIT_S)

    one.rest()
    one.wake()
    awake = said.get(timeout=WAIT_S)
    one.score(hiss(1.0, -20.0))

    assert isinstance(awake, Ready)
    assert said.get(timeout=WAIT_S) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals")
def test_it_outlives_the_signals_that_all_get_and_its_death_is_told(ready: tuple[Child, SimpleQueue[Message]]) -> None:
    one, said = ready
    assert one.pid is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(one.pid, number)
    one.score(hiss(1.0, -20.0))
    assert isinstance(said.get(timeout=WAIT_S), Scored)

    os.kill(one.pid, signal.SIGKILL)

    assert said.get(timeout=WAIT_S) == Ended("its process was ended by SIGKILL; was there too little memory?")


def test_a_model_that_cannot_be_loaded_is_told_in_its_own_words(tmp_path: Path) -> None:
    said: SimpleQueue[Message] = SimpleQueue()
    one = child(str(tmp_path / "gone"), said)

    one.start()
    told = said.get(timeout=WAIT_S)
    one.end()

    assert told == Ended(f"there is no model folder {tmp_path / 'gone'}")


PARENT = """
import sys
from voicego.confirming.child import Child
one = Child(sys.argv[1:], print)
one.start()
print(one.pid, flush=True)
sys.stdin.read()
"""


def test_it_ends_with_the_daemon_however_that_ends(big: Path) -> None:
    command = command_for(ConfirmWith(str(big)), Engine.TORCH, 1)
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))

        parent.kill()

    orphan.wait(WAIT_S)
    assert not orphan.is_running()


def test_a_recording_is_heard_by_the_daemon_as_by_spot(tmp_path: Path, big: Path) -> None:
    recording = tmp_path / "said.wav"
    order = ["go", "stop", "left", "go", "stop"]
    soundfile.write(recording, with_pauses(*map(saying, order)), SAMPLE_RATE, subtype="FLOAT")
    with house_in(tmp_path, os.environ) as house:
        mark = house.mark("{keyword}:{score}")
        rules = f"  go: {{{mark}}}\n  stop: {{{mark}}}\n  left: {{{mark}, confirm: false}}\n"
        house.write(f"confirm_with: {big}\nrules:\n{rules}")
        house.start("--input", str(recording), "--fast")
        assert house.ended(WAIT_S) == 0
        daemon, log = house.marks, house.log()

    setup = spotting.setup_for(house.rules_file, None)
    found = list(spotting.spot([str(recording)], setup, None, every_window=False))
    spot = [f"{one.keyword}:{one.score:.2f}" for one in found if isinstance(one, Spotted)]
    assert sorted(daemon) == sorted(spot)
    assert [mark.split(":")[0] for mark in spot] == ["go", "left", "go"]
    assert log.count("stop (") == log.count("not acted on, the confirming model says") == 2
