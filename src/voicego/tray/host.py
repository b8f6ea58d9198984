"""Is there a tray, and of which kind? Chosen on purpose: what pystray would choose by itself may be shown nowhere."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

log = logging.getLogger(__name__)

HINT = (
    "this desktop shows no tray icon, so voicego has none; it listens all the same: `voicego status`, `voicego pause`"
)
GNOME = (
    "GNOME shows tray icons only with the extension AppIndicator and KStatusNotifierItem Support"
    " (https://extensions.gnome.org/extension/615); voicego listens all the same: `voicego status`, `voicego pause`"
)


class Host(StrEnum):
    """Who shows the icon; the value is for a person."""

    BUS = "StatusNotifierItem on the session bus"
    DOCK = "an X11 dock (XEmbed), which shows no menu"
    SYSTEM = "the system's own"
    NONE = "none"


def find(environ: Mapping[str, str]) -> Host:
    """Look for a tray, within a few seconds at worst."""
    if sys.platform in {"darwin", "win32"}:
        return Host.SYSTEM
    if _watched(environ):
        return Host.BUS
    return Host.DOCK if docked(environ) else Host.NONE


def may_come(environ: Mapping[str, str]) -> bool:
    """Whether a tray is there or can be waited for: there is a desktop, whose panel may start later. Asks nobody."""
    return sys.platform in {"darwin", "win32"} or has_bus(environ) or bool(environ.get("DISPLAY"))


def docked(environ: Mapping[str, str]) -> bool:
    """Whether a dock of the old kind is there: somebody holds the selection for it."""
    with display(environ) as found:
        return found is not None and bool(dock(found))


@contextmanager
def display(environ: Mapping[str, str]) -> Iterator[Any]:
    """Connect to the X display, for as long as inside; None where there is none that answers."""
    found = _display(environ)
    try:
        yield found
    finally:
        if found is not None:
            with suppress(Exception):  # it went meanwhile
                found.close()


def dock(found: Any) -> int:  # noqa: ANN401 -- a display of python-xlib, which has no types
    """Name the window of the dock on a display; 0 if there is no dock."""
    atom = found.intern_atom(f"_NET_SYSTEM_TRAY_S{found.get_default_screen()}")
    owner = found.get_selection_owner(atom)
    return int(getattr(owner, "id", owner))


def _display(environ: Mapping[str, str]) -> Any:  # noqa: ANN401
    if not environ.get("DISPLAY"):
        return None
    try:
        from Xlib.display import Display  # noqa: PLC0415 -- comes with pystray on Linux alone

        return Display(environ["DISPLAY"])
    except Exception as error:  # noqa: BLE001 -- python-xlib lets through whatever it meets on the way to a display
        log.debug("no X display: %s", error)
        return None


def has_bus(environ: Mapping[str, str]) -> bool:
    """Whether an address of a session bus is known; somebody may be there."""
    runtime = environ.get("XDG_RUNTIME_DIR")
    return bool(environ.get("DBUS_SESSION_BUS_ADDRESS")) or bool(runtime and Path(runtime, "bus").exists())


def _watched(environ: Mapping[str, str]) -> bool:
    """Whether a panel on the session bus shows items. KDE's watcher runs without a panel too, and says so."""
    if not has_bus(environ):
        return False
    from voicego.tray import bus  # noqa: PLC0415 -- 60 ms

    async def ask() -> bool:
        [owned] = await bus.asked(bus.HAS_OWNER, "s", bus.WATCHER)
        if not owned:
            return False
        [found] = await bus.asked(bus.OF_WATCHER, "ss", bus.WATCHER, "IsStatusNotifierHostRegistered")
        return bool(getattr(found, "value", found))

    try:
        return asyncio.run(ask())
    except Exception as error:  # noqa: BLE001 -- a bus in any state of disrepair is none
        log.debug("no panel on the session bus: %s", error)
        return False


def hint(environ: Mapping[str, str], marker: Path) -> str:
    """Say once why there is no icon and what to do; empty where `marker` shows that it was said."""
    if marker.exists():
        return ""
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
    except OSError:  # a home that cannot be written to: it is said again next time
        pass
    return GNOME if "GNOME" in environ.get("XDG_CURRENT_DESKTOP", "").upper() else HINT
