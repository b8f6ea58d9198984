"""PortAudio, the microphones, and half a second of what one of them hears; all of it asked of an `Ear`."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from voicego.app.doctor.check import Check, State, ok, problem, told, warning
from voicego.app.doctor.private import device as named
from voicego.app.ear import Broken, Silent
from voicego.errors import VoicegoError
from voicego.hearing.choosing import Device, choose, raw
from voicego.hearing.health import CLIPPING_PART, FAINT_DB
from voicego.hearing.sound_server import INSTALL, reachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Protocol

    class Ear(Protocol):
        """What is asked; see `voicego.app.ear`."""

        def answer(self, what: str, timeout_s: float, **arguments: object) -> dict[str, Any]:
            """Ask and wait."""
            ...


START_S = 6.0
"""Seconds until the first answer: a process has to start, on a machine that may be busy."""
LIST_S = 5.0
MEASURE_S = 9.0
"""Opening may take five, and exact silence is listened to for three."""

SERVERS = ("pipewire", "pulse")
"""Devices of ALSA that are there only with a sound server."""

SHOWN = 8
"""Microphones that are named."""

ODD_SILENCE_S = 0.3
"""Seconds of exact silence at the beginning that are worth a word."""

ITS_LEVEL = "the microphone's level in the system's sound settings"


def portaudio(ear: Ear) -> Check:
    """Look at PortAudio."""
    try:
        found = ear.answer("about", START_S)
    except VoicegoError as error:
        return told("portaudio", State.PROBLEM, error)
    apis = found["host_apis"]
    if not found["portaudio"]:
        return ok("portaudio", f"is missing, and not needed: {found['server']} is heard without it")
    server = f"; sound server: {found['server']}" if found.get("server") else ""
    text = f"{found['portaudio']}, host APIs: {', '.join(apis) or 'none'}{server}"
    return ok("portaudio", text) if apis else problem("portaudio", text, "the PortAudio here knows no sound system")


def microphones(
    ear: Ear, wanted: Sequence[str], system: str = sys.platform, tools: Callable[[], bool] = reachable
) -> Check:
    """Look which microphones there are, and whether one of `wanted` is among them; `tools`: to hear a server with."""
    try:
        devices = [Device(**one) for one in ear.answer("list", LIST_S)["microphones"]]
        if not devices:
            return problem("microphones", "none was found", _no_microphone(system, tools=tools()))
        chosen = choose(devices, wanted)
    except VoicegoError as error:
        return told("microphones", State.PROBLEM, VoicegoError(named(str(error))))
    texts = dict.fromkeys(
        f"{named(one.name)}{' (the default)' if one.default else ''}" for one in devices if _is_one(one, chosen)
    )
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    text = f"{', '.join([*texts][:SHOWN])}{more}"
    if system.startswith("linux") and all(map(raw, devices)):
        return warning("microphones", text, f"other programs cannot hear while voicego does; {INSTALL}")
    if system.startswith("linux") and not tools() and any(one.name in SERVERS for one in devices):
        found = f"{text}; the tools of a sound server are missing, without which `default` may be a Bluetooth headset"
        return warning("microphones", found, INSTALL)
    return ok("microphones", text)


def _is_one(device: Device, chosen: Device) -> bool:
    return not device.monitor or device.default or device == chosen


def sound(ear: Ear, names: Sequence[str], channel: int | None, status: Mapping[str, Any] | None) -> Check:
    """Measure half a second of sound; where the running voicego keeps the microphone to itself, it tells its level."""
    holds = bool(status and status.get("microphone") and status.get("state") == "listening")
    try:
        found = ear.answer("measure", MEASURE_S, names=list(names), channel=channel)["sound"]
    except (Silent, Broken) as error:
        return told("sound", State.PROBLEM, error)
    except VoicegoError as error:
        if status is None or not holds or status.get("level_db") is None:
            check = told("sound", State.PROBLEM, VoicegoError(named(str(error))))
            none = not check.advice and check.found.startswith("no microphone")
            return replace(check, advice="see `microphones`") if none else check
        return ok("sound", f"{status['level_db']:.0f} dBFS, as the running voicego says, which holds the microphone")
    return _judged(found, "; the running voicego hears it too" if holds else "")


def _judged(found: Mapping[str, Any], also: str) -> Check:
    rate = f"{found['rate'] / 1000:g} kHz by {found['host_api']}"
    text = f"{named(found['name'])} ({rate})"
    if not found["seconds"]:
        only = f"{text} gave nothing but exact silence for {found['still_s']:.0f} s{also}"
        return problem("sound", only, _muted(sys.platform))
    text += f": {found['level_db']:.0f} dBFS, peak {found['peak_db']:.0f}"
    if found["still_s"] > ODD_SILENCE_S:
        text += f", after {found['still_s']:.1f} s of exact silence"
    if found["clipped"] >= CLIPPING_PART:
        louder = f"{text}{also}; {100 * found['clipped']:.1f} % of it is clipped"
        return warning("sound", louder, f"too loud: lower {ITS_LEVEL}")
    if found["level_db"] < FAINT_DB:
        return warning("sound", f"{text}, very faint{also}", f"raise {ITS_LEVEL}")
    return ok("sound", text + also)


def _no_microphone(system: str, tools: bool) -> str:  # noqa: FBT001
    if system.startswith("linux"):
        return (
            "plug one in, or start the sound server" if tools else f"plug one in; if there is a sound server, {INSTALL}"
        )
    if system == "win32":
        return "plug one in, or allow it: Settings > Privacy & security > Microphone > desktop apps"
    return "plug one in, or allow it: System Settings > Privacy & Security > Microphone"


def _muted(system: str) -> str:
    if system == "darwin":
        where = "System Settings > Privacy & Security > Microphone"
        return f"it is muted, or not allowed for the program that started voicego: {where}"
    if system == "win32":
        return "it is muted, or not allowed: Settings > Privacy & security > Microphone > desktop apps"
    return (
        "it is muted, by a switch of its own or in the system's sound settings, or it is not the one that is spoken to"
    )
