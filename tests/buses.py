"""Message buses of a test's own, with python-dbusmock's logind and screen saver on them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.house import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SYSTEM_PYTHON = "/usr/bin/python3"
"""Where a distribution's python-dbusmock lives: it stands on dbus-python and GObject, which are no wheels."""
MOCK = "org.freedesktop.DBus.Mock"
SESSION = "/org/freedesktop/login1/session/{}"


@dataclass
class Buses:
    """A system bus and a session bus, which can be killed and begun again at their addresses."""

    folder: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    mocks: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/system",
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.folder}/session",
            "XDG_RUNTIME_DIR": str(self.folder),
        }

    def begin(self, which: str, policy: str = "") -> None:
        """Begin a bus on which everything is allowed but what `policy` denies."""
        place, config = self.folder / which, self.folder / f"{which}.conf"
        place.unlink(missing_ok=True)
        config.write_text(
            f"<busconfig><type>session</type><listen>unix:path={place}</listen><auth>EXTERNAL</auth>"
            '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>'
            f'<allow own="*"/>{policy}</policy></busconfig>'
        )
        command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile"]
        self.running[which] = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        until(lambda: _listens(place), f"the {which} bus")

    def kill(self, which: str) -> None:
        """End a bus, and with it whoever lives on it."""
        one = self.running.pop(which)
        one.kill()
        one.wait(timeout=10)

    def mock(self, template: str, *, which: str, name: str) -> subprocess.Popen[bytes]:
        command = [SYSTEM_PYTHON, "-m", "dbusmock", f"--{which}", "--template", template]
        mock = subprocess.Popen(
            command, env=os.environ | self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.mocks.append(mock)
        until(lambda: self._there(which, name), f"the mock {template}")
        return mock

    def logind(self, session: str = "c1", kind: str = "wayland", uid: int | None = None) -> None:
        """Begin a logind in which a user is logged in at a desktop."""
        self.mock("logind", which="system", name="org.freedesktop.login1")
        self.log_in(session, kind, uid)

    def log_in(self, session: str, kind: str = "wayland", uid: int | None = None) -> None:
        uid = os.getuid() if uid is None else uid
        add = ["AddSession", f"string:{session}", "string:seat0", f"uint32:{uid}", "string:somebody", "boolean:true"]
        self._logind("/org/freedesktop/login1", MOCK, *add)
        self._logind_update(session, "Type", f"variant:string:{kind}")

    def lock(self, session: str = "c1") -> None:
        self._logind(SESSION.format(session), "org.freedesktop.login1.Session", "SetLockedHint", "boolean:true")

    def unlock(self, session: str = "c1") -> None:
        self._logind(SESSION.format(session), "org.freedesktop.login1.Session", "SetLockedHint", "boolean:false")

    def screen_saver(self) -> subprocess.Popen[bytes]:
        return self.mock("gnome_screensaver", which="session", name="org.gnome.ScreenSaver")

    def set_saver(self, *, active: bool) -> None:
        self._send(
            "session", "org.gnome.ScreenSaver", "/org/gnome/ScreenSaver", "org.gnome.ScreenSaver.SetActive",
            f"boolean:{str(active).lower()}",
        )  # fmt: skip

    def end(self) -> None:
        for mock in self.mocks:
            mock.send_signal(signal.SIGCONT)
            mock.kill()
            mock.wait(timeout=10)
        for which in list(self.running):
            self.kill(which)

    def _logind(self, path: str, interface: str, member: str, *arguments: str) -> None:
        self._send("system", "org.freedesktop.login1", path, f"{interface}.{member}", *arguments)

    def _logind_update(self, session: str, name: str, value: str) -> None:
        # dbus-send knows no dictionaries of variants; Set is the standard's own.
        self._send(
            "system", "org.freedesktop.login1", SESSION.format(session), "org.freedesktop.DBus.Properties.Set",
            "string:org.freedesktop.login1.Session", f"string:{name}", value,
        )  # fmt: skip

    def _there(self, which: str, name: str) -> bool:
        ask = ["org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner", f"string:{name}"]
        return "true" in self._send(which, *ask)

    def _send(self, which: str, name: str, path: str, member: str, *arguments: str) -> str:
        words = ["dbus-send", f"--{which}", "--print-reply", f"--dest={name}", path, member, *arguments]
        done = subprocess.run(
            words, env=os.environ | self.environ, capture_output=True, text=True, timeout=20, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def buses_in(folder: Path) -> Iterator[Buses]:
    """Both buses, with nobody on them; what runs is ended."""
    found = subprocess.run([SYSTEM_PYTHON, "-c", "import dbusmock"], capture_output=True, check=False)
    if found.returncode:
        pytest.fail("python-dbusmock is missing; install it: sudo apt install python3-dbusmock")
    buses = Buses(folder)
    try:
        buses.begin("system")
        buses.begin("session")
        yield buses
    finally:
        buses.end()


def _listens(place: Path) -> bool:
    """Whether somebody takes connections there: the socket's file comes a moment before."""
    with socket.socket(socket.AF_UNIX) as channel:
        return channel.connect_ex(str(place)) == 0
