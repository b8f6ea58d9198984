"""A microphone."""

from __future__ import annotations

import logging
import time
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, AudioBlock
from voicego.hearing.choosing import DEFAULT, SERVERS, Device, NoMicrophone, NoSuchMicrophone, chosen, passed_over
from voicego.hearing.mono import Mono
from voicego.hearing.portaudio import THIS, PortAudio
from voicego.hearing.present import check_raw, present
from voicego.hearing.ring import Fresh, Ring
from voicego.hearing.staying import AS_IT_IS, Staying

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Buffer

    from voicego.hearing.sound_server import Server

log = logging.getLogger(__name__)

__all__ = ["Device", "Microphone", "MicrophoneLost", "NoMicrophone", "NoSuchMicrophone", "about", "devices", "rescan"]

LATENCY_S = 0.15
"""What PortAudio is asked for: it calls back four times as often. On PulseAudio that is 27 times a second, and costs
0.7 % of a core; 0.05 costs 2.1 %, 0.1 1.1 %, 0.3 0.4 %. At 0.2 some sound from a server at 48 kHz came out changed."""

BLOCK_S = 0.02
"""Least sound in a block while its reader is in a hurry."""

CALM_BLOCK_S = 0.2
"""The same while it is not: it sleeps through most callbacks."""

LONGEST_BLOCK_S = 1.0
"""Most sound in a block, after the reader was held up."""

RING_S = 10.0
"""How long the reader may be held up before sound is lost."""

LIVENESS_S = 1.0
"""A device that gives nothing for so long is lost: PortAudio's callbacks stop, and it tells no one."""

STOOD_STILL_S = 5.0
"""Whoever waited so long for half a second was stopped; what was said meanwhile is too old to act on."""

FIRST_SOUND_S = 5.0
"""The same for the very first sound: Bluetooth takes its time to connect, a null sink up to 2 s."""

CLOSE_S = 1.0
"""How long `close` waits for PortAudio, which waits for a hanging sound server for ever."""

MOST_MIXED = 8
"""Channels of real hardware. Who reports more is a sound server, which mixes to as many as it is asked for."""


class MicrophoneLost(VoicegoError):  # noqa: N818 - it reads as what it is
    """It was there, and gives no more sound."""


def devices(portaudio: PortAudio = THIS) -> tuple[Device, ...]:
    """List what can be listened to, as PortAudio saw it when it was started, and as the sound server says now.

    Raises:
        VoicegoError: PortAudio is missing, or the sound system hangs.
    """
    return present(portaudio.devices(), portaudio.server())


def about(portaudio: PortAudio = THIS) -> tuple[str, tuple[str, ...]]:
    """Name PortAudio's version, and the parts of the system (host APIs) through which it reaches microphones.

    Raises:
        VoicegoError: PortAudio is missing, or hangs.
    """
    return portaudio.about()


def rescan(portaudio: PortAudio = THIS) -> None:
    """Start PortAudio anew, the one way in which it sees what was plugged in since. Close every stream before.

    Raises:
        VoicegoError: it does not start again, or hangs.
    """
    portaudio.restart()


