"""What the sound server of Linux (PulseAudio, or PipeWire in its place) lets programs hear. Asks its tool, `pactl`.

A server counts only where its recorder, `parec`, is there as well: both are in one package, and nothing else hears it.

Its text is read, not its JSON: that of PulseAudio 16 writes "(null)" for every name with an umlaut in it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANSWERS_S = 3.0
"""How long pactl may take, which is done in 10 ms; when the server hangs, it never is."""

TOOLS = ("pactl", "parec")

INSTALL = "install pulseaudio-utils (on Arch libpulse)"

UNLINKED = 0xFFFF_FFFF
"""Index of the source of a stream that hears none for the moment."""


class ServerHangs(VoicegoError):  # noqa: N818 - it reads as what it is
    """There is a sound server, and it answers nobody."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something that the server lets programs hear."""

    index: int
    node: str
    """Its name to programs: `alsa_input.usb-Blue_Microphones_Yeti-00.analog-stereo`."""
    description: str
    """Its name to people: `Yeti Stereo Microphone`."""
    channels: int = 1
    rate: float = 48_000.0
    """Hz."""
    bus: str = ""
    """`usb`, `bluetooth`, `pci`, or what the server says; "" where it says nothing."""
    of: str = ""
    """Node of the source that it is made from, as a noise filter is."""
    monitor: bool = False
    """Hears what a loudspeaker plays."""
    available: bool = True
    """False: nothing is plugged into it."""


@dataclass(frozen=True, slots=True)
class Server:
    """A sound server at one moment."""

    name: str
    """`PulseAudio` or `PipeWire`."""
    default: str
    """Node of what programs hear that name nothing."""
    sources: tuple[Source, ...]


def ask(pactl: Callable[..., str | None] | None = None) -> Server | None:
    """Ask the server for its sources; None: there is none, or no tools to ask it and to hear it with.

    Raises:
        ServerHangs: it does not answer.
    """
    pactl = pactl or _pactl
    about, listed = pactl("info"), pactl("list", "sources")
    if about is None or listed is None:
        return None
    said = _fields(about)
    default = os.environ.get("PULSE_SOURCE") or said.get("Default Source", "")
    name = "PipeWire" if "PipeWire" in said.get("Server Name", "") else "PulseAudio"
    return Server(name, default, _with_buses([_source(section) for section in _sections(listed)]))


def heard_by(pid: int, pactl: Callable[..., str | None] | None = None) -> frozenset[int]:
    """Indices of the sources that a process hears.

    Raises:
        ServerHangs: it does not answer.
    """
    own = f'"{pid}"'
    return frozenset(
        int(fields.get("Source", UNLINKED))
        for fields in map(_fields, _sections((pactl or _pactl)("list", "source-outputs") or ""))
        if own in {fields.get("application.process.id"), fields.get("pipewire.sec.pid")}
    )


def news() -> subprocess.Popen[bytes] | None:
    """Start what writes a line for everything that changes, until it is killed or the server ends; None: it cannot be.

    It ends with the thread that started it, and so with this process, however that ends.
    """
    tool, tied = _tool(), shutil.which("setpriv")
    if tool is None or tied is None:
        return None
    try:
        return subprocess.Popen(  # noqa: S603 - the sound server's own tool
            [tied, "--pdeathsig", "KILL", tool, "subscribe"],
            env=environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None


def reachable() -> bool:
    """Whether the tools are there."""
    return sys.platform.startswith("linux") and all(map(shutil.which, TOOLS))


def _tool() -> str | None:
    return shutil.which("pactl") if reachable() else None


def environ() -> dict[str, str]:
    """Environment of its tools: what they say is read."""
    return os.environ | {"LC_ALL": "C.UTF-8"}


def _pactl(*words: str) -> str | None:
    tool = _tool()
    if tool is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - the sound server's own tool, and words of ours
            [tool, *words],
            env=environ(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWERS_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ServerHangs("the sound server does not answer") from error
    except OSError:
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def _sections(text: str) -> list[str]:
    return [section for section in re.split(r"^(?=\S[^\n]* #\d+$)", text, flags=re.MULTILINE) if section.strip()]


def _fields(section: str) -> dict[str, str]:
    """Read `Name: value` and `name = "value"`; of two by one name the first counts, which stands for the whole."""
    found: dict[str, str] = {}
    for line in section.splitlines():
        of_properties = line.startswith("\t\t") and " = " in line
        name, separator, value = line.strip().partition(" = " if of_properties else ":")
        if separator:
            found.setdefault(name.strip(), value.strip())
    return found


def _source(section: str) -> Source:
    fields = _fields(section)
    said = {name: value.strip('"') for name, value in fields.items()}
    node = said.get("Name", "")
    sample = re.search(r"(\d+)ch (\d+)Hz", said.get("Sample Specification", ""))
    port = said.get("Active Port", "")
    number = re.search(r"#(\d+)", section)
    return Source(
        index=int(number.group(1)) if number else -1,
        node=node,
        description=said.get("Description") or node,
        channels=int(sample.group(1)) if sample else 1,
        rate=float(sample.group(2)) if sample else 48_000.0,
        bus=_bus(node, said),
        of=said.get("device.master_device", ""),
        monitor=said.get("Monitor of Sink", "n/a") != "n/a" or said.get("device.class") == "monitor",
        available="not available" not in said.get(port, ""),
    )


def _bus(node: str, said: dict[str, str]) -> str:
    by_bluez = said.get("device.api", "").startswith("bluez") or node.startswith(("bluez_input.", "bluez_source."))
    return "bluetooth" if by_bluez else said.get("device.bus", "")


def _with_buses(sources: list[Source]) -> tuple[Source, ...]:
    """Give a source that is made from others the bus of the one at the end."""
    by_node = {source.node: source for source in sources}

    def end(source: Source) -> Iterator[Source]:
        seen = set()
        while source.of in by_node and source.of not in seen:
            seen.add(source.of)
            source = by_node[source.of]
            yield source

    return tuple(
        replace(source, bus=next((one.bus for one in (source, *end(source)) if one.bus), "")) for source in sources
    )
