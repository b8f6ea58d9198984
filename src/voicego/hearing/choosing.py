"""Which microphone a name means, among those that there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DEFAULT = "default"
"""The name that means the system's own choice."""

SERVERS = ("pipewire", "pulse", "default")
"""Devices of ALSA behind which a sound server sits."""

HOST_APIS = (
    "Windows WASAPI",
    "Core Audio",
    "PipeWire",
    "PulseAudio",
    "ALSA",
    "JACK Audio Connection Kit",
    "Windows DirectSound",
)
"""The better ones first. Windows lists each microphone once for each, and MME, the last, cuts its name and is slow."""


class SoundSystemHangs(VoicegoError):  # noqa: N818 - it reads as what it is
    """A call into the sound system does not come back, and nothing can be heard until it does."""


class NoMicrophone(VoicegoError):  # noqa: N818 - it reads as what it is
    """There is none. One may be plugged in."""


class NoSuchMicrophone(NoMicrophone):
    """There are some, but none by that name. It may be plugged in."""


@dataclass(frozen=True, slots=True)
class Device:
    """Something that can be listened to."""

    name: str
    host_api: str
    """The part of the system that it is reached through: `ALSA`, `Core Audio`, `Windows WASAPI`."""
    channels: int
    """How many it gives at most; the devices of a sound server say 32 and more."""
    rate: float
    """Hz, its own."""
    default: bool = False
    """What `default` means now."""
    index: int = -1
    """PortAudio's number for it, until the next `rescan`; it changes with every plug."""
    node: str = ""
    """Its name to a sound server, through which it is heard; "" for what PortAudio itself lists."""
    number: int = -1
    """The sound server's own, for as long as it is there."""
    bus: str = ""
    """`usb`, `bluetooth`, `pci`, as far as a sound server says it."""
    monitor: bool = False
    """Hears what a loudspeaker plays; never meant by a part of its name."""
    passed_over: bool = False
    """The system's default, but a Bluetooth headset, which plays worse once it is heard: the rules must name it."""


def choose(devices: Sequence[Device], names: Iterable[str]) -> Device:
    """Take the first of `names` that is present.

    Raises:
        NoMicrophone: there are none at all.
        NoSuchMicrophone: none has one of these names.
        VoicegoError: a name means several.
    """
    return next(iter(chosen(devices, names).values()))


def chosen(devices: Sequence[Device], names: Iterable[str]) -> dict[str, Device]:
    """Give what is present of `names`, by name and in their order; at least one.

    Whole names are looked for first, then parts of names; case does not matter. A name that means several is a mistake
    only where no other name before it means something.

    Raises:
        NoMicrophone: there are none at all.
        NoSuchMicrophone: none has one of these names.
        VoicegoError: a name means several.
    """
    wanted = tuple(names)
    if not devices:
        raise NoMicrophone("no microphone was found")
    found: dict[str, Device] = {}
    for name in wanted:
        try:
            device = named(devices, name)
        except VoicegoError:
            if not found:
                raise
        else:
            found |= {name: device} if device else {}
    if found:
        return found
    if DEFAULT in wanted and (headset := passed_over(devices)):
        raise NoSuchMicrophone(
            f'the only microphone is in the Bluetooth headset "{headset.name}", which plays worse while it is heard; '
            f"to use it, name it in the rules file: microphone: {headset.name}"
        )
    said = " or ".join(f'"{name}"' for name in wanted)
    raise NoSuchMicrophone(f"there is no microphone {said}; there are: {_listed(devices)}")


def default_among(devices: Sequence[Device], defaults: Iterable[Device]) -> Device | None:
    """Decide what `default` means; `defaults` are what each host API calls so."""
    for device in sorted(defaults, key=_rank):
        if not raw(device):
            return device
        # A raw device by-passes the sound server: other programs cannot hear it meanwhile, and its filters do nothing.
        return next((one for name in SERVERS for one in devices if one.name == name), device)
    return min(devices, key=lambda one: (raw(one), _rank(one)), default=None)


def passed_over(devices: Iterable[Device]) -> Device | None:
    """Give the Bluetooth headset that is the system's default, and that `default` does not mean."""
    return next((device for device in devices if device.passed_over), None)


def named(devices: Sequence[Device], name: str) -> Device | None:
    """Give what one name means: `default`, a whole name, or a part of one.

    Raises:
        VoicegoError: it means several.
    """
    if name == DEFAULT:
        return next((device for device in devices if device.default), None)
    matches = _best(device for device in devices if name.casefold() in _full_names(device))
    if matches:
        return matches[0]  # who has two of the very same name cannot tell them apart either
    matches = _best(device for device in devices if name.casefold() in device.name.casefold() and not device.monitor)
    if len({device.name for device in matches}) > 1:
        raise VoicegoError(f'"{name}" means several microphones: {_listed(matches)}; write more of the name')
    return matches[0] if matches else None


def _best(devices: Iterable[Device]) -> list[Device]:
    """Keep those of the best host API: the others list the same things again."""
    found = sorted(devices, key=_rank)
    return [device for device in found if device.host_api == found[0].host_api]


def _full_names(device: Device) -> tuple[str, str, str]:
    """Give the name, the name with the host API, for who wants another one than the best, and the server's own."""
    return device.name.casefold(), f"{device.name}, {device.host_api}".casefold(), device.node.casefold() or "\0"


def _rank(device: Device) -> int:
    return HOST_APIS.index(device.host_api) if device.host_api in HOST_APIS else len(HOST_APIS)


def raw(device: Device) -> bool:
    """Whether it by-passes the sound server."""
    return device.host_api == "ALSA" and "(hw:" in device.name


def _listed(devices: Iterable[Device]) -> str:
    return ", ".join(dict.fromkeys(f'"{device.name}"' for device in devices if not device.monitor or device.default))