class Microphone:
    """The first of some named microphones that is there. Implements `Source`. May be opened again after `close`."""

    def __init__(  # noqa: PLR0913 -- each has a default, and a test needs each
        self,
        names: tuple[str, ...] = ("default",),
        channel: int | None = None,
        *,
        liveness_s: float = LIVENESS_S,
        first_sound_s: float = FIRST_SOUND_S,
        portaudio: PortAudio = THIS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember what to hear.

        Args:
            names: in order of preference; `default` is the system's choice.
            channel: which one to hear, from 1; None mixes all of them.
            liveness_s: nothing for so long, and the device is lost.
            first_sound_s: the same before the first sound.
            clock: seconds that pass.
            portaudio: what hears.
        """
        self._names = names
        self._channel = channel
        self._liveness_s = liveness_s
        self._first_sound_s = first_sound_s
        self._portaudio = portaudio
        self._clock = clock
        self._lock = Lock()
        self._wanted = False
        self._device: Device | None = None
        self._ring: Ring | None = None
        self._hurried = True
        self._stream: Any = None
        self._staying: Staying | None = None
        self._moved = False
        self.overflows = 0
        """Times that the system said it had to drop sound."""
        self.broken = 0
        """Samples that were no numbers and became zeros."""

    @property
    def name(self) -> str:
        """The device's name; before it was ever opened, what it was asked for by."""
        return self._device.name if self._device else " or ".join(self._names)

    @property
    def live(self) -> bool:
        """A microphone waits for nobody."""
        return True

    def open(self) -> None:
        """Find the device and begin to hear. May hang with the sound system, which is seldom, and then for good.

        PortAudio is started anew where it may not know what is there now: after a stream was closed, or an opening
        failed, and when no name is found; which takes a moment. It goes on as it is while another stream is open.

        Raises:
            NoMicrophone: there is none, or none of that name.
            VoicegoError: the name means several, there is no such channel, the device cannot be opened, or an earlier
                call to PortAudio hangs.
        """
        with self._lock:
            self._wanted = True
        with self._portaudio.alone():
            server = self._portaudio.server()
            device, ring, stream = self._first_that_opens(self._found(server))
            self._device, self._ring = device, ring
        staying = self._made_to_stay(device, ring) if server is not None else None
        with self._lock:
            wanted = self._wanted
            if wanted:
                self._stream, self._staying, self._moved = stream, staying, False
        if not wanted:  # `close` came meanwhile
            ring.close()
            self._portaudio.close(stream)
        elif staying is not None:
            staying.start()

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield the sound from the opening on; where some was lost, `start` leaps over it.

        Raises:
            MicrophoneLost: it gives no more sound.
        """
        device, ring = self._device, self._ring
        if device is None or ring is None:
            raise RuntimeError("a microphone is opened before it is heard")
        mono = Mono(device.rate, self._channel)
        at = 0
        for fresh in self._fresh(ring, device):
            skipped = 0
            if fresh.skipped:
                if len(before := mono.end()):
                    yield AudioBlock(before, at)
                    at += len(before)
                resumed = round(fresh.start * SAMPLE_RATE / device.rate)
                at, skipped = resumed, resumed - at
            samples = mono.feed(fresh.samples)
            self.broken = mono.broken
            if len(samples) or skipped or not len(fresh.samples):
                yield AudioBlock(samples, at, skipped)
            at += len(samples)

    def hurry(self, *, now: bool) -> None:
        """Give blocks of 20 ms and more, or of 0.2 s."""
        self._hurried = now

    def close(self) -> None:
        """Stop hearing: the stream is closed, and the system's sign that somebody listens goes out.

        Where the sound server hangs, it is closed as soon as that answers again; this comes back within a second.
        """
        with self._lock:
            self._wanted = False
            ring, stream, self._stream = self._ring, self._stream, None
            staying, self._staying = self._staying, None
        if ring is not None:
            ring.close()
        if staying is not None:
            staying.stop()
        if stream is not None:
            closing = Thread(
                target=self._portaudio.close, args=(stream,), name="voicego-microphone-closing", daemon=True
            )
            closing.start()
            closing.join(CLOSE_S)
            if closing.is_alive():
                log.warning("the sound system does not let go of the microphone %s", self.name)

    def _found(self, server: Server | None) -> tuple[Device, ...]:
        self._portaudio.freshen()
        try:
            found = self._chosen(server)
        except NoMicrophone:
            if not self._portaudio.restart():
                raise
            found = self._chosen(server)
        return found

    def _chosen(self, server: Server | None) -> tuple[Device, ...]:
        """Find what is there of the names, in their order."""
        there = present(self._portaudio.devices(), server)
        found = chosen(there, self._names)
        first = next(iter(found))
        if first == DEFAULT:
            check_raw(found[first], server, seen=self._portaudio.server_seen)
        if first == DEFAULT and (headset := passed_over(there)):
            log.warning(
                'the system\'s default microphone is in the Bluetooth headset "%s", which plays worse while it is '
                'heard; hearing "%s" instead (to use the headset, name it in the rules file: microphone: %s)',
                headset.name,
                found[first].name,
                headset.name,
            )
        return tuple(found.values())

    def _first_that_opens(self, found: tuple[Device, ...]) -> tuple[Device, Ring, Any]:
        """Open one that is there: a device of ALSA is listed even while what it hears is gone."""
        device, *others = found
        try:
            channels = _channels(device, self._channel)
            ring = Ring(round(RING_S * device.rate), channels)
            return device, ring, self._started(device, channels, ring)
        except VoicegoError as error:
            if not others:
                raise
            log.warning("%s; trying the next", error)
            try:
                return self._first_that_opens(tuple(others))
            except VoicegoError:
                raise error from None  # of the one that is preferred

    def _made_to_stay(self, device: Device, ring: Ring) -> Staying:
        def moved() -> None:
            self._moved = True
            ring.close()

        follows = device.name in SERVERS and not device.node
        return Staying(None if follows else device.number if device.node else AS_IT_IS, moved)

    def _started(self, device: Device, channels: int, ring: Ring) -> Any:  # noqa: ANN401 - sounddevice has no types
        def heard(frames: Buffer, count: int, _time: object, status: Any) -> None:  # noqa: ANN401
            ring.write_bytes(frames, count)  # nothing more: PortAudio stops calling us after an exception, silently
            if status.input_overflow:
                self.overflows += 1

        return self._portaudio.start(
            device,
            samplerate=device.rate,  # its own: many refuse another (PaErrorCode -9997)
            channels=channels,
            dtype="float32",
            latency=LATENCY_S,
            callback=heard,
            finished_callback=ring.close,
        )

    def _fresh(self, ring: Ring, device: Device) -> Iterator[Fresh]:
        """Yield what comes from the ring, and something empty at least twice a second."""
        since, quiet_s = 0, 0.0
        pause_s = min(0.5, self._liveness_s / 2)
        most = round(LONGEST_BLOCK_S * device.rate)
        while self._hears(ring):
            least = max(1, round((BLOCK_S if self._hurried else CALM_BLOCK_S) * device.rate))
            began = self._clock()
            fresh = ring.read(since, pause_s, least=least, most=most)
            if (stood_still_s := self._clock() - began) > STOOD_STILL_S:
                # A sound server keeps for us what was said meanwhile, and hands it over in one go: too late to act on.
                raise MicrophoneLost(f'voicego stood still for {stood_still_s:.0f} s; opening "{device.name}" anew')
            if len(fresh.samples):
                since, quiet_s = fresh.start + len(fresh.samples), 0.0
                yield fresh
                continue
            # Counted in waits, not by a clock: who was stopped or asleep for an hour has waited once.
            quiet_s += pause_s
            if ring.closed or quiet_s >= (self._liveness_s if since else self._first_sound_s):
                if not self._hears(ring):
                    return
                what = "is no longer what the sound server gives" if self._moved else "gives no more sound"
                raise MicrophoneLost(f'the microphone "{device.name}" {what}')
            yield fresh

    def _hears(self, ring: Ring) -> bool:
        """Whether nobody called `close`; a ring that is closed all the same was closed by PortAudio."""
        with self._lock:
            return self._wanted and ring is self._ring


def _channels(device: Device, wanted: int | None) -> int:
    if wanted is not None and not 1 <= wanted <= device.channels:
        raise VoicegoError(f'the microphone "{device.name}" has no channel {wanted}, only {device.channels}')
    if device.channels <= MOST_MIXED and not (device.node and wanted is None):
        return device.channels
    # Asked for one channel, a sound server gives the mix; asked for two, the left and the right one.
    return 1 if wanted is None else max(2, wanted)
