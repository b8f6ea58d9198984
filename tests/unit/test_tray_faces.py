"""The tray on macOS, on a stand-in for its loop; what clicks open; what is told where there is no tray."""

from __future__ import annotations

import queue
import sys
import threading
import types
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.house import until
from voicego.acting.desk import Desk, Ran, System
from voicego.acting.rehearsal import Rehearsal
from voicego.app.tray import deeds, show_text
from voicego.errors import VoicegoError
from voicego.flow import Outcome
from voicego.paths import paths
from voicego.tray.app import NO_DESKTOP, Tray
from voicego.tray.dock import DockFace
from voicego.tray.model import SEPARATOR, Ask, Icon, Item, Mark, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voicego.tray.model import Click


class Loop:
    """AppKit, as far as pystray and voicego use it: one thread, and one way to reach it."""

    def __init__(self) -> None:
        self.calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self.icons: list[IconOfTheLoop] = []
        self.thread: threading.Thread | None = None


class IconOfTheLoop:
    """`pystray.Icon`: notes on which thread each change comes."""

    def __init__(self, loop: Loop) -> None:
        self.changes: list[tuple[str, Any, bool]] = []
        self._loop = loop
        object.__setattr__(self, "visible", False)
        self._running = True
        loop.icons.append(self)

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and name != "changes":
            right = threading.current_thread() is self._loop.thread
            self.changes.append((name, value, right))
        object.__setattr__(self, name, value)

    def run(self, setup: Callable[[Any], None]) -> None:
        self._loop.thread = threading.current_thread()
        threading.Thread(target=setup, args=(self,)).start()
        while call := self._loop.calls.get(timeout=20):
            call()

    def stop(self) -> None:
        self._loop.calls.put(None)


class Person:
    def __init__(self) -> None:
        self.clicks: list[Click] = []

    def click(self, click: Click) -> None:
        self.clicks.append(click)

    def opened(self, *, is_open: bool) -> None:
        raise AssertionError(is_open)


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    one = Loop()
    monkeypatch.setenv("PYSTRAY_BACKEND", "dummy")
    import pystray  # noqa: PLC0415 -- with the back end that needs no display

    helper = types.SimpleNamespace(callAfter=one.calls.put)
    monkeypatch.setitem(sys.modules, "PyObjCTools", types.SimpleNamespace(AppHelper=helper))
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(pystray, "Icon", lambda *_: IconOfTheLoop(one))
    yield one
    sys.modules.pop("pystray")  # another test may want another back end


def test_on_macos_every_change_comes_on_the_loops_own_thread(loop: Loop) -> None:
    person = Person()
    face = DockFace(person, {}, dark=True)
    menu = (
        Item("Listening", key="state"),
        SEPARATOR,
        Item("Pause", Ask("pause"), key="pause"),
        Item("Rules", items=(Item("go", Ask("rule"), Mark.TICK, on=True),)),
    )
    face.show(View(Icon.LOADING, "voicego is starting", menu))
    running = threading.Thread(target=face.run)
    running.start()
    face.show(View(Icon.LISTENING, "voicego: listening", menu))
    until(lambda: loop.icons and ("title", "voicego: listening", True) in loop.icons[0].changes, "the view", 20.0)
    face.stop()
    running.join(20)

    [icon] = loop.icons
    assert not running.is_alive()
    assert [name for name, _, right in icon.changes if not right] == []
    lines = list([value for name, value, _ in icon.changes if name == "menu"][-1])
    assert next(str(line.text) for line in lines if hasattr(line, "text")) == "Listening"
    assert [line.enabled for line in lines] == [False, True, True, True]
    [tick] = list(lines[3].submenu)
    assert (tick.text, tick.checked, tick.radio) == ("go", True, False)
    lines[2](None)
    tick(None)
    assert person.clicks == [Ask("pause"), Ask("rule")]


def test_a_face_that_was_stopped_before_it_began_does_not_begin(loop: Loop) -> None:
    face = DockFace(Person(), {}, dark=True)
    face.stop()

    assert face.run()
    assert loop.icons == []


# --- what clicks open -----------------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(System.LINUX, Rehearsal(otherwise=Ran(Outcome.OK, exit_code=0)), {"PATH": ""}, tmp_path)


def commands(desk: Desk) -> list[tuple[str, ...]]:
    assert isinstance(desk.processes, Rehearsal)
    return [one.argv for one in desk.processes.asked]


def test_a_file_opens_in_the_desktops_editor_for_plain_text(desk: Desk, tmp_path: Path) -> None:
    rules = tmp_path / "voicego.yaml"
    rules.touch()
    applications = tmp_path / "share" / "applications"
    applications.mkdir(parents=True)
    (applications / "ed.desktop").write_text("[Desktop Entry]\nType=Application\nName=Ed\nExec=ed %F\n")
    (applications / "mimeapps.list").write_text("[Default Applications]\ntext/plain=ed.desktop\n")

    show_text(rules, replace(desk, environ={"PATH": "", "XDG_DATA_DIRS": str(tmp_path / "share")}))

    assert commands(desk) == [("ed", str(rules))]


@pytest.mark.parametrize(("system", "command"), [(System.MACOS, ("open", "-t")), (System.WINDOWS, ("notepad.exe",))])
def test_on_the_other_systems_with_their_own(
    desk: Desk, tmp_path: Path, system: System, command: tuple[str, ...]
) -> None:
    (tmp_path / "a").touch()

    show_text(tmp_path / "a", replace(desk, system=system))

    assert commands(desk) == [(*command, str(tmp_path / "a"))]


def test_a_file_that_is_not_there_and_one_that_nothing_opens_are_said(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(VoicegoError, match="there is no"):
        show_text(tmp_path / "a", desk)
    (tmp_path / "a").touch()
    with pytest.raises(VoicegoError, match="no program that opens things"):
        show_text(tmp_path / "a", desk)


def test_a_daemon_that_does_not_start_is_said(desk: Desk, tmp_path: Path) -> None:
    places = paths({"VOICEGO_STATE_DIR": str(tmp_path)})
    refusing = replace(desk, processes=Rehearsal(otherwise=Ran(Outcome.FAILED, "it ended with 1", 1)))

    with pytest.raises(VoicegoError, match="does not start"):
        deeds(places, refusing).start()


# --- no tray ----------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # python-xlib leaves its sockets open
def test_where_there_is_no_tray_it_is_told_once(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nobody")
    places = paths({"VOICEGO_STATE_DIR": str(tmp_path / "state"), "VOICEGO_RUNTIME_DIR": str(tmp_path / "run")})
    environ = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/nobody"}
    told: list[str] = []

    for _ in range(2):
        tray = Tray(places, environ, deeds(places, desk), told.append, look_s=0.01)
        with pytest.raises(VoicegoError, match="the desktop has gone"):
            tray.run(attached=True)

    assert len(told) == 1
    assert "voicego status" in told[0]


def test_without_a_desktop_nothing_is_begun(desk: Desk, tmp_path: Path) -> None:
    places = paths({"VOICEGO_STATE_DIR": str(tmp_path / "state")})

    with pytest.raises(VoicegoError) as refused:
        Tray(places, {}, deeds(places, desk), pytest.fail).run(attached=False)

    assert str(refused.value) == NO_DESKTOP
    assert not (tmp_path / "state").exists()
