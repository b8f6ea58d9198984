from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from voicego.acting.desk import Desk, System
from voicego.acting.rehearsal import Rehearsal
from voicego.app.doctor import desktop
from voicego.app.doctor.check import State
from voicego.flow import Absence, Open, Rule, Setup
from voicego.service.installed import Installed
from voicego.tray.host import Host

if TYPE_CHECKING:
    from pathlib import Path

OPENS = Setup(rules=(Rule("go", (Open("browser"),)),))
ENTRY = Installed("~/.config/autostart/voicego.desktop", ("voicego", "tray"))


def desk(folder: Path, *programs: str, system: System = System.LINUX, **environ: str) -> Desk:
    for program in programs:
        (folder / program).write_text("#!/bin/sh\n")
        (folder / program).chmod(0o755)
    data = {"XDG_DATA_DIRS": str(folder / "share"), "XDG_CONFIG_DIRS": str(folder / "etc")}
    return Desk(system, Rehearsal(), {"PATH": str(folder), "DISPLAY": ":0"} | data | environ, folder / "home")


def test_a_tray_is_well_and_none_is_a_warning_that_knows_gnome() -> None:
    none, gnome = (desktop.tray(Host.NONE, {"XDG_CURRENT_DESKTOP": name}) for name in ("sway", "ubuntu:GNOME"))

    assert desktop.tray(Host.BUS, {}).state is State.OK
    assert "a click" in desktop.tray(Host.DOCK, {}).found
    assert (none.state, gnome.state) == (State.WARNING, State.WARNING)
    assert "extension" in gnome.advice
    assert "extension" not in none.advice


def test_notifications_need_a_program_a_bus_and_a_service(tmp_path: Path) -> None:
    bare, laid = desk(tmp_path / "none"), desk(tmp_path, "notify-send")

    no_program = desktop.notifications(bare, lambda: {desktop.NOTIFICATIONS})
    no_bus = desktop.notifications(laid, lambda: None)
    no_service = desktop.notifications(laid, lambda: {"org.freedesktop.DBus"})
    all_there = desktop.notifications(laid, lambda: {desktop.NOTIFICATIONS})

    assert [check.state for check in (no_program, no_bus, no_service)] == [State.WARNING] * 3
    assert "libnotify" in no_program.advice
    assert "no session bus" in no_bus.found
    assert "nobody on the session bus" in no_service.found
    assert all_there.state is State.OK


def test_macos_and_windows_show_notifications_themselves(tmp_path: Path) -> None:
    for system in (System.MACOS, System.WINDOWS):
        assert desktop.notifications(desk(tmp_path, system=system), lambda: None).state is State.OK


def test_the_browser_that_would_open_is_named(tmp_path: Path) -> None:
    check = desktop.opener(desk(tmp_path, "xdg-open", "firefox", BROWSER="firefox"), OPENS)

    assert (check.state, check.found) == (State.OK, "opened by firefox")


def test_no_browser_is_a_problem_where_a_rule_opens_something(tmp_path: Path) -> None:
    bare = desk(tmp_path)

    assert desktop.opener(bare, OPENS).state is State.PROBLEM
    assert desktop.opener(bare, Setup()).state is State.WARNING


def test_a_browser_without_opener_or_display_is_a_warning(tmp_path: Path) -> None:
    no_opener = desktop.opener(desk(tmp_path, "firefox"), OPENS)
    no_display = desktop.opener(desk(tmp_path, "firefox", "xdg-open", DISPLAY=""), OPENS)

    assert (no_opener.state, no_display.state) == (State.WARNING, State.WARNING)
    assert "xdg-utils" in no_opener.advice
    assert "no display" in no_display.found


@pytest.mark.parametrize(
    ("installed", "complaint", "state", "told"),
    [
        (ENTRY, "", State.OK, "starts this voicego"),
        (Installed("f", ("voicego",), on=False), "", State.OK, "switched off"),
        (ENTRY, "it starts /old/voicego, which is not there any more", State.WARNING, "/old/voicego"),
    ],
)
def test_what_starts_at_login_is_told(installed: Installed, complaint: str, state: State, told: str) -> None:
    check = desktop.login([("start at login", installed, complaint)])

    assert check.state is state
    assert told in check.found


def test_nothing_at_login_is_well() -> None:
    assert desktop.login([]).state is State.OK


def test_what_pause_while_cannot_tell_is_a_warning_only_where_it_is_asked_for() -> None:
    def no_calls(kind: Absence) -> str:
        return "no sound server" if kind is Absence.CALL else ""

    asked = desktop.absence(Setup(pause_while=(Absence.CALL,)), no_calls, Absence)
    not_asked = desktop.absence(Setup(pause_while=(Absence.LOCKED,)), no_calls, Absence)
    all_well = desktop.absence(Setup(pause_while=(Absence.LOCKED,)), lambda _: "", Absence)

    assert (asked.state, not_asked.state, all_well.state) == (State.WARNING, State.OK, State.OK)
    assert "call: no sound server" in asked.found
    assert "call: no sound server" in not_asked.found
    assert "locked; could be told" in all_well.found
