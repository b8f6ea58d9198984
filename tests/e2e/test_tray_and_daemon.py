"""A real daemon with its tray: what happens to it is seen in the tray, and what is clicked there it does."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from tests.buses import Buses
from tests.house import House, until
from tests.spoken import saying, with_pauses
from tests.trays import Panel, Screen
from voicego.control.client import ask
from voicego.tray.model import Icon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL import Image

    from tests.soundserver import SoundServer

pytestmark = pytest.mark.e2e

ELSEWHERE = {"XDG_CURRENT_DESKTOP", "WAYLAND_DISPLAY", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS"}
PLAINLY = 48
"""Of 255 levels of grey."""
LEAST = 24
"""Pixels, of the 576 of an icon, in which two differ plainly."""


def house_with_tray(folder: Path, sound_server: SoundServer, environ: dict[str, str]) -> House:
    outside = {name: value for name, value in sound_server.env.items() if name not in ELSEWHERE}
    home = {"XDG_CONFIG_HOME": str(folder / "config"), "VOICEGO_TRAY_ICONS": "on-dark"}
    return House(folder, environ=outside | environ | home, headless=False)


def trays(house: House) -> list[psutil.Process]:
    assert house.process is not None
    children = psutil.Process(house.process.pid).children(recursive=True)
    return [child for child in children if "tray" in child.cmdline()]


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    with Screen(tmp_path) as one:
        one.begin_panel()
        yield one


def test_each_state_of_the_daemon_has_its_picture_in_the_dock(
    tmp_path: Path, sound_server: SoundServer, screen: Screen
) -> None:
    house = house_with_tray(tmp_path, sound_server, {"DISPLAY": screen.display, "DBUS_SESSION_BUS_ADDRESS": ""})
    good = f"rules:\n  go: {{{house.mark()}}}\n"
    house.write(good)
    seen: dict[str, Image.Image] = {}
    with leaving(house):
        until(lambda: screen.is_empty, "the empty dock", 20.0)
        house.start()
        house.until_state("listening")
        seen["listening"] = screen.until_shows(Icon.LISTENING)
        house.until_awake()

        speaking = threading.Thread(target=sound_server.play_samples, args=(with_pauses(saying("go")),))
        speaking.start()
        seen["heard"] = screen.until_shows(Icon.HEARD)
        screen.until_shows(Icon.LISTENING)
        speaking.join()
        ask(house.socket, "pause")
        seen["paused"] = screen.until_shows(Icon.PAUSED)
        house.write("microphone: Nowhere\n" + good)
        ask(house.socket, "reload")
        ask(house.socket, "resume")
        seen["reconnecting"] = screen.until_shows(Icon.RECONNECTING)
        house.write(good)
        screen.until_shows(Icon.LISTENING)
        house.write("rules:\n  goo: {open: browser}\n")
        seen["config error"] = screen.until_shows(Icon.CONFIG_ERROR)
        house.write(good)
        screen.until_shows(Icon.LISTENING)
        [tray] = trays(house)
        assert house.process is not None
        house.process.kill()
        house.ended()
        seen["died"] = screen.until_shows(Icon.FAILED)
        house.start()
        house.until_state("listening")
        screen.until_shows(Icon.LISTENING)
        assert tray.is_running()
        ask(house.socket, "stop")
        assert house.ended() == 0
        tray.wait(10)
    if folder := os.environ.get("VOICEGO_PICTURES"):
        for name, picture in seen.items():
            picture.save(f"{folder}/dock-{name.replace(' ', '-')}.png")
    grey = {name: np.asarray(picture.convert("L"), np.int16) for name, picture in seen.items()}
    alike = [
        (one, other)
        for one, other in combinations(grey, 2)
        if np.count_nonzero(np.abs(grey[one] - grey[other]) > PLAINLY) < LEAST
    ]

    assert alike == []


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Buses]:
    buses = Buses(tmp_path)
    buses.begin("session")
    yield buses
    buses.end()


def test_the_daemon_does_what_is_clicked_and_quit_ends_all_but_what_was_opened(
    tmp_path: Path, sound_server: SoundServer, bus: Buses
) -> None:
    house = house_with_tray(tmp_path, sound_server, bus.environ | {"WAYLAND_DISPLAY": "wayland-of-nobody"})
    sleeper = "import time; time.sleep(62)"
    house.write(f"rules:\n  go: {{launch: [{sys.executable}, -c, '{sleeper}']}}\n  stop: {{{house.mark()}}}\n")
    with Panel(bus.environ["DBUS_SESSION_BUS_ADDRESS"]) as panel, leaving(house):
        house.start()
        house.until_state("listening")
        until(lambda: panel.items and "voicego: listening" in panel.tooltip, "the tray", 20.0)
        assert house.process is not None
        family = [psutil.Process(house.process.pid), *psutil.Process(house.process.pid).children(recursive=True)]
        ask(house.socket, "do", keyword="go", timeout_s=10)
        [opened] = [one for one in psutil.process_iter(["cmdline"]) if (one.info["cmdline"] or [""])[-1] == sleeper]
        try:
            panel.click("Pause")
            until(lambda: not sound_server.source_outputs(), "a closed microphone", 20.0)
            until(lambda: panel.menu().texts()[0].startswith("Paused"), "the pause in the menu", 20.0)
            panel.click("Resume")
            until(sound_server.source_outputs, "an open microphone", 20.0)
            panel.click("Rules", "stop")
            until(lambda: house.status()["rules"] == ["go"], "one rule less", 20.0)
            until(lambda: not panel.menu().line("Rules").line("stop").on, "the tick taken away", 20.0)
            panel.click("Sensitivity", "Lower")
            until(lambda: house.status()["sensitivity"] == "lower", "another sensitivity", 20.0)
            panel.click("Stay silent", "While another")
            until(lambda: house.status()["pause_while"] == ["call"], "silence in calls", 20.0)
            panel.click("Microphone", "System default")
            until(lambda: house.status()["choices"]["microphone"] == "default", "the default microphone", 20.0)
            until(lambda: panel.menu().line("Microphone").line("System default").on, "its mark", 20.0)
            house.until_state("listening")
            house.write("rules:\n  goo: {open: browser}\n")
            until(
                lambda: [text for text in panel.menu().texts() if ':2:3: no keyword "goo"' in text], "the place", 20.0
            )
            panel.click("Quit")

            assert house.ended() == 0
            psutil.wait_procs(family, timeout=10)
            assert [one for one in family if one.is_running()] == []
            assert opened.is_running()
            assert sound_server.source_outputs() == []
        finally:
            opened.kill()


@contextmanager
def leaving(house: House) -> Iterator[None]:
    try:
        yield
    finally:
        house.leave()
        log = house.folder / "log" / "tray.log"
        print(log.read_text() if log.exists() else "(no log of the tray)")  # noqa: T201 -- seen with a failure


def test_what_starts_at_login_brings_icon_and_daemon(tmp_path: Path, sound_server: SoundServer, bus: Buses) -> None:
    house = house_with_tray(tmp_path, sound_server, bus.environ)
    house.write(f"rules:\n  go: {{{house.mark()}}}\n")
    with Panel(bus.environ["DBUS_SESSION_BUS_ADDRESS"]) as panel, leaving(house):
        gui = "import sys; from voicego.cli import tray; sys.argv = ['voicego-tray']; tray()"
        house.process = subprocess.Popen([sys.executable, "-c", gui], env=house.env, stdin=subprocess.DEVNULL)
        until(lambda: house.status().get("state") == "listening", "a daemon that listens", 30.0)
        until(lambda: panel.items and "voicego: listening" in panel.tooltip, "the icon", 20.0)
        daemon = psutil.Process(house.status()["pid"])
        house.process.terminate()
        assert house.ended() == 0
        still = house.status().get("state")
        ask(house.socket, "stop")
        psutil.wait_procs([daemon], timeout=10)

    assert still == "listening"
    assert not daemon.is_running()
