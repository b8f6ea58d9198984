"""PortAudio, one call at a time (the only file that imports sounddevice)."""

from __future__ import annotations

import shutil
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import RLock
from typing import TYPE_CHECKING, Any

from voicego.errors import VoicegoError
from voicego.hearing import sound_server
from voicego.hearing.choosing import Device, SoundSystemHangs, default_among

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voicego.hearing.sound_server import Server

PATIENCE_S = 2.0
"""How long a call waits for another one to come back. Behind a sound server that hangs, none ever does."""

INSTALL = {
    "apt": "sudo apt install libportaudio2",
    "dnf": "sudo dnf install portaudio",
    "pacman": "sudo pacman -S portaudio",
    "zypper": "sudo zypper install libportaudio2",
}


class PortAudioMissing(VoicegoError):  # noqa: N818 - it reads as what it is
    """The library is not there."""


def sounddevice() -> Any:  # noqa: ANN401 - sounddevice has no types
    """Import it when it is needed: on Linux the import itself fails where PortAudio is missing."""
    try:
        import sounddevice as module  # noqa: PLC0415
    except OSError as error:
        there = [line for tool, line in INSTALL.items() if shutil.which(tool)] or list(INSTALL.values())
        raise PortAudioMissing(
            f"PortAudio, which hears the microphone, is missing; install it: {', or '.join(there)}"
        ) from error
    except Exception as error:  # PortAudioError cannot be named before it is imported
        if type(error).__name__ != "PortAudioError":
            raise
        raise VoicegoError(f"PortAudio, which hears the microphone, does not start: {error}") from error
    return module


class PortAudio:
    """All calls into one PortAudio. It may not be called twice at once, and any call may hang for ever.

    So a thread that is abandoned inside a call keeps every other one out, which is then told so in a sentence.
    """

    def __init__(
        self,
        module: Callable[[], Any] = sounddevice,
        server: Callable[[], Server | None] = sound_server.ask,
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Remember.

        Args:
            module: gives the module sounddevice, or a stand-in.
            server: asks the sound server that it may be reached through, if there is one.
            patience_s: how long a call waits for another one to come back.
        """
        self._module = module
        self._server = server
        self._patience_s = patience_s
        self._alone = RLock()
        self._streams = 0
        self._asked = False
        self.server_seen = False
        """Whether a sound server was ever there."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other thread out.

        Raises:
            SoundSystemHangs: another call does not come back.
        """
        if not self._alone.acquire(timeout=self._patience_s):
            raise SoundSystemHangs("the sound system does not answer; an earlier call to it still waits")
        try:
            yield
        finally:
            self._alone.release()

    def server(self) -> Server | None:
        """Ask the sound server; None: there is none, or nothing to ask it with.

        Raises:
            VoicegoError: it hangs.
        """
        server = self._server()
        self.server_seen |= server is not None
        return server

    def devices(self) -> tuple[Device, ...]:
        """List what can be listened to, as PortAudio saw it when it was started.

        Raises:
            VoicegoError: PortAudio is missing, or hangs.
        """
        with self.alone():
            sound = self._module()
            apis = sound.query_hostapis()
            self._asked = True
            found = {
                int(entry["index"]): Device(
                    name=str(entry["name"]).strip(),
                    host_api=str(apis[entry["hostapi"]]["name"]),
                    channels=int(entry["max_input_channels"]),
                    rate=float(entry["default_samplerate"]),
                    index=int(entry["index"]),
                )
                for entry in sound.query_devices()
                if entry["max_input_channels"] > 0
            }
        defaults = [found[api["default_input_device"]] for api in apis if api["default_input_device"] in found]
        default = default_among(tuple(found.values()), defaults)
        return tuple(replace(device, default=device is default) for device in found.values())

    def about(self) -> tuple[str, tuple[str, ...]]:
        """Name its version, and the parts of the system (host APIs) through which it reaches microphones.

        Raises:
            VoicegoError: PortAudio is missing, or hangs.
        """
        with self.alone():
            sound = self._module()
            _, version = sound.get_portaudio_version()
            return str(version).partition(",")[0], tuple(str(api["name"]) for api in sound.query_hostapis())

    def freshen(self) -> bool:
        """Start it anew if it was asked for its devices before: what it saw may have gone, or be another."""
        return self._asked and self.restart()

    def restart(self) -> bool:
        """Start it anew, the one way in which it sees what was plugged in since. False: a stream is open.

        Raises:
            VoicegoError: it does not start again, or hangs.
        """
        with self.alone():
            if self._streams:
                return False
            sound = self._module()
            with suppress(sound.PortAudioError):  # it may not have started the last time
                sound._terminate()  # noqa: SLF001 - there is no public way (python-sounddevice #125)
            try:
                sound._initialize()  # noqa: SLF001
            except sound.PortAudioError as error:
                raise VoicegoError(f"PortAudio, which hears the microphone, does not start: {error}") from error
            self._asked = False
            return True

    def start(self, device: Device, **settings: Any) -> Any:  # noqa: ANN401 - sounddevice has no types
        """Open a stream on `device` and start it; `settings` are those of `sounddevice.RawInputStream`.

        Raises:
            VoicegoError: it cannot be opened, or PortAudio hangs.
        """
        with self.alone():
            sound = self._module()
            stream = None
            try:
                stream = sound.RawInputStream(device=device.index, **settings)
                stream.start()
            except sound.PortAudioError as error:
                if stream is not None:
                    stream.close(ignore_errors=True)
                raise VoicegoError(f'the microphone "{device.name}" cannot be opened: {error}') from error
            self._streams += 1
            return stream

    def close(self, stream: Any) -> None:  # noqa: ANN401
        """Close a stream, however long that takes."""
        with self._alone:
            try:
                stream.close(ignore_errors=True)
            finally:
                self._streams -= 1


THIS = PortAudio()
"""The one in this process: there is no second."""
