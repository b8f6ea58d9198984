"""Trays of a test's own: a panel on a session bus that shows items and clicks in menus, and a dock on a screen."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Self

import pytest
from dbus_fast import BusType, Message, MessageType, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal
from PIL import Image

from tests.house import until
from voicego.tray.icons import opaque
from voicego.tray.model import Icon

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from pathlib import Path

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
MENU = "com.canonical.dbusmenu"
ANSWER_S = 20.0
PANEL = (0x2B, 0x2B, 0x2B)

Nothing = Annotated[None, DBusSignature("")]


@dataclass
class Line:
    """A line of a menu, as a panel is told of it."""

    number: int
    looks: dict[str, Any]
    lines: list[Line] = field(default_factory=list)

    @property
    def text(self) -> str:
        return str(self.looks.get("label", "")).replace("__", "_")

    @property
    def on(self) -> bool:
        return self.looks.get("toggle-state") == 1

    def line(self, beginning: str) -> Line:
        """The one beneath it that is called so, or begins so."""
        found = [each for each in self.lines if each.text == beginning]
        found = found or [each for each in self.lines if each.text.startswith(beginning)]
        assert len(found) == 1, f"{len(found)} lines begin with {beginning!r}: {self.texts()}"
        return found[0]

    def texts(self) -> list[str]:
        return [each.text for each in self.lines]


class _Watcher(ServiceInterface):
    def __init__(self) -> None:
        super().__init__(WATCHER)
        self.items: list[str] = []
        self.has_host = True

    @dbus_method(name="RegisterStatusNotifierItem")
    def register(self, service: DBusStr) -> Nothing:
        self.items.append(service)
        self.registered()

    @dbus_property(access=PropertyAccess.READ, name="IsStatusNotifierHostRegistered")
    def is_host_registered(self) -> DBusBool:
        return self.has_host

    @dbus_signal(name="StatusNotifierItemRegistered")
    def registered(self) -> DBusStr:
        return self.items[-1]


class Panel:
    """A panel on a session bus: `with Panel(address) as panel:`. What it is told it believes, as real ones do."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="panel")
        self._watcher = _Watcher()
        self.signals: list[str] = []
        """Names of what the items told, in order."""

    def __enter__(self) -> Self:
        self._thread.start()
        self._await(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._await(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def items(self) -> list[str]:
        """Who registered, in order."""
        return self._watcher.items

    def look(self, name: str) -> Any:  # noqa: ANN401 -- whatever the property holds
        """A property of the newest item."""
        [found] = self._call(
            self.items[-1], "/StatusNotifierItem", "org.freedesktop.DBus.Properties", "Get", "ss", ITEM, name
        )
        return found.value

    def icon(self, size: int = 22) -> Image.Image:
        """Its icon, in RGBA."""
        [data] = [data for width, _, data in self.look("IconPixmap") if width == size]
        alpha, red, green, blue = Image.frombytes("CMYK", (size, size), bytes(data)).split()
        return Image.merge("RGBA", (red, green, blue, alpha))

    @property
    def tooltip(self) -> str:
        _, _, title, text = self.look("ToolTip")
        return f"{title}\n{text}".strip()

    def activate(self) -> None:
        """Click on the icon itself."""
        self._call(self.items[-1], "/StatusNotifierItem", ITEM, "Activate", "ii", 0, 0)

    def menu(self) -> Line:
        """Ask for the whole menu."""
        _, layout = self._call(self.items[-1], self.look("Menu"), MENU, "GetLayout", "iias", 0, -1, [])
        return _line(layout)

    def click(self, *path: str) -> None:
        """Open the menu and click on a line: the first letters of each line on the way."""
        line = self.menu()
        for beginning in path:
            line = line.line(beginning)
        self.click_number(line.number)

    def click_number(self, number: int) -> None:
        self.tell(number, "clicked")

    def tell(self, number: int, what: str) -> None:
        """Tell the item's menu what a person did."""
        self._call(self.items[-1], self.look("Menu"), MENU, "Event", "isvu", number, what, Variant("i", 0), 0)

    def call(self, member: str, signature: str, *body: object) -> list[Any]:
        """Call a method of the newest item's menu."""
        return self._call(self.items[-1], self.look("Menu"), MENU, member, signature, *body)

    def _await(self, work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_S)

    async def _open(self) -> None:
        self._bus = await MessageBus(bus_address=self._address, bus_type=BusType.SESSION).connect()
        self._bus.export("/StatusNotifierWatcher", self._watcher)
        self._bus.add_message_handler(self._noticed)
        match = Message(
            destination="org.freedesktop.DBus",
            path="/org/freedesktop/DBus",
            interface="org.freedesktop.DBus",
            member="AddMatch",
            signature="s",
            body=["type='signal'"],
        )
        await self._bus.call(match)
        await self._bus.request_name(WATCHER)

    async def _leave(self) -> None:
        self._bus.disconnect()
        with suppress(Exception):  # the bus may have been killed
            await self._bus.wait_for_disconnect()

    def _noticed(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.interface in {ITEM, MENU}:
            self.signals.append(str(message.member))

    def _call(self, to: str, path: str, interface: str, member: str, signature: str, *body: object) -> list[Any]:
        message = Message(
            destination=to, path=path, interface=interface, member=member, signature=signature, body=list(body)
        )
        reply = self._await(self._bus.call(message))
        assert reply.message_type is not MessageType.ERROR, f"{member}: {reply.error_name}: {reply.body}"
        found: list[Any] = reply.body
        return found


def _line(layout: Sequence[Any]) -> Line:
    number, looks, beneath = layout
    plain = {name: value.value for name, value in looks.items()}
    return Line(number, plain, [_line(each.value) for each in beneath])


class Screen:
    """An X screen with room for a dock: `with Screen(folder) as screen:`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._panel: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        for program in ("Xvfb", "tint2"):
            if shutil.which(program) is None:
                pytest.fail(f"{program} is missing; install it: sudo apt install {program.lower()}")
        there, ready = os.pipe()
        command = ["Xvfb", "-displayfd", str(ready), "-screen", "0", "400x100x24", "-noreset"]
        self._server = subprocess.Popen(command, pass_fds=[ready], stderr=subprocess.DEVNULL)
        os.close(ready)
        with os.fdopen(there) as number:
            self.display = f":{number.readline().strip()}"
        self._pretend_a_window_manager()
        return self

    def __exit__(self, *_: object) -> None:
        self.end_panel()
        self._server.terminate()
        self._server.wait(timeout=10)

    def _pretend_a_window_manager(self) -> None:
        """Without these tint2 waits for one."""
        from Xlib import Xatom, display  # noqa: PLC0415 -- where there is a screen

        server = display.Display(self.display)
        root = server.screen().root
        for name, value in (("_NET_NUMBER_OF_DESKTOPS", 1), ("_NET_CURRENT_DESKTOP", 0)):
            root.change_property(server.intern_atom(name), Xatom.CARDINAL, 32, [value])
        server.sync()
        server.close()

    def click(self) -> None:
        """Click on the first icon of the dock."""
        from Xlib import X, display  # noqa: PLC0415
        from Xlib.ext import xtest  # noqa: PLC0415

        server = display.Display(self.display)
        try:
            xtest.fake_input(server, X.MotionNotify, x=16, y=84)
            xtest.fake_input(server, X.ButtonPress, 1)
            xtest.fake_input(server, X.ButtonRelease, 1)
            server.sync()
        finally:
            server.close()

    def begin_panel(self) -> None:
        """Start tint2 with nothing but a place for icons."""
        settings = self._folder / "tint2rc"
        settings.write_text(
            "rounded = 0\nborder_width = 0\nbackground_color = #2b2b2b 100\n"
            "panel_items = S\npanel_position = bottom left horizontal\npanel_size = 100% 32\npanel_background_id = 1\n"
            "systray_padding = 4 4 4\nsystray_icon_size = 24\nsystray_sort = ascending\nsystray_background_id = 0\n"
        )
        command = ["tint2", "-c", str(settings)]
        environ = {name: value for name, value in os.environ.items() if "DBUS" not in name} | {"DISPLAY": self.display}
        self._panel = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def end_panel(self) -> None:
        if self._panel is not None:
            self._panel.kill()
            self._panel.wait(timeout=10)
            self._panel = None

    def shot(self) -> Image.Image:
        """What is on the screen now."""
        from Xlib import X, display  # noqa: PLC0415 -- where there is a screen

        server = display.Display(self.display)
        try:
            root = server.screen().root
            size = root.get_geometry()
            found = root.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF)
            return Image.frombytes("RGB", (size.width, size.height), found.data, "raw", "BGRX")
        finally:
            server.close()

    def icon(self) -> Image.Image:
        """What the dock shows where the first icon goes."""
        shot = self.shot()
        return shot.crop((0, shot.height - 32, 36, shot.height))

    @property
    def is_empty(self) -> bool:
        """There is a dock, and nothing in it."""
        return self.icon().getcolors() == [(36 * 32, PANEL)]

    def shows(self) -> Icon | None:
        """Which drawing is in the dock, to the pixel; None: another picture, or none."""
        found = self.icon().crop((4, 4, 28, 28)).tobytes()
        return next((icon for icon, picture in _drawings().items() if picture == found), None)

    def until_shows(self, icon: Icon) -> Image.Image:
        """Wait until a drawing is in the dock."""
        until(lambda: self.shows() is icon, f"the picture of {icon}; there is {self.shows()}", ANSWER_S)
        return self.icon()


@cache
def _drawings() -> dict[Icon, bytes]:
    """Every drawing as pystray hands it to a dock whose icons are 24 pixels wide."""
    return {
        icon: opaque(icon, 64, dark=True).convert("RGB").resize((24, 24), Image.Resampling.LANCZOS).tobytes()
        for icon in Icon
    }
