"""The tests' sound server does what the other tests take for granted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.capture_room import chirp, found
from tests.soundserver import SoundServer
from tests.spoken import all_said, files_saying, spoken
from voicego.flow import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.e2e

LISTENER = """
import json, sys, time
import sounddevice, numpy
latency, seconds, file = sys.argv[1], float(sys.argv[2]), sys.argv[3]
parts, came, lost = [], [], []
def hear(block, frames, times, status):
    parts.append(block[:, 0].copy()); came.append(time.monotonic())
    lost.extend([str(status)] if status else [])
with sounddevice.InputStream(samplerate=16000, channels=1, device="pulse", latency=latency, callback=hear) as stream:
    time.sleep(2.5)  # the sink wakes up
    print("listening", flush=True)
    time.sleep(seconds)
numpy.savez(file, sound=numpy.concatenate(parts), lengths=[len(part) for part in parts], came=came)
print(json.dumps([stream.latency, lost, [device["name"] for device in sounddevice.query_devices()]]))
"""


class Listener:
    """A program that hears with sounddevice."""

    def __init__(self, server: SoundServer, file: Path, latency: str, seconds: float) -> None:
        self._file = file
        command = [sys.executable, "-c", LISTENER, latency, str(seconds), str(file)]
        self._program = subprocess.Popen(command, env=server.env, stdout=subprocess.PIPE, text=True)
        self.pid = self._program.pid
        assert self._program.stdout is not None
        assert self._program.stdout.readline() == "listening\n"

    def done(self) -> None:
        output, _ = self._program.communicate(timeout=60)
        assert self._program.returncode == 0
        self.latency, self.lost, self.devices = json.loads(output)
        with np.load(self._file) as heard:
            self.sound = heard["sound"]
            self._came = list(zip(np.cumsum(heard["lengths"]).tolist(), heard["came"].tolist(), strict=True))

    def moment_of(self, sample: int) -> float:
        """When the block with this sample came."""
        moment: float = next(came for count, came in self._came if count > sample)
        return moment


def test_portaudio_hears_what_is_played(sound_server: SoundServer, tmp_path: Path) -> None:
    said = spoken(0.2, "go", 0.5, "stop", 0.2, room_dbfs=None)

    listener = Listener(sound_server, tmp_path / "heard.npz", "low", 4.5)
    listening = sound_server.source_outputs()
    sound_server.play_samples(said)
    listener.done()

    assert "pulse" in listener.devices
    assert [output.pid for output in listening] == [listener.pid]
    assert found(said, listener.sound)[1] > 0.95
    assert sound_server.source_outputs() == []


def test_a_voice_is_played_from_its_file(sound_server: SoundServer) -> None:
    file = files_saying("go")[0]
    with sound_server.witness() as witness:
        before = time.monotonic()
        began = sound_server.play(file)
        time.sleep(0.3)
    after = time.monotonic()
    said, _ = soundfile.read(file, dtype="float32")

    at, alike = found(said, witness.sound)
    assert alike > 0.95
    assert before <= began
    # The witness knows its clock to some hundredths of a second.
    assert began - 0.05 < witness.moment_of(at) < witness.moment_of(at + len(said)) < after + 0.05


@pytest.mark.parametrize("latency", ["low", "high"])
def test_sound_reaches_portaudio_in_order(
    sound_server: SoundServer, tmp_path: Path, latency: str, record_testsuite_property: Callable[[str, object], None]
) -> None:
    said = np.concatenate([chirp(300 + 100 * n, 2_000 + 200 * n, length_s=0.5) for n in range(4)])

    with sound_server.witness() as witness:
        listener = Listener(sound_server, tmp_path / "heard.npz", latency, 5.0)
        sound_server.play_samples(said)
        listener.done()

    heard, played = [], []
    for n in range(4):
        sweep = said[n * SAMPLE_RATE // 2 : (n + 1) * SAMPLE_RATE // 2]
        here, alike = found(sweep, listener.sound)
        there, _ = found(sweep, witness.sound)
        assert alike > 0.9
        heard.append(listener.moment_of(here + len(sweep) - 1))
        played.append(witness.moment_of(there + len(sweep) - 1))
    lates_ms = [round(1_000 * (mine - theirs)) for mine, theirs in zip(heard, played, strict=True)]
    record_testsuite_property(f"latency_{latency}_ms", lates_ms)
    assert all(mine < following for mine, following in zip(heard, played[1:], strict=False)), lates_ms


def test_two_servers_do_not_hear_each_other(sound_server: SoundServer) -> None:
    with SoundServer() as other, other.witness() as witness:
        sound_server.play(files_saying("stop")[0])

    assert not witness.sound.any()


def test_a_server_leaves_nothing_behind() -> None:
    with SoundServer() as server:
        folder, process = server.folder, server._server

    assert not folder.exists()
    assert process is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_every_voice_can_be_read() -> None:
    for text in all_said():
        for file in files_saying(text):
            sound, rate = soundfile.read(file, dtype="float32")
            assert (rate, sound.ndim) == (SAMPLE_RATE, 1), file
            assert 0.2 < len(sound) / SAMPLE_RATE < 4.0, file
            assert 0.1 < np.abs(sound).max() < 1.0, file
