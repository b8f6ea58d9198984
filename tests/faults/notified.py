"""A service manager's end of sd_notify: what came, and when."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class NotifySocket:
    """`with NotifySocket(path) as manager:`: a daemon with `manager.environ` talks to it."""

    path: Path
    watchdog_s: float
    came: list[tuple[float, str]] = field(default_factory=list)
    """Monotonic time and message, e.g. `WATCHDOG=1`."""

    @property
    def environ(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": str(round(self.watchdog_s * 1e6))}

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.settimeout(0.1)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="notified")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10)
        self._socket.close()

    def moments_of(self, message: str) -> list[float]:
        return [at for at, text in list(self.came) if text == message]

    def starved_since(self, since: float) -> bool:
        """Whether a service manager would by now have ended the daemon for its silence at some time from `since` on."""
        moments = [at for at in self.moments_of("WATCHDOG=1") if at >= since]
        edges = [since, *moments, time.monotonic()]
        return any(later - earlier > self.watchdog_s for earlier, later in pairwise(edges))

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                sent = self._socket.recv(65_536)
            except TimeoutError:
                continue
            self.came += [(time.monotonic(), line) for line in sent.decode().splitlines()]
