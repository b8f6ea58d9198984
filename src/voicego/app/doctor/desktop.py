"""What the desktop offers: a place for the icon, notifications, a browser, and word of calls and a locked screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicego.acting import browser
from voicego.acting.desk import System
from voicego.app.doctor.check import Check, ok, problem, warning
from voicego.flow import Open
from voicego.tray.host import GNOME, Host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from voicego.acting.desk import Desk
    from voicego.flow import Absence, Setup
    from voicego.service.installed import Installed

NOTIFICATIONS = "org.freedesktop.Notifications"

NOTIFY_SEND = "install libnotify-bin (Debian, Ubuntu), libnotify (Fedora, Arch) or libnotify-tools (openSUSE)"

OPENERS = ("xdg-open", "gio")


def tray(host: Host, environ: Mapping[str, str]) -> Check:
    """Look who shows the icon."""
    if host is Host.DOCK:
        return ok("tray", f"{host}: a click on the icon pauses and resumes")
    if host is not Host.NONE:
        return ok("tray", str(host))
    gnome = "GNOME" in environ.get("XDG_CURRENT_DESKTOP", "").upper()
    advice = (
        GNOME.partition("; ")[0] if gnome else "a panel with a tray shows one; `voicego status` and `pause` need none"
    )
    return warning("tray", "nothing here shows a tray icon", advice)


def notifications(desk: Desk, on_the_bus: Callable[[], Iterable[str] | None]) -> Check:
    """Look who shows notifications. `on_the_bus`: names that can be asked on the session bus; None: there is none."""
    if desk.system is not System.LINUX:
        return ok("notifications", "the system's own")
    program = next((one for one in ("notify-send", "gdbus") if desk.which(one)), None)
    if program is None:
        return warning("notifications", "no program notify-send on PATH, which shows them", NOTIFY_SEND)
    names = on_the_bus()
    if names is None:
        return warning("notifications", f"by {program}, but there is no session bus here", "log in on a desktop")
    if NOTIFICATIONS not in names:
        found = f"by {program}, but nobody on the session bus shows them"
        return warning("notifications", found, "start a notification service, such as dunst, mako or the desktop's own")
    return ok("notifications", f"by {program}, and a notification service is there")


def opener(desk: Desk, setup: Setup) -> Check:
    """Look what opens addresses; that nothing does matters more where a rule opens something."""
    if desk.system is System.WINDOWS:
        return ok("browser", browser.windows() or "the system's choice")
    ways = [*browser.chosen(desk), *(browser.macos(desk) if desk.system is System.MACOS else browser.linux(desk))]
    if not ways:
        opens = any(isinstance(action, Open) for rule in setup.rules if rule.enabled for action in rule.actions)
        verdict = problem if opens else warning
        return verdict("browser", "nothing here opens an address", "install a browser, and xdg-utils to open files")
    found = "opened by " + " ".join(ways[0])
    if desk.system is System.LINUX and not any(desk.which(one) for one in OPENERS):
        return warning("browser", found, "install xdg-utils, which opens files and other addresses")
    if desk.system is System.LINUX and not (desk.environ.get("DISPLAY") or desk.environ.get("WAYLAND_DISPLAY")):
        return warning("browser", f"{found}; there is no display here", "actions that open windows need a desktop")
    return ok("browser", found)


def absence(setup: Setup, cannot_tell: Callable[[Absence], str], kinds: Iterable[Absence]) -> Check:
    """Look what `pause_while` cannot tell here."""
    silent = {kind: why for kind in kinds if (why := cannot_tell(kind))}
    asked = [kind for kind in silent if kind in setup.pause_while]
    told = "; ".join(f"{kind}: {why}" for kind, why in silent.items())
    if asked:
        return warning("pause_while", f"cannot be told here: {told}", "voicego listens on through it; pause it by hand")
    if silent:
        return ok("pause_while", f"not asked for; could not be told here: {told}")
    return ok("pause_while", f"{', '.join(setup.pause_while) or 'not asked for'}; could be told here")


def login(installed: Sequence[tuple[str, Installed, str]]) -> Check:
    """Look what starts at login: the name of each service, what is installed of it, and what is wrong with that."""
    if not installed:
        return ok("login", "voicego is not started at login; `voicego service install` would have it so")
    texts, wrong = [], False
    for name, one, complaint in installed:
        state = complaint or ("starts this voicego" if one.on else "is switched off in the desktop's settings")
        texts.append(f"{name} ({one.where}): {state}")
        wrong = wrong or bool(complaint)
    found = "; ".join(texts)
    return warning("login", found, "voicego service install writes it anew") if wrong else ok("login", found)
