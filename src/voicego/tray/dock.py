"""The trays that pystray knows: macOS, Windows, and X11's docks of the old kind. Alone in importing pystray."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from voicego.errors import VoicegoError
from voicego.tray import host, icons
from voicego.tray.later import Later
from voicego.tray.model import Deed, Icon, Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from voicego.tray.model import Click, Item, View
    from voicego.tray.seams import Person

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Seconds between two looks at whether the dock is still there: pystray does not notice a new one."""
SIZE = 64
"""Pixels; pystray scales."""


class DockFace:
    """A `Face`; the thread that calls `run` is pystray's, and must be the process's first on macOS."""

    def __init__(self, person: Person, environ: Mapping[str, str], *, dark: bool) -> None:
        self._person = person
        self._environ = environ
        self._dark = dark
        self._x11 = sys.platform not in {"darwin", "win32"}
        self._view: View | None = None
        self._shown: View | None = None
        self._later = Later()
        self._icon: Any = None
        self._stopped = threading.Event()
        self._ended = threading.Event()

    def run(self) -> bool:
        """See `Face`. False: the dock has gone."""
        if self._stopped.is_set():
            return True
        pystray = _pystray()
        icon = self._view.icon if self._view else Icon.LOADING
        self._icon = pystray.Icon("voicego", self._drawing(icon), "voicego", self._menu(pystray))
        watch = threading.Thread(target=self._watch, name="voicego-tray-dock", daemon=True)
        if self._x11:
            watch.start()
        try:
            self._icon.run(self._begin)
        finally:
            self._later.close()
            self._ended.set()
            # Else its finaliser, on whatever thread, would stop what has ended and join this thread.
            self._icon._running = False  # noqa: SLF001
        if self._x11:
            watch.join(LOOK_S)
        return self._stopped.is_set()

    def show(self, view: View) -> None:
        """See `Face`."""
        self._view = view
        self._later(self._take)

    def stop(self) -> None:
        """See `Face`."""
        self._stopped.set()
        self._later(self._end)

    # --- pystray's thread, all of it through `later` ----------------------------------------------------------------

    def _begin(self, icon: Any) -> None:  # noqa: ANN401 -- pystray has no types
        """Called by pystray once, on a thread of its own."""
        self._later(self._appear)
        self._later.open(icon)

    def _appear(self) -> None:
        if self._x11:
            _let_clicks_in(self._icon)
        self._icon.visible = True
        self._take()

    def _take(self) -> None:
        view, before = self._view, self._shown
        if view is None or not self._icon.visible:
            return
        self._shown = view
        if before is None or before.icon is not view.icon:
            self._icon.icon = self._drawing(view.icon)
        if before is None or before.tooltip != view.tooltip:
            self._icon.title = _latin(view.tooltip) if self._x11 else view.tooltip
        if not self._x11 and (before is None or before.menu != view.menu):
            self._icon.menu = self._menu(_pystray())

    def _end(self) -> None:
        self._icon.stop()

    # --- what it shows --------------------------------------------------------------------------------------------

    def _drawing(self, icon: Icon) -> Any:  # noqa: ANN401 -- an image of Pillow's, for pystray
        if self._x11:
            return icons.opaque(icon, SIZE, dark=self._dark).convert("RGB")
        return icons.image(icon, SIZE, dark=self._dark)

    def _menu(self, pystray: Any) -> Any:  # noqa: ANN401
        """A dock of X11 shows no menu: there, a click on the icon does what is most wanted."""
        if self._x11 or self._view is None:
            return pystray.Menu(pystray.MenuItem("voicego", self._activated, default=True))
        return pystray.Menu(*(self._line(pystray, item) for item in self._view.menu))

    def _line(self, pystray: Any, item: Item) -> Any:  # noqa: ANN401
        if not item.text:
            return pystray.Menu.SEPARATOR
        text = item.text.replace("&", "&&") if sys.platform == "win32" else item.text
        if item.items:
            return pystray.MenuItem(text, pystray.Menu(*(self._line(pystray, each) for each in item.items)))
        return pystray.MenuItem(
            text,
            self._clicking(item.click) if item.click else _nothing,
            checked=None if item.mark is Mark.NONE else lambda _item: item.on,
            radio=item.mark is Mark.RADIO,
            default=item.key == "pause" or item.click is Deed.START,
            enabled=item.enabled,
        )

    def _clicking(self, click: Click) -> Callable[[Any, Any], None]:
        return lambda _icon, _item: self._person.click(click)

    def _activated(self, _icon: Any, _item: Any) -> None:  # noqa: ANN401
        if self._view is not None and self._view.click is not None:
            self._person.click(self._view.click)

    def _watch(self) -> None:
        """End `run` when the dock has gone: its windows went with it, and pystray docks an icon once."""
        with host.display(self._environ) as display:
            first = self._owner(display)
            while not self._ended.wait(LOOK_S):
                if self._owner(display) != first:
                    log.info("the tray has gone; waiting for the next")
                    self._later(self._end)
                    return

    @staticmethod
    def _owner(display: Any) -> int:  # noqa: ANN401
        try:
            return host.dock(display)
        except Exception:  # noqa: BLE001 -- the display has gone, or there was none
            return 0


def _let_clicks_in(icon: Any) -> None:  # noqa: ANN401
    """Ask for the clicks on an icon's window: pystray 0.19 handles them and never asks, so that none comes."""
    import Xlib.X  # noqa: PLC0415

    mask = Xlib.X.ExposureMask | Xlib.X.StructureNotifyMask | Xlib.X.ButtonPressMask
    icon._window.change_attributes(event_mask=mask)  # noqa: SLF001 -- there is no public way


def _nothing(_icon: Any, _item: Any) -> None:  # noqa: ANN401
    """Do nothing: the line is there to be read."""


def _pystray() -> Any:  # noqa: ANN401
    """Import pystray with the back end that was chosen. On Linux the import itself connects to the display.

    Raises:
        VoicegoError: it cannot be used here.
    """
    if sys.platform not in {"darwin", "win32"}:
        os.environ["PYSTRAY_BACKEND"] = "xorg"
    try:
        import pystray  # noqa: PLC0415
    except Exception as error:  # whatever python-xlib or a back end meets
        raise VoicegoError(f"the tray cannot be used: {error}") from error
    finally:
        os.environ.pop("PYSTRAY_BACKEND", None)
    return pystray


def _latin(text: str) -> str:
    """What an old window name can hold."""
    return text.replace("…", "...").encode("latin-1", "replace").decode("latin-1")
