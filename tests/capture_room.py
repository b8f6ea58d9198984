"""A PulseAudio server whose sinks' monitors are microphones, and sounds to find again in what was heard."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from voicego.flow import SAMPLE_RATE, Samples, in_samples
from voicego.hearing.microphone import devices, rescan

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDED = {
    "pulseaudio": "pulseaudio",
    "pactl": "pulseaudio-utils",
    "paplay": "pulseaudio-utils",
    "parec": "pulseaudio-utils",
}


@dataclass
class Room:
    """Programs with its `environ` hear `vmic.monitor` as their default microphone."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="voicego-room-")))
    _server: subprocess.Popen[bytes] | None = None
    _players: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "XDG_RUNTIME_DIR": str(self.folder),
            "HOME": str(self.folder),
            "PULSE_SERVER": f"unix:{self.folder}/pulse/native",
        }

    def start(self) -> None:
        if lacking := [package for tool, package in NEEDED.items() if not shutil.which(tool)]:
            pytest.fail(f"a sound server is missing; install it: sudo apt install {' '.join(dict.fromkeys(lacking))}")
        script = self.folder / "room.pa"
        script.write_text(
            "load-module module-native-protocol-unix\n"
            f"load-module module-null-sink sink_name=vmic rate={SAMPLE_RATE}\n"
            "set-default-sink vmic\nset-default-source vmic.monitor\n"
        )
        environ = os.environ | self.environ
        environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
        with (self.folder / "server.log").open("wb") as log:
            self._server = subprocess.Popen(
                ["pulseaudio", "-n", f"--file={script}", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"],
                env=environ,
                stderr=log,
            )
        self.pactl("info", tries=100)

    @contextmanager
    def hung(self) -> Iterator[None]:
        """Inside, the server answers nobody."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._server.send_signal(signal.SIGCONT)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(timeout=10)
            self._server = None

    def pactl(self, *words: str, tries: int = 1) -> str:
        for _ in range(tries):
            done = self._run("pactl", *words)
            if done.returncode == 0:
                return done.stdout
            if self._server is not None and self._server.poll() is not None:
                break
        return pytest.fail(f"pactl {' '.join(words)}: {done.stderr}{(self.folder / 'server.log').read_text()}")

    def add_sink(self, name: str, rate: int = SAMPLE_RATE, channels: int = 1) -> str:
        """Load a sink with a monitor; returns what `pactl unload-module` takes it away by."""
        return self.pactl(
            "load-module", "module-null-sink", f"sink_name={name}", f"rate={rate}", f"channels={channels}"
        ).strip()

    def add_microphone(self, name: str, sink: str, description: str, bus: str = "usb") -> str:
        """Load a source that hears what is played to `sink`, as a real one looks to programs."""
        properties = f"source_properties=\"device.description='{description}' device.bus={bus}\""
        return self.pactl(
            "load-module", "module-remap-source", f"source_name={name}", f"master={sink}.monitor", properties
        ).strip()

    def listeners(self) -> int:
        """How many streams hear a microphone now."""
        return self.pactl("list", "short", "source-outputs").count("\n")

    def speak(self, sound: Samples, sink: str = "vmic", rate: int = SAMPLE_RATE) -> None:
        """Begin to play `sound`, shape `(n,)` or `(n, channels)`."""
        path = self.folder / "spoken.wav"
        soundfile.write(path, sound, rate, subtype="FLOAT")
        # Half a second ahead: this room may stand on a busy machine, and a gap would be the player's, not the ear's.
        command = ["paplay", f"--device={sink}", "--latency-msec=500", str(path)]
        self._players.append(subprocess.Popen(command, env=os.environ | self.environ))

    def hush(self) -> None:
        """End what is still being played."""
        while self._players:
            player = self._players.pop()
            player.terminate()
            player.wait(timeout=10)

    def remove(self) -> None:
        self.hush()
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=os.environ | self.environ, capture_output=True, text=True, timeout=20, check=False
        )


@contextmanager
def in_a_room() -> Iterator[Room]:
    """Let this very process hear in a room of its own."""
    room = Room()
    try:
        room.start()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in room.environ.items():
                patch.setenv(name, value)
            rescan()
            if "pulse" not in [device.name for device in devices()]:
                pytest.fail("ALSA does not know the sound server; install it: sudo apt install libasound2-plugins")
            yield room
        rescan()
    finally:
        room.remove()


def chirp(start_hz: float = 200, end_hz: float = 3_000, length_s: float = 1.0, rate: int = SAMPLE_RATE) -> Samples:
    """A sweep: it correlates with nothing but itself."""
    t = np.arange(round(length_s * rate)) / rate
    growth = np.log(end_hz / start_hz) / length_s
    edge = np.minimum(1, np.minimum(t, t[::-1]) / 0.01)
    sweep: Samples = (0.5 * edge * np.sin(2 * np.pi * start_hz * np.expm1(growth * t) / growth)).astype(np.float32)
    return sweep


def quiet(length_s: float) -> Samples:
    return np.zeros(in_samples(length_s), dtype=np.float32)


def found(sound: Samples, heard: Samples) -> tuple[int, float]:
    """Where in `heard` the `sound` lies, and how much alike they are there: 1 is all of it, whatever its level."""
    size = 1 << (len(sound) + len(heard)).bit_length()
    match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(sound, size)), size)[: len(heard)]
    at = int(np.argmax(np.abs(match)))
    there = heard[at : at + len(sound)].astype(np.float64)
    return at, float(abs(match[at]) / (np.linalg.norm(sound) * np.linalg.norm(there) + 1e-12))
