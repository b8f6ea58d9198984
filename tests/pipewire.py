"""A PipeWire of a test's own, with its own session manager and its PulseAudio face."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.house import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAMS = ("pipewire", "wireplumber", "pipewire-pulse", "pw-record")
PULSE = ("pipewire-pulse", "pulse/native")


@contextmanager
def pipewire_in(folder: Path) -> Iterator[dict[str, str]]:
    """Give the environment in which `vmic.monitor` is the default microphone; `folder` has a short name."""
    if lacking := [program for program in PROGRAMS if not shutil.which(program)]:
        pytest.skip(
            f"no PipeWire here: {', '.join(lacking)} not found (packages pipewire, pipewire-pulse, wireplumber)"
        )
    environ = os.environ | {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
    environ["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={folder}/bus"  # WirePlumber goes nowhere without one
    for elsewhere in ("PULSE_SERVER", "PULSE_RUNTIME_PATH"):
        environ.pop(elsewhere, None)
    bus = f"dbus-daemon --session --nofork --nopidfile --address=unix:path={folder}/bus"
    running: list[subprocess.Popen[bytes]] = []
    with (folder / "log").open("wb") as log:
        try:
            for command, ready in (bus, "bus"), ("pipewire", "pipewire-0"), ("wireplumber", ""), PULSE:
                running.append(subprocess.Popen(command.split(), env=environ, stdout=log, stderr=log))
                until((folder / ready).exists, command)
            _pactl(environ, "load-module", "module-null-sink", "sink_name=vmic")
            until(lambda: "vmic.monitor" in _pactl(environ, "list", "short", "sources"), "the microphone")
            _pactl(environ, "set-default-source", "vmic.monitor")
            yield environ
        finally:
            for one in reversed(running):
                one.terminate()
                one.wait(timeout=10)


def _pactl(environ: dict[str, str], *words: str) -> str:
    return subprocess.run(["pactl", *words], env=environ, capture_output=True, text=True, check=False).stdout
