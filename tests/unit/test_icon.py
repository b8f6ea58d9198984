"""The daemon's side of the tray icon's process."""

from __future__ import annotations

import sys

import psutil
import pytest

from tests.house import until
from voicego.app.icon import Icon, has_screen

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")


def test_an_icon_that_dies_is_told_of_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    icon = Icon({}, (sys.executable, "-c", "raise SystemExit(3)"))

    icon.start()
    until(lambda: "the tray icon ended (3)" in caplog.text, "the news")
    icon.stop()

    assert "voicego goes on" in caplog.text


def test_an_icon_that_does_not_leave_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voicego.app.icon.LEAVE_S", 0.05)
    icon = Icon({}, SLEEPS)
    icon.start()
    [child] = [one for one in psutil.Process().children() if one.cmdline() == list(SLEEPS)]

    icon.stop()

    assert not child.is_running()


def test_a_program_that_does_not_start_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    icon = Icon({}, ("/nowhere/voicego",))

    icon.start()
    icon.stop()

    assert "no tray icon" in caplog.text


def test_what_was_meant_for_the_daemon_does_not_reach_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    told = tmp_path_factory.mktemp("icon") / "told"
    show = f"import os; open({str(told)!r}, 'w').write(repr(sorted(os.environ)))"
    icon = Icon({"NOTIFY_SOCKET": "/x", "VOICEGO_CONFIG": "/y", "PATH": "/bin"}, (sys.executable, "-c", show))

    icon.start()
    until(lambda: told.exists() and told.read_text().endswith("]"), "its environment")
    icon.stop()

    assert "NOTIFY_SOCKET" not in told.read_text()
    assert "VOICEGO_CONFIG" in told.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a screen")
def test_a_screen_is_where_a_display_is() -> None:
    assert not has_screen({})
    assert has_screen({"DISPLAY": ":0"})
    assert has_screen({"WAYLAND_DISPLAY": "wayland-0"})
