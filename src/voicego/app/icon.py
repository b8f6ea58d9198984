"""The tray icon beside a daemon: a process of its own, a client of the socket. If either dies, the other goes on."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from voicego.acting.environment import child_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "voicego", "tray", "--attached")
LEAVE_S = 2.0
"""Seconds that it is given to see that the daemon has ended."""


def has_screen(environ: Mapping[str, str]) -> bool:
    """Whether there may be a tray at all; the process itself looks for one, and says so where there is none."""
    return sys.platform in {"darwin", "win32"} or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


class Icon:
    """Alone in starting the tray's process."""

    def __init__(self, environ: Mapping[str, str], command: Sequence[str] = COMMAND) -> None:
        self._environ = environ
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._watching = threading.Thread(target=self._watch, name="voicego-icon", daemon=True)

    def start(self) -> None:
        """Start it; where that fails, it is logged, and voicego listens all the same."""
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- voicego itself
                self._command,
                env=child_environment(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL if sys.stderr is None else sys.stderr,
                start_new_session=sys.platform != "win32",  # Ctrl-C is for the daemon, which takes it along
            )
        except OSError as error:
            log.warning("no tray icon, its process does not start: %s", error)
            return
        self._watching.start()

    def stop(self) -> None:
        """See it off: it ends by itself with the daemon, and is ended if it does not."""
        self._ending.set()
        if self._process is None:
            return
        try:
            self._process.wait(LEAVE_S)
        except subprocess.TimeoutExpired:
            self._process.terminate()
            try:
                self._process.wait(LEAVE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._watching.join(LEAVE_S)

    def _watch(self) -> None:
        assert self._process is not None  # noqa: S101 -- started after it
        code = self._process.wait()
        if code and not self._ending.is_set():
            log.warning("the tray icon ended (%d); voicego goes on, `voicego tray` brings it back", code)
