"""Which microphone a name means."""

from __future__ import annotations

import sys

import pytest

from voicego.errors import VoicegoError
from voicego.hearing.choosing import Device, NoMicrophone, NoSuchMicrophone, choose, default_among

PULSE = Device("pulse", "ALSA", 32, 44_100)
DEFAULT = Device("default", "ALSA", 32, 44_100, default=True)
RAW = Device("HDA Intel PCH: ALC257 Analog (hw:0,0)", "ALSA", 2, 48_000)
YETI = Device("Yeti Stereo Microphone: USB Audio (hw:1,0)", "ALSA", 2, 48_000)
YETI_NANO = Device("Yeti Nano: USB Audio (hw:2,0)", "ALSA", 2, 48_000)
LINUX = (RAW, YETI, PULSE, DEFAULT)

MME = Device("Microphone (Yeti Stereo Microph", "MME", 2, 44_100)
DIRECT_SOUND = Device("Microphone (Yeti Stereo Microphone)", "Windows DirectSound", 2, 44_100)
WASAPI = Device("Microphone (Yeti Stereo Microphone)", "Windows WASAPI", 2, 48_000, default=True)
WDM = Device("Microphone (Yeti Stereo Microphone)", "Windows WDM-KS", 2, 48_000)
WINDOWS = (MME, DIRECT_SOUND, WASAPI, WDM)


@pytest.mark.parametrize(
    ("devices", "names", "chosen"),
    [
        (LINUX, ("default",), DEFAULT),
        (LINUX, ("pulse",), PULSE),
        (LINUX, ("PULSE",), PULSE),
        (LINUX, ("yeti",), YETI),
        (LINUX, ("hw:0,0",), RAW),
        (LINUX, (YETI.name,), YETI),
        (LINUX, ("Rode", "Yeti", "default"), YETI),
        (LINUX, ("Rode", "default"), DEFAULT),
        (WINDOWS, ("default",), WASAPI),
        (WINDOWS, ("yeti",), WASAPI),
        (WINDOWS, (WASAPI.name,), WASAPI),
        (WINDOWS, (MME.name,), MME),
        (WINDOWS, (f"{WASAPI.name}, windows directsound",), DIRECT_SOUND),
        ((YETI, YETI_NANO, Device("Yeti", "ALSA", 1, 16_000)), ("yeti",), Device("Yeti", "ALSA", 1, 16_000)),
    ],
)
def test_a_name_means_one_device(devices: tuple[Device, ...], names: tuple[str, ...], chosen: Device) -> None:
    assert choose(devices, names) == chosen


def test_two_of_the_very_same_name_are_one_to_a_person() -> None:
    first, second = (Device("USB Microphone", "Core Audio", 1, 48_000, index=n) for n in (3, 4))

    assert choose((first, second), ("USB Microphone",)) == first
    assert choose((first, second), ("usb",)) == first


def test_a_name_that_means_several_lists_them() -> None:
    with pytest.raises(VoicegoError, match=r'"yeti" means several microphones: "Yeti S.*", "Yeti N.*"; write more'):
        choose((*LINUX, YETI_NANO), ("yeti",))


def test_a_name_that_means_nothing_lists_what_there_is() -> None:
    with pytest.raises(NoSuchMicrophone, match=r'no microphone "Rode"; there are: "HDA .*", "Yeti .*", "pulse", "def'):
        choose(LINUX, ("Rode",))
    with pytest.raises(NoSuchMicrophone, match='no microphone "Rode" or "Blue"'):
        choose(LINUX, ("Rode", "Blue"))


def test_windows_names_are_listed_once() -> None:
    with pytest.raises(NoSuchMicrophone) as caught:
        choose(WINDOWS, ("Rode",))

    assert str(caught.value).count(WASAPI.name) == 1


@pytest.mark.parametrize("names", [("default",), ("Yeti", "default")])
def test_without_any_it_says_so(names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoMicrophone, match="no microphone was found"):
        choose((), names)
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(NoMicrophone, match=r"no microphone was found$"):
        choose((), names)


@pytest.mark.parametrize(
    ("devices", "defaults", "meant"),
    [
        (LINUX, (DEFAULT,), DEFAULT),
        ((RAW, YETI, PULSE), (RAW,), PULSE),
        ((RAW, YETI), (YETI,), YETI),
        ((RAW, PULSE), (), PULSE),
        (WINDOWS, (MME, WASAPI, DIRECT_SOUND), WASAPI),
        ((), (), None),
    ],
)
def test_the_default_is_the_systems_own_but_rather_not_a_raw_device(
    devices: tuple[Device, ...], defaults: tuple[Device, ...], meant: Device | None
) -> None:
    assert default_among(devices, defaults) == meant
