"""Is the panel dark or light? No desktop says it outright; each says something from which it follows."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ALWAYS_DARK = {"GNOME", "UNITY", "PANTHEON"}
"""Desktops whose panel is dark in the light style too."""

PREFERS_DARK = 1
PREFERS_LIGHT = 2
"""`color-scheme` of org.freedesktop.appearance."""


def dark(environ: Mapping[str, str]) -> bool:
    """Guess; `VOICEGO_TRAY_ICONS=on-light` or `on-dark` says it."""
    said = environ.get("VOICEGO_TRAY_ICONS", "")
    if said in {"on-dark", "on-light"}:
        return said == "on-dark"
    if sys.platform == "win32":
        return not _light_taskbar()
    if sys.platform == "darwin":
        return _dark_menu_bar()
    desktops = set(environ.get("XDG_CURRENT_DESKTOP", "").upper().split(":"))
    if desktops & ALWAYS_DARK:
        return True
    # KDE's panel has the colours of the windows, and they are light unless something else was chosen.
    scheme = _scheme()
    return scheme == PREFERS_DARK if "KDE" in desktops else scheme != PREFERS_LIGHT


def _scheme() -> int:
    """Ask the desktop portal what the person prefers; 0 where nobody answers or nothing is preferred."""
    from voicego.tray import bus  # noqa: PLC0415

    try:
        [found] = asyncio.run(bus.asked(bus.SETTING, "ss", "org.freedesktop.appearance", "color-scheme"))
    except Exception:  # noqa: BLE001 -- no bus, no portal, no such setting: nothing is preferred
        return 0
    while hasattr(found, "value"):  # a variant in a variant
        found = found.value
    return found if isinstance(found, int) else 0


def _light_taskbar() -> bool:
    if sys.platform != "win32":
        return False
    import winreg  # noqa: PLC0415

    key = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
    try:
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened:
            return bool(winreg.QueryValueEx(opened, "SystemUsesLightTheme")[0])
    except OSError:
        return False


def _dark_menu_bar() -> bool:
    from Foundation import NSUserDefaults  # noqa: PLC0415 -- pyobjc, which pystray brings on macOS

    return bool(NSUserDefaults.standardUserDefaults().stringForKey_("AppleInterfaceStyle") == "Dark")
