"""The tray's process: finds a tray, shows the client's view in it, waits for the next when it goes."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from voicego.errors import Exit, VoicegoError
from voicego.tray import host, panel
from voicego.tray.clicks import Clicks, Deeds
from voicego.tray.client import Client
from voicego.tray.host import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from voicego.paths import Paths
    from voicego.tray.model import View
    from voicego.tray.seams import Face

log = logging.getLogger(__name__)

LOOK_S = 1.0
PATIENCE_S = 30.0
"""Seconds in which a panel may still start, at login, before it is said that there is none."""
MOST_FAILURES = 3

NO_DESKTOP = (
    "there is no desktop to show a tray icon on (neither DISPLAY nor a session bus); "
    "without one, start voicego with `voicego run --headless`"
)
GONE = "the desktop has gone, and the tray icon with it; voicego itself goes on listening"


class Tray:
    """One icon, in whatever tray there is."""

    def __init__(
        self,
        places: Paths,
        environ: Mapping[str, str],
        deeds: Deeds,
        tell: Callable[[str], None],
        *,
        look_s: float = LOOK_S,
    ) -> None:
        """Remember; `tell` shows a sentence to the person, `look_s` lies between two looks for a tray."""
        self._places = places
        self._environ = environ
        self._deeds = deeds
        self._tell = tell
        self._look_s = look_s
        self._patience = round(PATIENCE_S / LOOK_S)
        self._ending = threading.Event()
        self._view: View | None = None
        self._face: Face | None = None
        self._guard = threading.Lock()
        """Over `_view` and `_face`: what is shown while faces change reaches the new one."""

    def run(self, *, attached: bool) -> Exit:
        """Be in the tray until told to end. On the process's first thread.

        Raises:
            VoicegoError: there is no desktop, or it went.
        """
        if not host.may_come(self._environ):
            raise VoicegoError(NO_DESKTOP)
        self._client = Client(
            self._places.socket,
            Clicks(self._places.socket, self._deeds),
            self._show,
            self._leave,
            attached=attached,
        )
        self._client.start()
        try:
            with _signals(self._client.end):
                self._appear()
        finally:
            self._client.stop()
        return Exit.OK

    def _appear(self) -> None:
        failures, last = 0, None
        while not self._ending.is_set():
            found = self._found()
            if self._ending.is_set():
                return
            if found is not last:
                log.info("the tray: %s", found)
            last = found
            try:
                if found is Host.NONE and not host.has_bus(self._environ):
                    raise VoicegoError(NO_DESKTOP)  # noqa: TRY301 -- one way for a desktop that is not there
                if self._shown_by(self._face_for(found)):
                    return
                failures = 0
            except VoicegoError as error:
                log.debug("%s", error)
                failures += 1
                if failures >= MOST_FAILURES and not self._screen():
                    raise VoicegoError(GONE) from error
            self._ending.wait(self._look_s)

    def _screen(self) -> bool:
        with host.display(self._environ) as found:
            return found is not None

    def _found(self) -> Host:
        """Look for a tray, for a while at first; then say that there is none, once."""
        for _ in range(self._patience):
            found = host.find(self._environ)
            if found is not Host.NONE:
                self._patience = 1
            if found is not Host.NONE or self._ending.wait(self._look_s):
                return found
        self._patience = 1
        if sentence := host.hint(self._environ, self._places.choices.with_name("tray-hint")):
            log.warning("%s", sentence)
            self._tell(sentence)
        return Host.NONE

    def _face_for(self, found: Host) -> Face:
        dark = panel.dark(self._environ)
        if found in {Host.DOCK, Host.SYSTEM}:
            from voicego.tray.dock import DockFace  # noqa: PLC0415 -- pystray, and a display

            return DockFace(self._client, self._environ, dark=dark)
        # Where there is none, this waits for a panel without asking again and again.
        from voicego.tray.bus import BusFace  # noqa: PLC0415 -- dbus-fast, on Linux alone

        return BusFace(self._client, dark=dark, beside=lambda: host.docked(self._environ))

    def _shown_by(self, face: Face) -> bool:
        with self._guard:
            self._face = face
            if self._view is not None:
                face.show(self._view)
            if self._ending.is_set():
                return True
        try:
            return face.run()
        finally:
            with self._guard:
                self._face = None

    # --- the client's thread ----------------------------------------------------------------------------------------

    def _show(self, view: View) -> None:
        with self._guard:
            self._view = view
            if self._face is not None:
                self._face.show(view)

    def _leave(self) -> None:
        self._ending.set()
        with self._guard:
            if self._face is not None:
                self._face.stop()


@contextmanager
def _signals(end: Callable[[], None]) -> Iterator[None]:
    """End cleanly at Ctrl-C and SIGTERM; the daemon goes on.

    The first thread sleeps in a foreign loop. A signal that the system hands to another thread does not wake it, and
    Python calls handlers there alone; but it writes to the wakeup socket at once, on whatever thread.
    """
    ours, pythons = socket.socketpair()
    pythons.setblocking(False)
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    old = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)

    def wait() -> None:
        while ours.recv(1):
            end()

    thread = threading.Thread(target=wait, name="voicego-tray-signals", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(old)
        for number, handler in before.items():
            signal.signal(number, handler)
        pythons.close()
        thread.join()
        ours.close()
