"""A stand-in for the module sounddevice: devices from a list, sound when the test hands it over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.hearing.ring import Frames


class PortAudioError(Exception):
    """As sounddevice raises it: text, then code."""

    def __str__(self) -> str:
        return f"{self.args[0]} [PaErrorCode {self.args[1]}]"


@dataclass(frozen=True)
class FakeDevice:
    name: str
    channels: int = 1
    rate: float = 16_000.0
    host_api: str = "ALSA"
    default: bool = False
    refuses: str = ""
    """What PortAudio says when it is opened."""


@dataclass
class Status:
    input_overflow: bool = False


class InputStream:
    def __init__(  # noqa: PLR0913 - as sounddevice has it
        self,
        sound: FakeSounddevice,
        *,
        device: int,
        samplerate: float,
        channels: int,
        dtype: str,
        latency: float,
        callback: Callable[[memoryview, int, object, Status], None],
        finished_callback: Callable[[], None],
    ) -> None:
        self.device = sound.present[device]
        if self.device.refuses:
            raise PortAudioError(f"Error opening InputStream: {self.device.refuses}", -9985)
        if channels > self.device.channels:
            raise PortAudioError("Error opening InputStream: Invalid number of channels", -9998)
        if samplerate != self.device.rate and self.device.name not in {"pulse", "pipewire", "default"}:
            raise PortAudioError("Error opening InputStream: Invalid sample rate", -9997)
        assert dtype == "float32"
        assert 0 < latency <= 0.2
        self.channels = channels
        self.samplerate = samplerate
        self.active = False
        self.closed = False
        self._callback = callback
        self._finished = finished_callback

    def start(self) -> None:
        self.active = True

    def hear(self, frames: Frames, *, overflow: bool = False) -> None:
        """Hand over sound as PortAudio's thread does: in its own buffer, which it uses again."""
        assert self.active
        buffer = np.array(frames, dtype=np.float32).reshape(-1, self.channels)
        self._callback(memoryview(buffer.data).cast("B"), len(buffer), None, Status(overflow))
        buffer[:] = np.nan

    def stop_by_itself(self) -> None:
        self.active = False
        self._finished()

    def close(self, *, ignore_errors: bool = True) -> None:
        assert ignore_errors
        if self.active:
            self.stop_by_itself()
        self.closed = True


@dataclass(eq=False)
class FakeSounddevice:
    """What `import sounddevice` gives. It sees the devices that were there when it was started."""

    devices: list[FakeDevice] = field(default_factory=list)
    streams: list[InputStream] = field(default_factory=list)
    starts: bool = True
    running: bool = True
    PortAudioError = PortAudioError

    def __post_init__(self) -> None:
        self.present = tuple(self.devices)

    def __call__(self) -> FakeSounddevice:
        return self

    @property
    def stream(self) -> InputStream:
        return self.streams[-1]

    def query_devices(self) -> list[dict[str, Any]]:
        return [
            {
                "name": device.name,
                "index": index,
                "hostapi": self._apis().index(device.host_api),
                "max_input_channels": device.channels,
                "default_samplerate": device.rate,
            }
            for index, device in enumerate(self.present)
        ]

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [
            {
                "name": api,
                "default_input_device": next(
                    (i for i, device in enumerate(self.present) if device.host_api == api and device.default), -1
                ),
            }
            for api in self._apis()
        ]

    def RawInputStream(self, **settings: Any) -> InputStream:  # noqa: N802, ANN401 - as sounddevice has it
        stream = InputStream(self, **settings)
        self.streams.append(stream)
        return stream

    def _terminate(self) -> None:
        if not self.running:
            raise PortAudioError("Error terminating PortAudio: PortAudio not initialized", -10000)
        assert not any(stream.active for stream in self.streams), "PortAudio would pull a stream from under its reader"
        self.running = False

    def _initialize(self) -> None:
        if not self.starts:
            raise PortAudioError("Error initializing PortAudio: Unanticipated host error", -9999)
        self.present = tuple(self.devices)
        self.running = True

    def _apis(self) -> list[str]:
        return list(dict.fromkeys(device.host_api for device in self.present))
