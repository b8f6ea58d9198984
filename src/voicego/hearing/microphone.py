"""A microphone."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, AudioBlock
from voicego.hearing.called import Called
from voicego.hearing.choosing import (
    DEFAULT,
    SERVERS,
    Device,
    NoMicrophone,
    NoSuchMicrophone,
    chosen,
    named,
    passed_over,
)
from voicego.hearing.mono import Mono
from voicego.hearing.portaudio import THIS, PortAudio, PortAudioMissing
from voicego.hearing.present import check_raw, check_tools, from_server, present, tools_are_there
from voicego.hearing.recorder import Recorder
from voicego.hearing.sound_server import INSTALL
from voicego.hearing.staying import AS_IT_IS, Staying
from voicego.hearing.stillness import while_still
from voicego.seams import Haste

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voicego.hearing.ring import Fresh
    from voicego.hearing.sound_server import Server
    from voicego.hearing.stream import Stream

log = logging.getLogger(__name__)

__all__ = ["Device", "Microphone", "MicrophoneLost", "NoMicrophone", "NoSuchMicrophone", "about", "devices", "rescan"]

BLOCK_S = {Haste.AT_ONCE: 0.02, Haste.OFTEN: 0.2, Haste.SELDOM: 0.3}
"""Least sound in a piece, in seconds: the reader sleeps while it comes. With the quiet behind it no word is over before
that is looked at."""

LIVENESS_S = 1.0
"""A device that gives nothing for so long is lost: PortAudio's callbacks stop, and it tells no one."""

STOOD_STILL_S = 5.0
"""Whoever waited so long for half a second was stopped; what was said meanwhile is too old to act on."""

FIRST_SOUND_S = 5.0
"""The same for the very first sound: Bluetooth takes its time to connect, a null sink up to 2 s."""

MOST_MIXED = 8
"""Channels of real hardware. Who reports more is a sound server, which mixes to as many as it is asked for."""


class MicrophoneLost(VoicegoError):  # noqa: N818 - it reads as what it is
    """It was there, and gives no more sound."""


