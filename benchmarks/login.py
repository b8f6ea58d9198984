"""From login to listening: `python benchmarks/login.py [TIMES]`, from the repository, on Linux.

Starts a sound server and a session bus of its own, and does TIMES over what a desktop does at login: starts the command
of the autostart entry. Tells how long it took until the daemon listened, that is, until it had the model and heard its
microphone; and the same for the command of the headless unit. The first of each is told by itself: Python's files may
have come from the disk then.
"""

from __future__ import annotations

import os
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the sound server of the tests

from tests.house import House, house_in
from tests.soundserver import SoundServer
from voicego.control.client import NotRunning, ask
from voicego.service import service

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_S = 60.0


def listening_after_s(command: tuple[str, ...], house: House, environ: Mapping[str, str]) -> float:
    """Start a command as a desktop does; seconds until voicego listens. Ends it again."""
    began = time.monotonic()
    process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        while time.monotonic() < began + LONGEST_S:
            try:
                if ask(house.socket, "status")["status"]["state"] == "listening":
                    return time.monotonic() - began
            except NotRunning:
                pass
            time.sleep(0.01)
        raise SystemExit(f"{shlex.join(command)} did not listen within {LONGEST_S:g} s:\n{house.log()}")
    finally:
        house.voicego("stop")
        process.send_signal(signal.SIGTERM)
        process.wait(LONGEST_S)


def main(times: int = 10) -> None:
    """Measure both kinds."""
    with tempfile.TemporaryDirectory() as folder, SoundServer() as server:
        bus = subprocess.Popen(
            ["dbus-daemon", "--session", f"--address=unix:path={folder}/bus", "--nofork", "--nopidfile"],  # noqa: S607 -- by name
            stderr=subprocess.DEVNULL,
        )
        home = Path(folder) / "home"
        home.mkdir()
        environ = server.env | {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder}/bus"}
        try:
            with house_in(Path(folder), environ) as house:
                house.write("rules:\n  go: {run: ['true']}\n")
                for headless in (False, True):
                    chosen = service(headless=headless, environ=house.env, home=home)
                    took = [listening_after_s(chosen.command, house, house.env) for _ in range(times)]
                    print(
                        f"{chosen.name}: {statistics.median(took):.2f} s to listening (median of {times}; "
                        f"first {took[0]:.2f}, longest {max(took):.2f}; load {os.getloadavg()[0]:.1f} "
                        f"on {os.cpu_count()} cores)"
                    )
        finally:
            bus.terminate()
            bus.wait()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
