"""The tray's process on a session bus and on a screen of its own, beside a stand-in for the daemon."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.buses import Buses
from tests.controls import Daemon
from tests.house import House, until
from tests.trays import Panel, Screen
from voicego.control.server import Server
from voicego.flow import State
from voicego.tray.model import Icon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ELSEWHERE = {"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY", "WAYLAND_DISPLAY", "XDG_CURRENT_DESKTOP"}


class Home:
    """A house in which a stand-in answers, with a tray beside it."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        outside = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
        home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder / "config"), "VOICEGO_TRAY_ICONS": "on-dark"}
        self.house = House(folder, environ=outside | home | environ)
        (folder / "run").mkdir(mode=0o700)
        self.daemon = Daemon()
        self.server: Server | None = None
        self.processes: list[subprocess.Popen[bytes]] = []

    def begin(self) -> None:
        self.server = Server(self.house.socket, self.daemon)
        self.server.start()

    def end(self) -> None:
        """As when it dies: nothing is said."""
        if self.server is not None:
            self.server.stop()
            self.server = None

    def tray(self, *words: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "voicego", "tray", *words], env=self.house.env, stderr=subprocess.PIPE
        )
        self.processes.append(process)
        return process

    def show(self, **changes: object) -> None:
        """Have the daemon be something else, and say so."""
        self.daemon.now = replace(self.daemon.now, **changes)  # type: ignore[arg-type]
        self.daemon.tell({"event": "state", "state": self.daemon.now.state, "reason": ""})

    def until_asked(self, what: str) -> None:
        until(lambda: what in self.daemon.asked, f"the request {what}; there were {self.daemon.asked}", 20.0)

    def leave(self) -> None:
        for process in self.processes:
            process.kill()
            _, told = process.communicate(timeout=10)
            print(told.decode())  # noqa: T201 -- pytest shows it with a failure
        self.end()
        log = self.house.folder / "log" / "tray.log"
        print(log.read_text() if log.exists() else "(no log of the tray)")  # noqa: T201


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Buses]:
    buses = Buses(tmp_path)
    buses.begin("session")
    yield buses
    buses.end()


@pytest.fixture
def home(bus: Buses, tmp_path: Path) -> Iterator[Home]:
    one = Home(tmp_path, bus.environ)
    one.begin()
    yield one
    one.leave()


@pytest.fixture
def panel(bus: Buses) -> Iterator[Panel]:
    with Panel(bus.environ["DBUS_SESSION_BUS_ADDRESS"]) as one:
        yield one


def until_shown(panel: Panel, text: str) -> None:
    until(lambda: panel.items and text in panel.tooltip, f"the tooltip {text}", 20.0)


def test_the_menu_says_what_happens_and_the_daemon_does_what_is_clicked(home: Home, panel: Panel) -> None:
    tray = home.tray("--attached")
    until_shown(panel, "voicego: listening")

    panel.click("Pause")
    until_shown(panel, "voicego: paused")
    assert panel.menu().texts()[0] == "Paused"
    panel.click("Resume")
    until_shown(panel, "voicego: listening")
    panel.click("Pause for", "15 minutes")
    home.until_asked("pause 900.0")
    home.daemon.rules_are_broken = True
    panel.click("Reload rules")
    until(lambda: "voicego.yaml:3:1: unknown key" in panel.menu().texts(), "the mistake in the menu", 20.0)
    panel.activate()
    until_shown(panel, "voicego: listening")
    panel.click("Start at login")
    until(lambda: panel.menu().line("Start at login").on, "the tick", 20.0)
    assert list((home.house.folder / "config" / "autostart").iterdir())
    panel.click("Quit")

    assert tray.wait(10) == 0
    assert "stop" in home.daemon.asked


def test_a_line_that_went_is_no_other_line(home: Home, panel: Panel) -> None:
    home.tray("--attached")
    until_shown(panel, "voicego: listening")
    heard = {"id": "d1", "keyword": "go", "score": 0.9, "confirmed": None, "at_s": 1.0, "time": 1.0, "actions": []}
    home.show(recent=(heard | {"wrong": False},))
    until(lambda: "go" in panel.menu().line("Heard lately").lines[0].text, "the detection", 20.0)
    old = panel.menu().line("Heard lately").lines[0].line("That was wrong").number

    home.show(recent=(heard | {"id": "d2", "keyword": "stop", "wrong": False},))
    until(lambda: "stop" in panel.menu().line("Heard lately").lines[0].text, "the next", 20.0)
    panel.click_number(old)
    panel.click("Heard lately", panel.menu().line("Heard lately").lines[0].text, "That was wrong")
    home.until_asked("wrong d2")

    assert "wrong d1" not in home.daemon.asked


def test_a_menu_that_is_open_changes_before_the_persons_eyes(home: Home, panel: Panel) -> None:
    home.tray("--attached")
    until_shown(panel, "voicego: listening")
    root = panel.menu()
    panel.tell(root.number, "opened")
    until(lambda: home.daemon.asked.count("microphones") > 1, "a look at the microphones", 20.0)
    before = panel.menu().line("Microphone").number
    panel.signals.clear()

    home.daemon.now = replace(home.daemon.now, level_db=-12.0)  # no event says so: an open menu is followed
    until(lambda: "-12 dB" in str(panel.menu().line("Microphone").lines), "the level", 20.0)

    assert panel.menu().line("Microphone").number == before
    until(lambda: "ItemsPropertiesUpdated" in panel.signals, "news for the panel", 20.0)
    assert "LayoutUpdated" not in panel.signals