def devices(portaudio: PortAudio = THIS) -> tuple[Device, ...]:
    """List what can be listened to, as PortAudio saw it when it was started, and as the sound server says now.

    Raises:
        VoicegoError: there is neither PortAudio nor a sound server, or the sound system hangs.
    """
    return _there(portaudio, portaudio.server())


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
        recorder: Callable[[Device, int], Stream] = Recorder,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember what to hear.

        Args:
            names: in order of preference; `default` is the system's choice.
            channel: which one to hear, from 1; None mixes all of them.
            liveness_s: nothing for so long, and the device is lost.
            first_sound_s: the same before the first sound.
            portaudio: opens what no sound server has.
            recorder: opens a device of the sound server, with so many channels.
            clock: seconds that pass.
        """
        self._names = names
        self._channel = channel
        self._liveness_s = liveness_s
        self._first_sound_s = first_sound_s
        self._portaudio = portaudio
        self._recorder = recorder
        self._clock = clock
        self._lock = Lock()
        self._wanted = False
        self._device: Device | None = None
        self._stream: Stream | None = None
        self._haste = Haste.AT_ONCE
        self._staying: Staying | None = None
        self._moved = False
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

        A microphone of the sound server is heard by the server's recorder, any other through PortAudio, which is
        started anew where it may not know what is there now: when it was asked before, and when no name is found;
        which takes a moment. It goes on as it is while another stream is open.

        Raises:
            NoMicrophone: there is none, or none of that name.
            VoicegoError: the name means several, there is no such channel, the device cannot be opened, or an earlier
                call to PortAudio hangs.
        """
        with self._lock:
            self._wanted, self._haste = True, Haste.AT_ONCE
        server = self._portaudio.server()
        device, stream = self._by_server(server) or self._by_portaudio(server)
        staying = self._made_to_stay(device, stream) if server is not None else None
        with self._lock:
            self._device, wanted = device, self._wanted
            if wanted:
                self._stream, self._staying, self._moved = stream, staying, False
        if not wanted:  # `close` came meanwhile
            stream.close()
        elif staying is not None:
            staying.start()

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield the sound from the opening on; where some was lost, `start` leaps over it.

        Raises:
            MicrophoneLost: it gives no more sound.
        """
        device, stream = self._device, self._stream
        if device is None:
            raise RuntimeError("a microphone is opened before it is heard")
        if stream is None:
            return
        mono = Mono(device.rate, self._channel)
        at = 0
        for fresh in while_still(self._fresh(stream, device), device.rate, lambda: self._haste is Haste.SELDOM):
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

    def hurry(self, haste: Haste) -> None:
        """Give blocks as they come, of 0.2 s, or up to a second where nothing breaks the stillness."""
        self._haste = haste

    def close(self) -> None:
        """Stop hearing: the stream is closed, and the system's sign that somebody listens goes out.

        Where the sound system hangs, it is closed as soon as that answers again; this comes back within a second.
        """
        with self._lock:
            self._wanted = False
            stream, self._stream = self._stream, None
            staying, self._staying = self._staying, None
        if staying is not None:
            staying.stop()
        if stream is not None:
            stream.close()

    def _by_server(self, server: Server | None) -> tuple[Device, Stream] | None:
        """Open one that the sound server has, without a look at PortAudio, if it has all that are named."""
        there = from_server(server) if server is not None else ()
        if not all(_is_there(name, there) for name in self._names):
            return None
        return self._first_that_opens(self._chosen(there))

    def _by_portaudio(self, server: Server | None) -> tuple[Device, Stream]:
        """Open the first of what both have."""
        with self._portaudio.alone():
            return self._first_that_opens(self._found(server))

    def _found(self, server: Server | None) -> tuple[Device, ...]:
        self._portaudio.freshen()
        try:
            return self._chosen(_there(self._portaudio, server))
        except NoMicrophone:
            with suppress(PortAudioMissing):
                if self._portaudio.restart():
                    return self._chosen(_there(self._portaudio, server))
            raise

    def _chosen(self, there: tuple[Device, ...]) -> tuple[Device, ...]:
        """Find what is there of the names, in their order."""
        found = chosen(there, self._names)
        first = next(iter(found))
        if first == DEFAULT:
            check_raw(found[first], seen=self._portaudio.server_seen)
        if first == DEFAULT and found[first].name in SERVERS and not tools_are_there():
            log.warning(
                "the sound server is heard through ALSA, at twice the cost, and wherever it leads, be it a headset; "
                "better %s",
                INSTALL,
            )
        if first == DEFAULT and (headset := passed_over(there)):
            log.warning(
                'the system\'s default microphone is in the Bluetooth headset "%s", which plays worse while it is '
                'heard; hearing "%s" instead (to use the headset, name it in the rules file: microphone: %s)',
                headset.name,
                found[first].name,
                headset.name,
            )
        return tuple(found.values())

    def _first_that_opens(self, found: tuple[Device, ...]) -> tuple[Device, Stream]:
        """Open one that is there: a device of ALSA is listed even while what it hears is gone."""
        device, *others = found
        try:
            return device, self._opened(device)
        except VoicegoError as error:
            if not others:
                raise
            log.warning("%s; trying the next", error)
            try:
                return self._first_that_opens(tuple(others))
            except VoicegoError:
                raise error from None  # of the one that is preferred

    def _opened(self, device: Device) -> Stream:
        channels = _channels(device, self._channel)
        return self._recorder(device, channels) if device.node else Called(self._portaudio, device, channels)

    def _made_to_stay(self, device: Device, stream: Stream) -> Staying:
        def moved() -> None:
            self._moved = True
            stream.end()

        follows = device.name in SERVERS and not device.node
        return Staying(None if follows else device.number if device.node else AS_IT_IS, moved)

    def _fresh(self, stream: Stream, device: Device) -> Iterator[Fresh]:
        """Yield what comes from the stream, and something empty at least twice a second."""
        heard, quiet_s = False, 0.0
        pause_s = min(0.5, self._liveness_s / 2)
        while self._hears(stream):
            began = self._clock()
            fresh = stream.read(pause_s, BLOCK_S[self._haste])
            if (stood_still_s := self._clock() - began) > STOOD_STILL_S:
                # A sound server keeps for us what was said meanwhile, and hands it over in one go: too late to act on.
                raise MicrophoneLost(f'voicego stood still for {stood_still_s:.0f} s; opening "{device.name}" anew')
            if len(fresh.samples):
                heard, quiet_s = True, 0.0
                yield fresh
                continue
            # Counted in waits, not by a clock: who was stopped or asleep for an hour has waited once.
            quiet_s += pause_s
            if stream.ended or quiet_s >= (self._liveness_s if heard else self._first_sound_s):
                if not self._hears(stream):
                    return
                what = "is no longer what the sound server gives" if self._moved else "gives no more sound"
                raise MicrophoneLost(f'the microphone "{device.name}" {what}')
            yield fresh

    def _hears(self, stream: Stream) -> bool:
        """Whether nobody called `close`; a stream that has ended all the same was ended by the system."""
        with self._lock:
            return stream is self._stream


def _there(portaudio: PortAudio, server: Server | None) -> tuple[Device, ...]:
    """List what both have. Where there is a server, nobody needs PortAudio."""
    try:
        found = present(portaudio.devices(), server)
    except PortAudioMissing:
        if server is None:
            raise
        return from_server(server)
    if not found:
        check_tools()
    return found


def _is_there(name: str, there: tuple[Device, ...]) -> bool:
    try:
        return named(there, name) is not None
    except VoicegoError:  # it means several, which is said when it is chosen
        return True


def _channels(device: Device, wanted: int | None) -> int:
    if wanted is not None and not 1 <= wanted <= device.channels:
        raise VoicegoError(f'the microphone "{device.name}" has no channel {wanted}, only {device.channels}')
    if device.channels <= MOST_MIXED and not (device.node and wanted is None):
        return device.channels
    # Asked for one channel, a sound server gives the mix; asked for two, the left and the right one.
    return 1 if wanted is None else max(2, wanted)
