"""A daemon that began before the desktop: its actions see the desktop's variables as soon as the user manager does."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from voicego.acting.desk import Desk, System
from voicego.acting.dispatcher import Dispatcher
from voicego.acting.runner import Runner
from voicego.acting.session import SCREENS, Session, parsed
from voicego.flow import ActionRun, Detection, Outcome, Pause, Rule, Run

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")

SHOWN = """LANG=de_DE.UTF-8
LS_COLORS={colours}
DISPLAY=:7
DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus
XAUTHORITY=$'/home/a b/it\\'s'
"""
SHOW = Run(("sh", "-c", 'echo "$DISPLAY|$XAUTHORITY|$DBUS_SESSION_BUS_ADDRESS|$LANG"'), timeout_s=20.0)


class Ears:
    def deaf(self) -> AbstractContextManager[None]:
        return nullcontext()


class Machine:
    """A daemon's actions beneath a user manager that a test speaks for."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.known = folder / "known"
        self.asked = folder / "asked"
        programs = folder / "bin"
        programs.mkdir()
        (programs / "systemctl").write_text(
            f'#!/bin/sh\necho "$*" >> {self.asked}\n'
            f'[ -f {self.known} ] || exec sleep "${{SLOW:-0}}"\ncat {self.known}\n'
        )
        (programs / "systemctl").chmod(0o755)
        own = {"PATH": f"{programs}:{os.environ['PATH']}", "LANG": "C", **environ}
        self.session = Session(own)
        runner = Runner(self.session, folder)
        desk = Desk(System.LINUX, runner, self.session, folder, lambda: self.session.join(runner))
        self.runs: list[ActionRun] = []
        self.dispatcher = Dispatcher(report=self.runs.append, ears=Ears(), pause=lambda _: None, desk=desk)

    def act(self) -> str:
        (done,) = self.dispatcher.do(Rule("go", (SHOW,)))
        assert done.outcome is Outcome.OK
        return done.detail


def test_variables_that_come_after_the_start_reach_the_next_action(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    before = machine.act()

    machine.known.write_text(SHOWN.format(colours="x" * 4_000))
    after = machine.act()

    assert before == "|||C"
    assert after == ":7|/home/a b/it's|unix:path=/run/user/1000/bus|C"
    assert machine.session["DISPLAY"] == ":7"  # what `open` asks for
    assert len(machine.session) == len(list(machine.session)) == len(machine.session.items())


def test_another_desktop_takes_the_place_of_the_first(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.known.write_text("DISPLAY=:7\nXAUTHORITY=/seven\n")
    machine.act()

    machine.known.write_text("DISPLAY=:8\n")

    assert machine.act() == ":8|||C"


@pytest.mark.parametrize("name", SCREENS)
def test_a_daemon_inside_a_desktop_asks_nobody(tmp_path: Path, name: str) -> None:
    machine = Machine(tmp_path, **{name: ":1"})
    machine.known.write_text(SHOWN)

    machine.act()

    assert machine.session[name] == ":1"
    assert not machine.asked.exists()


def test_a_manager_that_does_not_answer_holds_no_action_up_for_long(tmp_path: Path) -> None:
    machine = Machine(tmp_path, SLOW="60")

    assert machine.act() == "|||C"
    assert machine.asked.read_text() == "--user show-environment\n"


def test_a_pause_asks_nobody(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.dispatcher.start()

    machine.dispatcher.offer(Detection("d1", "go", 0.9, 16_000), Rule("go", (Pause(None),)))

    assert not machine.asked.exists()
    assert machine.dispatcher.stop(10.0)


def test_nothing_but_the_session_is_taken_from_the_manager() -> None:
    assert parsed("PATH=/nowhere\nWAYLAND_DISPLAY=wayland-1\nXDG_SESSION_TYPE=\n") == {"WAYLAND_DISPLAY": "wayland-1"}


def test_many_threads_may_read_while_it_changes(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    ended = threading.Event()
    surprises: list[BaseException] = []

    def read() -> None:
        try:
            while not ended.is_set():
                assert dict(machine.session.items())["LANG"] == "C"
        except BaseException as error:  # noqa: BLE001 -- told below
            surprises.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(5):
        machine.known.write_text(f"DISPLAY=:{number}\n" + "XAUTHORITY=/x\n" * (number % 2))
        machine.act()
    ended.set()
    reader.join(10.0)

    assert surprises == []