def test_a_detection_flashes(home: Home, panel: Panel) -> None:
    home.tray("--attached")
    until_shown(panel, "voicego: listening")
    calm = panel.icon()
    panel.signals.clear()

    home.daemon.tell({"event": "detection", "id": "d1", "keyword": "go"})
    until(lambda: panel.signals.count("NewIcon") == 2, "there and back", 20.0)

    assert panel.icon().tobytes() == calm.tobytes()


def test_a_daemon_that_dies_is_told_and_one_that_comes_is_followed(home: Home, panel: Panel) -> None:
    tray = home.tray("--attached")
    until_shown(panel, "voicego: listening")
    alive = panel.icon().tobytes()

    home.end()
    until_shown(panel, "nobody asked it to")
    dead = panel.icon().tobytes()
    home.begin()
    until_shown(panel, "voicego: listening")

    assert dead != alive
    assert panel.icon().tobytes() == alive
    assert tray.poll() is None


def test_the_tray_of_a_daemon_ends_with_it_on_purpose(home: Home, panel: Panel) -> None:
    tray = home.tray("--attached")
    until_shown(panel, "voicego: listening")

    home.daemon.tell({"event": "state", "state": "stopped", "reason": ""})

    assert tray.wait(10) == 0


def test_a_tray_of_its_own_stays_and_offers_to_start(home: Home, panel: Panel) -> None:
    tray = home.tray()
    until_shown(panel, "voicego: listening")

    home.daemon.tell({"event": "state", "state": "stopped", "reason": ""})
    home.end()
    until(lambda: "Start voicego" in panel.menu().texts(), "the offer", 20.0)

    assert tray.poll() is None
    assert panel.menu().texts()[:2] == ["voicego is not running", "Start voicego"]


def test_another_panel_gets_the_icon_too(home: Home, bus: Buses) -> None:
    tray = home.tray("--attached")
    for _ in range(2):
        with Panel(bus.environ["DBUS_SESSION_BUS_ADDRESS"]) as panel:
            until_shown(panel, "voicego: listening")

    assert tray.poll() is None


def test_a_second_tray_says_so(home: Home, panel: Panel) -> None:
    first = home.tray("--attached")
    until_shown(panel, "voicego: listening")

    second, third = home.tray(), home.tray("--attached")
    _, told = second.communicate(timeout=20)
    _, nothing = third.communicate(timeout=20)

    assert (second.returncode, third.returncode) == (0, 0)
    assert nothing == b""
    assert told.decode() == f"voicego is in the tray already (process {first.pid})\n"
    assert first.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_tray_and_not_the_daemon(home: Home, panel: Panel, number: signal.Signals) -> None:
    tray = home.tray("--attached")
    until_shown(panel, "voicego: listening")

    tray.send_signal(number)

    assert tray.wait(10) == 0
    assert "stop" not in home.daemon.asked


def test_a_bus_that_goes_ends_the_tray_with_a_sentence(home: Home, bus: Buses) -> None:
    tray = home.tray("--attached")
    with Panel(bus.environ["DBUS_SESSION_BUS_ADDRESS"]) as panel:
        until_shown(panel, "voicego: listening")
        bus.kill("session")
    _, told = tray.communicate(timeout=60)

    assert tray.returncode == 1
    assert "the desktop has gone" in told.decode()
    assert "stop" not in home.daemon.asked


def test_a_socket_that_belongs_to_nobody_that_answers_is_said(tmp_path: Path, bus: Buses) -> None:
    home = Home(tmp_path, bus.environ)
    with socket.socket(socket.AF_UNIX) as stranger, Panel(bus.environ["DBUS_SESSION_BUS_ADDRESS"]) as panel:
        stranger.bind(str(home.house.socket))
        stranger.listen()
        try:
            home.tray("--attached")
            until_shown(panel, "did not answer")
        finally:
            home.leave()


def test_without_a_desktop_it_says_what_to_do(tmp_path: Path) -> None:
    home = Home(tmp_path, {})
    tray = home.tray()
    _, told = tray.communicate(timeout=20)

    assert tray.returncode == 1
    assert "voicego run --headless" in told.decode()
    assert not (tmp_path / "log" / "voicego.log").exists()


# --- a dock of the old kind -----------------------------------------------------------------------------------------


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    with Screen(tmp_path) as one:
        one.begin_panel()
        yield one


def test_in_a_dock_a_click_pauses_and_another_dock_gets_the_icon_too(screen: Screen, tmp_path: Path) -> None:
    home = Home(tmp_path, {"DISPLAY": screen.display})
    home.begin()
    try:
        until(lambda: screen.is_empty, "the empty dock", 20.0)
        tray = home.tray("--attached")
        screen.until_shows(Icon.LISTENING)
        screen.click()
        home.until_asked("pause None")
        screen.until_shows(Icon.PAUSED)
        screen.end_panel()
        until(lambda: screen.shows() is None, "no dock", 20.0)
        screen.begin_panel()
        screen.until_shows(Icon.PAUSED)
        home.show(state=State.FAILED)
        screen.until_shows(Icon.FAILED)
        home.show(state=State.LOADING)
        screen.until_shows(Icon.LOADING)
        tray.terminate()

        assert tray.wait(10) == 0
    finally:
        home.leave()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path, bus: Buses) -> None:
    (tmp_path / "file").touch()
    home = Home(tmp_path, bus.environ)
    environ = home.house.env | {"VOICEGO_RUNTIME_DIR": f"{tmp_path}/file/run"}
    command = [sys.executable, "-m", "voicego", "tray"]
    done = subprocess.run(command, env=environ, capture_output=True, timeout=20, check=False)

    assert done.returncode == 1
    assert "cannot make the folder" in done.stderr.decode()
