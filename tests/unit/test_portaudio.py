"""PortAudio is called by one thread at a time, and anew after a loss; whoever waits for it in vain is told so."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from tests.fake_sounddevice import FakeDevice, FakeSounddevice
from voicego.errors import VoicegoError
from voicego.hearing.microphone import Microphone
from voicego.hearing.portaudio import PortAudio

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILT_IN = FakeDevice("built-in", default=True)
YETI = FakeDevice("Yeti")


class Hanging(FakeSounddevice):
    """Opens a stream only when it is let go."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.inside, self.go_on = Event(), Event()
        self.calls = 0

    def RawInputStream(self, **settings: Any) -> Any:  # noqa: N802, ANN401 - as sounddevice has it
        self.calls += 1
        self.inside.set()
        assert self.go_on.wait(10)
        return super().RawInputStream(**settings)


@contextmanager
def abandoned(sound: Hanging, portaudio: PortAudio) -> Iterator[Microphone]:
    """Inside, an opening that nobody wants any more hangs in PortAudio."""
    microphone = Microphone(portaudio=portaudio)
    opening = Thread(target=microphone.open)
    opening.start()
    assert sound.inside.wait(10)
    microphone.close()
    try:
        yield microphone
    finally:
        sound.go_on.set()
        opening.join(10)


def over(sound: FakeSounddevice) -> PortAudio:
    return PortAudio(sound, lambda: None, patience_s=0.01)


def test_while_an_opening_hangs_nobody_else_gets_into_portaudio() -> None:
    sound = Hanging([BUILT_IN])
    portaudio = over(sound)

    with abandoned(sound, portaudio):
        for call in (Microphone(portaudio=portaudio).open, portaudio.devices, portaudio.restart, portaudio.about):
            with pytest.raises(VoicegoError, match="the sound system does not answer; an earlier call to it still"):
                call()
        assert sound.calls == 1

    assert sound.stream.closed, "it came through after all, and nobody wanted it"


def test_when_it_comes_back_the_next_one_is_heard() -> None:
    sound = Hanging([BUILT_IN])
    portaudio = over(sound)
    with abandoned(sound, portaudio):
        pass

    second = Microphone(portaudio=portaudio)
    second.open()

    assert [stream.closed for stream in sound.streams] == [True, False]
    second.close()


def test_after_a_stream_was_closed_portaudio_looks_anew() -> None:
    sound = FakeSounddevice([YETI, BUILT_IN])
    microphone = Microphone(("yeti", "default"), portaudio=over(sound))
    microphone.open()
    microphone.close()
    sound.devices.remove(YETI)

    microphone.open()
    assert microphone.name == "built-in"
    microphone.close()
    sound.devices.insert(0, YETI)

    microphone.open()
    assert microphone.name == "Yeti"
    microphone.close()


def test_after_it_could_not_be_opened_portaudio_looks_anew() -> None:
    sound = FakeSounddevice([FakeDevice("built-in", default=True, refuses="Device unavailable")])
    microphone = Microphone(portaudio=over(sound))
    with pytest.raises(VoicegoError, match="cannot be opened"):
        microphone.open()

    sound.devices[:] = [YETI, BUILT_IN]

    microphone.open()
    assert sound.stream.device == BUILT_IN
    microphone.close()


def test_it_is_never_started_anew_under_an_open_stream() -> None:
    sound = FakeSounddevice([BUILT_IN])
    portaudio = over(sound)
    first, second = Microphone(portaudio=portaudio), Microphone(portaudio=portaudio)
    first.open()
    second.open()
    second.close()

    second.open()  # the stand-in would not have PortAudio terminated under the first
    assert not portaudio.restart()
    with pytest.raises(VoicegoError, match='no microphone "Yeti"'):
        Microphone(("Yeti",), portaudio=portaudio).open()
    second.close()
    first.close()

    assert portaudio.restart()
