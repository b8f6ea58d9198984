"""The one door to the thread that pystray owns: whatever changes an icon after its set-up goes through here."""

from __future__ import annotations

import logging
import queue
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

WM_NOTIFY = 0x0400 + 11
WM_LATER = 0x8000 + 77
"""pystray's own message for clicks (WM_USER + 11), and one of the application's own (WM_APP + 77)."""


class Later:
    """`later(change)`: `change` is called on pystray's thread. It remembers what comes before `open`."""

    def __init__(self) -> None:
        self._changes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._wake: Callable[[], None] | None = None
        self._guard = threading.Lock()

    def __call__(self, change: Callable[[], None]) -> None:
        """Any thread; never waits."""
        self._changes.put(change)
        with self._guard:
            if self._wake is not None:
                self._wake()

    def open(self, icon: Any) -> None:  # noqa: ANN401 -- pystray's, which has no types
        """Let changes through from now on: the icon's loop runs, or is about to."""
        wakers = {"darwin": _appkit, "win32": _windows}
        wake = wakers.get(sys.platform, _x11)(icon, self._carry_out)
        with self._guard:
            self._wake = wake
            wake()

    def close(self) -> None:
        """Let nothing through any more; after this the icon may be gone."""
        with self._guard:
            self._wake = None

    def _carry_out(self) -> None:
        while True:
            try:
                change = self._changes.get_nowait()
            except queue.Empty:
                return
            try:
                change()
            except Exception:
                log.exception("a change of the icon met a surprise")


def _appkit(_icon: Any, carry_out: Callable[[], None]) -> Callable[[], None]:  # noqa: ANN401
    from PyObjCTools import AppHelper  # noqa: PLC0415 -- AppKit is not to be touched from any other thread

    return lambda: AppHelper.callAfter(carry_out)


def _x11(icon: Any, carry_out: Callable[[], None]) -> Callable[[], None]:  # noqa: ANN401
    """Send the icon's window a message, over a connection of our own.

    pystray sends its messages over the connection on which its loop sleeps. There python-xlib may read the message on
    the sender's thread, and the loop sleeps on.
    """
    import Xlib.X  # noqa: PLC0415
    from Xlib.display import Display  # noqa: PLC0415
    from Xlib.protocol.event import ClientMessage  # noqa: PLC0415

    sender = Display(icon._display.get_display_name())  # noqa: SLF001 -- pystray has no public way in
    ours = sender.intern_atom("_VOICEGO_LATER")
    window = sender.create_resource_object("window", icon._window.id)  # noqa: SLF001
    theirs = icon._message_handlers[Xlib.X.ClientMessage]  # noqa: SLF001
    icon._message_handlers[Xlib.X.ClientMessage] = (  # noqa: SLF001
        lambda event: carry_out() if event.client_type == ours else theirs(event)
    )

    def wake() -> None:
        message = ClientMessage(window=window, client_type=ours, data=(32, (0, 0, 0, 0, 0)))
        try:
            window.send_event(message, event_mask=Xlib.X.NoEventMask)
            sender.sync()
        except Exception as error:  # noqa: BLE001 -- the display has gone, and the loop will notice as well
            log.debug("no display: %s", error)

    return wake


def _windows(icon: Any, carry_out: Callable[[], None]) -> Callable[[], None]:  # noqa: ANN401
    """Post a message; one that comes while the menu is open waits, for changing the menu would destroy it."""
    from pystray._util import win32  # noqa: PLC0415

    handlers = icon._message_handlers  # noqa: SLF001
    theirs = handlers[WM_NOTIFY]
    is_open = False

    def clicked(*parameters: int) -> object:
        nonlocal is_open
        is_open = True
        try:
            return theirs(*parameters)
        finally:
            is_open = False
            carry_out()

    handlers[WM_NOTIFY] = clicked
    handlers[WM_LATER] = lambda *_parameters: None if is_open else carry_out()
    return lambda: win32.PostMessage(icon._hwnd, WM_LATER, 0, 0)  # noqa: SLF001
