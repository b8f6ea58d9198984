"""A stream from the sound server's own recorder, `parec`: a process of its own, whose pipe holds what it heard.

That spares the thread that PortAudio calls back on, and PortAudio itself: on PulseAudio a third of its cost. Whatever
hangs in it is ended with it.
"""

from __future__ import annotations

import logging
import os
import select
import subprocess
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from voicego.errors import VoicegoError
from voicego.hearing import sound_server
from voicego.hearing.ring import Fresh
from voicego.hearing.stream import LONGEST_S

if TYPE_CHECKING:
    from voicego.hearing.choosing import Device
    from voicego.hearing.ring import Frames

log = logging.getLogger(__name__)

PIECE_S = 0.1
"""Sound that the server hands over at once, where no other program makes it hurry. Each waking costs: 0.02 takes 0.3 %
of a core, 0.06 0.14 %, this 0.09 %."""

REFUSED_S = 0.3
"""How long to wait for a refusal, which comes within some hundredths of a second, or for the first sound."""

PIPE = 1 << 20
"""Bytes that the pipe may hold, the most that a user may ask for: 5 s at 48 kHz. The server holds 20 s more."""

END_S = 1.0
"""How long `close` waits for a process that was killed."""

SAMPLE = np.dtype(np.float32)


class Recorder:
    """Implements `Stream`."""

    def __init__(self, device: Device, channels: int, tool: str = "parec") -> None:
        """Start it for a device of the sound server, one with a `node`; the server mixes what it has to `channels`.

        Raises:
            VoicegoError: it cannot be started, or the server refuses.
        """
        self._name = device.name
        self._width = SAMPLE.itemsize * channels
        self._sound: Frames = np.empty((round(LONGEST_S * device.rate), channels), SAMPLE)
        self._bytes = memoryview(self._sound.data).cast("B")
        self._held = self._rest = 0
        """Bytes in there, and how many of them, the last, are no whole frame yet."""
        self._given = 0
        self._reading = Lock()
        self._ended = False
        self._process = _started(tool, device, channels)
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        self._pipe = self._process.stdout
        self._waiting = select.poll()
        self._waiting.register(self._pipe, select.POLLIN)
        self._hanging_up = select.poll()
        self._hanging_up.register(self._pipe, 0)  # wakes at the end alone
        if any(not event & select.POLLIN for _, event in self._waiting.poll(1000 * REFUSED_S)):
            said = self._close()
            raise VoicegoError(f'the microphone "{device.name}" cannot be opened: {said or "the sound server refuses"}')

    @property
    def ended(self) -> bool:
        """Whether the server ended it, or `end` did."""
        return self._ended

    def read(self, wait_s: float, least_s: float) -> Fresh:
        """See `Stream`: sleeps while pieces gather in the pipe, then takes them all at once."""
        asleep_s = min(least_s, wait_s) if least_s > PIECE_S else 0.0
        with self._reading:
            if asleep_s and not self._pipe.closed:
                self._hanging_up.poll(1000 * asleep_s)
            frames = self._sound[: self._take(wait_s - asleep_s)]
            self._given += len(frames)
        return Fresh(frames if frames.shape[1] > 1 else frames[:, 0], self._given - len(frames), 0)

    def end(self) -> None:
        """See `Stream`."""
        self._ended = True
        self._process.kill()

    def close(self) -> None:
        """See `Stream`."""
        if said := self._close():
            log.info("the sound server's recorder of %s said: %s", self._name, said)

    def _take(self, wait_s: float) -> int:
        """Wait for something in the pipe, take it all, and give the number of frames that are whole."""
        if self._pipe.closed or not self._waiting.poll(1000 * wait_s):
            return 0
        self._bytes[: self._rest] = self._bytes[self._held - self._rest : self._held]
        count = os.readv(self._pipe.fileno(), [self._bytes[self._rest :]])
        if not count:
            self._ended = True
        self._held = self._rest + count
        frames, self._rest = divmod(self._held, self._width)
        return frames

    def _close(self) -> str:
        """End it, and give what it said on standard error."""
        self.end()
        with self._reading:
            if self._pipe.closed:
                return ""
            self._pipe.close()
            assert self._process.stderr is not None  # noqa: S101 - it was asked for
            with self._process.stderr as stderr, suppress(subprocess.TimeoutExpired):
                self._process.wait(END_S)
                os.set_blocking(stderr.fileno(), False)  # a server that it started may hold it, too
                return " ".join((stderr.read() or b"").decode(errors="replace").split())
            return ""


def _started(tool: str, device: Device, channels: int) -> subprocess.Popen[bytes]:
    seen_as = {
        "application.process.id": os.getpid(),  # who looks for our stream finds it, and people see who listens
        "application.process.binary": "voicego",
        "application.icon_name": "audio-input-microphone",
        "node.dont-reconnect": "true",  # PipeWire's manager would move us along when the default changes
    }
    piece_ms = f"{1000 * PIECE_S:.0f}"
    command = [
        tool,
        "--raw",
        f"--device={device.node}",
        f"--rate={device.rate:.0f}",  # its own: the server's resampler may be a cheap one
        f"--channels={channels}",
        *(["--no-remap"] if channels > 1 else []),  # one of them is picked, by its number: a card's may have no names
        "--format=float32ne",
        f"--latency-msec={piece_ms}",
        "--client-name=voicego",
        "--stream-name=commands",
        *(f"--property={name}={value}" for name, value in seen_as.items()),
    ]
    try:
        process = subprocess.Popen(  # noqa: S603 - the sound server's own tool
            command,
            env=sound_server.environ() | {"PULSE_LATENCY_MSEC": piece_ms},  # people set it for their games
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C at the terminal is for voicego
        )
    except OSError as error:
        raise VoicegoError(f"{tool}, the sound server's recorder, cannot be started: {error.strerror}") from error
    assert process.stdout is not None  # noqa: S101 - it was asked for
    import fcntl  # noqa: PLC0415 - Windows has none

    with suppress(OSError):  # then it is smaller
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, PIPE)
    return process
