"""Tell the service manager how it goes (systemd's sd_notify protocol); nobody where nobody asks."""

from __future__ import annotations

import logging
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger(__name__)


class Manager:
    """Speaks to the socket that NOTIFY_SOCKET names. Never blocks, never raises."""

    def __init__(self, environ: Mapping[str, str], pid: int) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        # "@" stands for the zero byte of an abstract address (sd_notify(3)); anything else that is no path is vsock.
        known = sys.platform != "win32" and address[:1] in {"/", "@"}
        self._address = f"\0{address[1:]}" if address.startswith("@") else address if known else ""
        self._last_status = ""
        self._ready = False
        meant = environ.get("WATCHDOG_PID", str(pid)) == str(pid)
        usec = environ.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(usec) / 1e6 if meant and usec.isdecimal() and self._address else None
        """Seconds within which it wants a sign of life; None where it does not."""

    def ready(self) -> None:
        """Say once that the start is over."""
        if not self._ready:
            self._ready = True
            self._send("READY=1")

    def status(self, text: str) -> None:
        """Say in one line what goes on, where that changed."""
        if text != self._last_status:
            self._last_status = text
            self._send("STATUS=" + text.replace("\n", " "))

    def alive(self) -> None:
        """Give the sign of life."""
        if self.watchdog_s:
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address or sys.platform == "win32":
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.setblocking(False)
                channel.sendto(message.encode(), self._address)
        except OSError as error:
            log.debug("the service manager cannot be told %s: %s", message, error)
