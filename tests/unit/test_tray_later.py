"""The one door to pystray's thread, on stand-ins for the icons of the three systems."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING, Any

import pytest

from voicego.tray.later import WM_LATER, WM_NOTIFY, Later

if TYPE_CHECKING:
    from collections.abc import Callable

    Loop = list[Callable[[], object]]


@pytest.fixture
def loop() -> Loop:
    """What the foreign loop was asked to call, and has not called yet."""
    return []


@pytest.fixture
def on_macos(monkeypatch: pytest.MonkeyPatch, loop: Loop) -> None:
    helper = types.SimpleNamespace(callAfter=loop.append)
    monkeypatch.setitem(sys.modules, "PyObjCTools", types.SimpleNamespace(AppHelper=helper))
    monkeypatch.setattr(sys, "platform", "darwin")


class WindowsIcon:
    _hwnd = 5

    def __init__(self) -> None:
        self.clicks: list[tuple[int, int]] = []
        self._message_handlers: dict[int, Callable[..., object]] = {WM_NOTIFY: self._on_notify}
        self.while_open: Callable[[], object] = lambda: None

    def _on_notify(self, wparam: int, lparam: int) -> None:
        self.clicks.append((wparam, lparam))
        self.while_open()

    def dispatch(self, message: int) -> object:
        return self._message_handlers[message](0, 0)


@pytest.fixture
def windows_icon(monkeypatch: pytest.MonkeyPatch, loop: Loop) -> WindowsIcon:
    icon = WindowsIcon()

    def post(hwnd: int, message: int, _wparam: int, _lparam: int) -> None:
        assert hwnd == icon._hwnd
        loop.append(lambda: icon.dispatch(message))

    util = types.SimpleNamespace(win32=types.SimpleNamespace(PostMessage=post))
    monkeypatch.setitem(sys.modules, "pystray._util", util)
    monkeypatch.setattr(sys, "platform", "win32")
    return icon


@pytest.mark.usefixtures("on_macos")
def test_on_macos_a_change_waits_for_appkits_thread(loop: Loop) -> None:
    later, done = Later(), list[str]()
    later.open(object())

    later(lambda: done.append("changed"))

    assert done == []
    for call in loop:
        call()
    assert done == ["changed"]


@pytest.mark.usefixtures("on_macos")
def test_what_comes_before_the_loop_runs_is_kept_in_order(loop: Loop) -> None:
    later, done = Later(), list[int]()
    later(lambda: done.append(1))
    later(lambda: done.append(2))

    later.open(object())
    loop.pop()()

    assert done == [1, 2]


@pytest.mark.usefixtures("on_macos")
def test_nothing_goes_through_a_closed_door(loop: Loop) -> None:
    later, done = Later(), list[int]()
    later.open(object())
    later.close()
    loop.clear()

    later(lambda: done.append(1))

    assert loop == []
    assert done == []


def test_on_windows_a_change_comes_as_a_message(windows_icon: WindowsIcon, loop: Loop) -> None:
    later, done = Later(), list[str]()
    later.open(windows_icon)

    later(lambda: done.append("changed"))
    for call in loop:
        call()

    assert done == ["changed"]


def test_on_windows_an_open_menu_is_not_changed_beneath_the_pointer(windows_icon: WindowsIcon) -> None:
    later = Later()
    done: list[Any] = []
    later.open(windows_icon)

    def choose() -> None:
        later(lambda: done.append("changed"))
        windows_icon.dispatch(WM_LATER)
        done.append("chosen")

    windows_icon.while_open = choose
    windows_icon.dispatch(WM_NOTIFY)

    assert windows_icon.clicks == [(0, 0)]
    assert done == ["chosen", "changed"]
