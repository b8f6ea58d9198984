"""macOS and Windows: what can be looked at there, once a second. Unit-tested through `Glances`; never run for real."""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.flow import Absence

log = logging.getLogger(__name__)

EVERY_S = 1.0
"""Seconds from one look to the next; a look costs microseconds."""
JOIN_S = 1.0


class Glances:
    """A thread that looks again and again, from `start` to `stop`."""

    def __init__(
        self,
        kind: Absence,
        glance: Callable[[], bool],
        tell: Callable[[Absence, bool], None],
        wait: Callable[[threading.Event], bool] = lambda stopping: stopping.wait(EVERY_S),
    ) -> None:
        """Remember; `wait` comes back when it is time to look again, with whether to stop."""
        self._kind = kind
        self._glance = glance
        self._tell = tell
        self._wait = wait
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"voicego-{kind}", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """End; nothing is told any more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        told = False
        while not self._stopping.is_set():
            try:
                now = self._glance()
            except Exception:  # the thread's one boundary: foreign libraries, each with errors of its own
                log.exception("whether %s cannot be told any more", self._kind)
                now = False
                self._stopping.set()
            if now is not told:
                told = now
                self._tell(self._kind, now)
            self._wait(self._stopping)


if sys.platform == "darwin":

    def screen_is_locked() -> bool:
        """Ask the window server. pystray brings Quartz along."""
        import Quartz  # noqa: PLC0415

        session: Any = Quartz.CGSessionCopyCurrentDictionary()
        return bool(session and session.get("CGSSessionScreenIsLocked"))


if sys.platform == "win32":
    import ctypes
    import winreg

    CURRENT_SESSION = 0xFFFF_FFFF
    SESSION_INFO_EX = 25
    FLAGS_AT = 16
    """Bytes from the start of WTSINFOEXW to `SessionFlags`: a level, padding, an id and a state go before it."""
    LOCKED = 0
    MICROPHONE = r"Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\microphone"

    def screen_is_locked() -> bool:
        """Ask the session's own flags."""
        wtsapi = ctypes.WinDLL("wtsapi32")
        answer, size = ctypes.c_void_p(), ctypes.c_ulong()
        asked = wtsapi.WTSQuerySessionInformationW(
            None, CURRENT_SESSION, SESSION_INFO_EX, ctypes.byref(answer), ctypes.byref(size)
        )
        if not asked or not answer.value:
            return False
        try:
            return ctypes.c_long.from_address(answer.value + FLAGS_AT).value == LOCKED
        finally:
            wtsapi.WTSFreeMemory(answer)

    def another_records() -> bool:
        """Ask the list of programs that use the microphone, which feeds the system's own sign in the task bar."""
        ours = sys.executable.replace("\\", "#").lower()
        return any(one.lower() != ours for one in _using(MICROPHONE))

    def _using(folder: str) -> list[str]:
        """Name the programs that began to use a microphone and have not ended."""
        found = []
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, folder) as key:
            names = [winreg.EnumKey(key, index) for index in range(winreg.QueryInfoKey(key)[0])]
        for name in names:
            place = f"{folder}\\{name}"
            if name == "NonPackaged":
                found += _using(place)
            elif _stopped_at(place) == 0:
                found.append(name)
        return found

    def _stopped_at(place: str) -> int:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, place) as key:
            try:
                return int(winreg.QueryValueEx(key, "LastUsedTimeStop")[0])
            except FileNotFoundError:
                return -1
