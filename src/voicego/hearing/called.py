"""A stream that PortAudio's own thread brings, through a ring: it may neither wait nor compute."""

from __future__ import annotations

import logging
from threading import Thread
from typing import TYPE_CHECKING, Any

from voicego.hearing.ring import Fresh, Ring
from voicego.hearing.stream import LONGEST_S

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from voicego.hearing.choosing import Device
    from voicego.hearing.portaudio import PortAudio

log = logging.getLogger(__name__)

LATENCY_S = 0.15
"""What PortAudio is asked for: it calls back four times as often. On PulseAudio that is 27 times a second, and costs
0.7 % of a core; 0.05 costs 2.1 %, 0.1 1.1 %, 0.3 0.4 %. At 0.2 some sound from a server at 48 kHz came out changed."""

RING_S = 10.0
"""How long the reader may be held up before sound is lost."""

CLOSE_S = 1.0
"""How long `close` waits for PortAudio, which waits for a hanging sound server for ever."""


class Called:
    """Implements `Stream`."""

    def __init__(self, portaudio: PortAudio, device: Device, channels: int) -> None:
        """Open and start it.

        Raises:
            VoicegoError: it cannot be opened, or PortAudio hangs.
        """
        self._portaudio = portaudio
        self._name = device.name
        self._rate = device.rate
        self._ring = ring = Ring(round(RING_S * device.rate), channels)
        self._read = 0
        self._dropped = self._told = False

        def heard(frames: Buffer, count: int, _time: object, status: Any) -> None:  # noqa: ANN401 - sounddevice has no types
            ring.write_bytes(frames, count)  # nothing more: PortAudio stops calling us after an exception, silently
            if status.input_overflow:
                self._dropped = True

        self._stream = portaudio.start(
            device,
            samplerate=device.rate,  # its own: many refuse another (PaErrorCode -9997)
            channels=channels,
            dtype="float32",
            latency=LATENCY_S,
            callback=heard,
            finished_callback=ring.close,
        )

    @property
    def ended(self) -> bool:
        """Whether PortAudio ended it, or `end` did."""
        return self._ring.closed

    def read(self, wait_s: float, least_s: float) -> Fresh:
        """See `Stream`."""
        least, most = max(1, round(least_s * self._rate)), round(LONGEST_S * self._rate)
        fresh = self._ring.read(self._read, wait_s, least=least, most=most)
        if len(fresh.samples):
            self._read = fresh.start + len(fresh.samples)
        if self._dropped and not self._told:
            self._told = True
            log.warning("the sound system had to drop sound of the microphone %s: the computer is too busy", self._name)
        return fresh

    def end(self) -> None:
        """See `Stream`."""
        self._ring.close()

    def close(self) -> None:
        """See `Stream`. Where the sound server hangs, PortAudio lets go as soon as that answers again."""
        self._ring.close()
        closing = Thread(
            target=self._portaudio.close, args=(self._stream,), name="voicego-microphone-closing", daemon=True
        )
        closing.start()
        closing.join(CLOSE_S)
        if closing.is_alive():
            log.warning("the sound system does not let go of the microphone %s", self._name)
