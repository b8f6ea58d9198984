"""Windows: a value of the registry's Run key, which starts the executable that has no console.

Source: "Run and RunOnce Registry Keys" of Microsoft's documentation. What a person switches off in the settings stays
in the Run key and is noted in StartupApproved. Written and tested through the seam; never run on Windows.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from voicego.service.installed import Installed
from voicego.service.services import Service
from voicego.service.steps import DeleteValue, Detach, Registry, SetValue, StopDaemon

if TYPE_CHECKING:
    from voicego.service.program import Program

RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"


def run_key(program: Program, registry: Registry, *, headless: bool) -> Service:
    """Make the value's service."""
    name = "voicego-headless" if headless else "voicego"
    command = (*program.windowed, *(("run", "--headless") if headless else ("tray",)))
    approval = DeleteValue(APPROVED, name)
    return Service(
        name=f"start at login, with{'out' if headless else ''} a tray icon",
        command=command,
        look=lambda: look(registry, name),
        install=(SetValue(RUN, name, subprocess.list2cmdline(command)), approval),
        uninstall=(DeleteValue(RUN, name), approval),
        start=(Detach(command),),
        stop=(StopDaemon(),),
    )


def look(registry: Registry, name: str) -> Installed | None:
    """Read the value that is there."""
    value = registry.read(RUN, name)
    if not isinstance(value, str):
        return None
    approved = registry.read(APPROVED, name)
    off = isinstance(approved, bytes) and bool(approved) and bool(approved[0] & 1)
    return Installed(rf"HKCU\{RUN}\{name}", words(value), on=not off)


def words(line: str) -> tuple[str, ...]:
    """Split a command line of ours; the inverse of `list2cmdline` for words that are paths and options."""
    found: list[str] = []
    rest = line.strip()
    while rest:
        quoted = rest.startswith('"')
        word, _, rest = rest[1:].partition('"') if quoted else rest.partition(" ")
        found.append(word)
        rest = rest.strip()
    return tuple(found)


class UserRegistry:
    """The real one."""

    def read(self, key: str, name: str) -> str | bytes | None:
        """See `Registry`."""
        if sys.platform != "win32":
            return None
        import winreg  # noqa: PLC0415 -- Windows' own

        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened:
                value = winreg.QueryValueEx(opened, name)[0]
        except OSError:
            return None
        return value if isinstance(value, str | bytes) else None

    def write(self, key: str, name: str, value: str) -> None:
        """See `Registry`."""
        if sys.platform == "win32":
            import winreg  # noqa: PLC0415

            with winreg.CreateKey(winreg.HKEY_CURRENT_USER, key) as opened:
                winreg.SetValueEx(opened, name, 0, winreg.REG_SZ, value)

    def delete(self, key: str, name: str) -> None:
        """See `Registry`."""
        if sys.platform == "win32":
            import winreg  # noqa: PLC0415

            try:
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key, access=winreg.KEY_SET_VALUE) as opened:
                    winreg.DeleteValue(opened, name)
            except FileNotFoundError:
                return
