"""A sound server for tests from outside: speak into its microphone, see who listens, and when it was to be heard."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import soundfile

from tests.capture_room import Room
from voicego.flow import SAMPLE_RATE, Samples

if TYPE_CHECKING:
    from pathlib import Path

_WAKING_S = 2.2
"""A null sink that was idle first gives two seconds of silence at once; only after that does it keep time."""


@dataclass(frozen=True, slots=True)
class SourceOutput:
    """A stream that hears a microphone."""

    index: int
    source: int
    pid: int | None
    program: str


class SoundServer(Room):
    """`with SoundServer() as server:`: a server of its own, for programs that are started with `env=server.env`."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    @property
    def env(self) -> dict[str, str]:
        """The whole environment of a child that hears and speaks here, with this server's folder for a home."""
        environ = os.environ | self.environ
        for elsewhere in ("DBUS_SESSION_BUS_ADDRESS", "PULSE_RUNTIME_PATH", "PULSE_SINK", "PULSE_SOURCE"):
            environ.pop(elsewhere, None)
        return environ

    def play(self, path: Path, sink: str = "vmic", ahead_ms: int = 100) -> float:
        """Say a recording to its end; returns the monotonic time at which its player was started.

        The server holds so many milliseconds ahead: enough on a busy machine, and little to wait for. It wakes the more
        often for it, and whoever hears the sink with it.
        """
        began = time.monotonic()
        command = ["paplay", f"--device={sink}", f"--latency-msec={ahead_ms}", str(path)]
        subprocess.run(command, env=self.env, check=True, timeout=120)
        return began

    def play_samples(self, sound: Samples, sink: str = "vmic", rate: int = SAMPLE_RATE) -> float:
        """The same with samples, shape `(n,)` or `(n, channels)`."""
        path = self.folder / "played.wav"
        soundfile.write(path, sound, rate, subtype="FLOAT")
        return self.play(path, sink)

    def load(self, module: str, *settings: str) -> str:
        """Returns what `unload` takes."""
        return self.pactl("load-module", module, *settings).strip()

    def unload(self, module: str) -> None:
        self.pactl("unload-module", module)

    def source_outputs(self) -> list[SourceOutput]:
        """Who hears a microphone now."""
        listed = json.loads(self.pactl("--format=json", "list", "source-outputs") or "[]")
        return [
            SourceOutput(
                index=entry["index"],
                source=entry["source"],
                pid=int(pid) if (pid := entry["properties"].get("application.process.id")) else None,
                program=entry["properties"].get("application.name", ""),
            )
            for entry in listed
        ]

    def witness(self, source: str = "vmic.monitor") -> Witness:
        """`with server.witness() as witness:` records what a microphone hears, and when."""
        return Witness(source, self.env)


class Witness:
    """A second recorder on the same microphone, which knows the monotonic time of every sample."""

    def __init__(self, source: str, env: dict[str, str]) -> None:
        self._command = ["parec", f"--device={source}", "--latency-msec=10", "--format=float32le", "--channels=1"]
        self._command.append(f"--rate={SAMPLE_RATE}")
        self._env = env
        self._thread = threading.Thread(target=self._listen, name="witness")
        self._awake = threading.Event()
        self._parts: list[Samples] = []
        self._came: list[tuple[int, float]] = []
        """How many samples there were after a part had come, and when that was."""

    def __enter__(self) -> Self:
        """Returns once the sink has woken up and keeps time."""
        self._recorder = subprocess.Popen(self._command, env=self._env, stdout=subprocess.PIPE)
        self._thread.start()
        if not self._awake.wait(timeout=20):
            self.__exit__()
            raise TimeoutError("the sound server gives its recorder no sound")
        return self

    def __exit__(self, *_: object) -> None:
        self._recorder.terminate()
        self._recorder.wait(timeout=10)
        self._thread.join(timeout=10)
        if self._recorder.stdout is not None:
            self._recorder.stdout.close()

    @property
    def sound(self) -> Samples:
        """All that was heard so far."""
        return np.concatenate([*self._parts, np.zeros(0, np.float32)])

    def moment_of(self, sample: int) -> float:
        """The monotonic time at which a sample was to be heard: a part comes late at times, and never too early."""
        near = [came - count / SAMPLE_RATE for count, came in self._came if abs(count - sample) < SAMPLE_RATE]
        return min(near) + sample / SAMPLE_RATE

    def last_loud_moment(self, since: int = 0, below_peak_db: float = 40.0) -> float:
        """When the last sample within `below_peak_db` of the peak was to be heard, of those from `since` on."""
        level = np.abs(self.sound[since:])
        return self.moment_of(since + int(np.flatnonzero(level >= level.max() * 10 ** (-below_peak_db / 20))[-1]))

    def _listen(self) -> None:
        assert self._recorder.stdout is not None
        count, rest, first = 0, b"", None
        while content := os.read(self._recorder.stdout.fileno(), 65_536):
            came = time.monotonic()
            first = first or came
            content = rest + content
            whole = len(content) // 4 * 4
            rest = content[whole:]
            if came - first < _WAKING_S:
                continue
            count += whole // 4
            self._parts.append(np.frombuffer(content[:whole], np.float32))
            self._came.append((count, came))
            self._awake.set()
