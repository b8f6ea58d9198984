"""What a started program finds in its environment: the person's own, without what was meant for the daemon."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

FOR_THE_DAEMON = frozenset(
    {
        "FDSTORE",
        "INVOCATION_ID",
        "JOURNAL_STREAM",
        "LISTEN_FDNAMES",
        "LISTEN_FDS",
        "LISTEN_PID",
        "LISTEN_PIDFDID",
        "MAINPID",
        "MANAGERPID",
        "MANAGERPIDFDID",
        "MEMORY_PRESSURE_WATCH",
        "MEMORY_PRESSURE_WRITE",
        "NOTIFY_SOCKET",
        "SERVICE_RESULT",
        "SYSTEMD_EXEC_PID",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
    }
)
"""Set by systemd for the unit's own process. A child that spoke to NOTIFY_SOCKET would speak in the daemon's name."""

PLACES = frozenset(
    {
        "VOICEGO_CONFIG",
        "VOICEGO_DATA_DIR",
        "VOICEGO_LOG_DIR",
        "VOICEGO_RUNTIME_DIR",
        "VOICEGO_STATE_DIR",
        "VOICEGO_TRAY_ICONS",
    }
)
"""Stay: an action that runs `voicego pause` must reach the daemon that started it, and its tray look as was wished."""


BUNDLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LIBPATH")
"""A bundle of voicego (PyInstaller) points them at its own libraries, and keeps the person's with `_ORIG` behind it."""


def child_environment(environ: Mapping[str, str], *, bundled: bool = hasattr(sys, "_MEIPASS")) -> dict[str, str]:
    """Copy `environ` without the daemon's own variables. The one place where a child's environment is decided.

    `bundled`: voicego runs from a bundle, whose libraries are not for other programs.
    """
    mine = {name: value for name, value in environ.items() if not _for_the_daemon(name)}
    for name in BUNDLES if bundled else ():
        mine.pop(name, None)
        if (before := mine.pop(f"{name}_ORIG", None)) is not None:
            mine[name] = before
    return mine


def _for_the_daemon(name: str) -> bool:
    own = name.startswith("VOICEGO_") and name not in PLACES
    return own or name in FOR_THE_DAEMON or name.startswith(("_PYI_", "_MEIPASS"))
