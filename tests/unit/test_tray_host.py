"""Whether there is a tray, and what is said where there is none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from voicego.tray import host, panel
from voicego.tray.host import Host

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_macos_and_windows_have_their_own(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)

    assert host.find({}) is Host.SYSTEM


def test_without_a_desktop_there_is_none_and_none_may_come() -> None:
    assert host.find({}) is Host.NONE
    assert not host.may_come({})


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # python-xlib leaves its sockets open
def test_an_address_at_which_nobody_is_home_is_no_tray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/bus", "DISPLAY": ":4711"}
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", environ["DBUS_SESSION_BUS_ADDRESS"])

    assert host.find(environ) is Host.NONE
    assert host.may_come(environ)


def test_the_hint_is_given_once(tmp_path: Path) -> None:
    marker = tmp_path / "state" / "tray-hint"

    assert "voicego status" in host.hint({}, marker)
    assert host.hint({}, marker) == ""


def test_on_gnome_it_names_the_extension(tmp_path: Path) -> None:
    assert "AppIndicator" in host.hint({"XDG_CURRENT_DESKTOP": "ubuntu:GNOME"}, tmp_path / "hint")


def test_in_a_home_that_cannot_be_written_to_it_is_given_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")

    assert host.hint({}, tmp_path / "state" / "hint")
    assert host.hint({}, tmp_path / "state" / "hint")


@pytest.mark.parametrize(
    ("environ", "dark"),
    [
        ({"XDG_CURRENT_DESKTOP": "GNOME"}, True),
        ({"XDG_CURRENT_DESKTOP": "KDE"}, False),
        ({"XDG_CURRENT_DESKTOP": "XFCE"}, True),
        ({"XDG_CURRENT_DESKTOP": "KDE", "VOICEGO_TRAY_ICONS": "on-dark"}, True),
        ({"XDG_CURRENT_DESKTOP": "GNOME", "VOICEGO_TRAY_ICONS": "on-light"}, False),
    ],
)
def test_the_panel_is_guessed_and_can_be_said(
    environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, dark: bool
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")

    assert panel.dark(environ) is dark
