"""The default browser: which one it is, and how it is started as if its icon had been clicked."""

from __future__ import annotations

import contextlib
import plistlib
import shlex
import sys
from typing import TYPE_CHECKING

from voicego.acting import applications
from voicego.acting.desk import System

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicego.acting.desk import Desk

BLANK = "about:blank"
"""For an opener that wants an address. Nothing is fetched for it."""

KINDS = ("x-scheme-handler/https", "x-scheme-handler/http", "text/html")

COMMON = (
    *("x-www-browser", "firefox", "firefox-esr", "google-chrome", "google-chrome-stable", "chromium"),
    *("chromium-browser", "brave-browser", "microsoft-edge", "vivaldi", "opera", "epiphany", "falkon", "konqueror"),
)

TEXT_ONLY = frozenset({"www-browser", "links", "links2", "elinks", "lynx", "w3m", "browsh"})
"""Python's `webbrowser` takes these where there is no display; a daemon has no terminal for them either."""

SAFARI = "com.apple.Safari"
HANDLERS = "Library/Preferences/com.apple.LaunchServices/com.apple.launchservices.secure.plist"
CHOICE = r"Software\Microsoft\Windows\Shell\Associations\UrlAssociations\https\UserChoice"


def chosen(desk: Desk, address: str = "") -> Iterator[tuple[str, ...]]:
    """The commands in BROWSER that are there, as `webbrowser` reads it: several, each a command, `%s` the address."""
    separator = ";" if desk.system is System.WINDOWS else ":"
    for line in desk.environ.get("BROWSER", "").split(separator):
        with contextlib.suppress(ValueError):  # an open quote
            words = [word for word in shlex.split(line, posix=desk.system is not System.WINDOWS) if word != "&"]
            if not words or words[0].rpartition("/")[2] in TEXT_ONLY or not desk.which(words[0]):
                continue
            if "%s" in line:
                yield tuple(word.replace("%s", address or BLANK) for word in words)
            else:
                yield (*words, *((address,) if address else ()))


def linux(desk: Desk) -> Iterator[tuple[str, ...]]:
    """Ways to open the browser without an address, best first.

    Started without one it shows what its owner chose for a start, or a new window if it runs already; xdg-open has no
    word for that.
    """
    seen = set()
    for kind in KINDS:
        application = applications.default_for(kind, desk)
        if application is not None and application.id not in seen and not application.terminal:
            seen.add(application.id)
            yield application.argv()
    if desk.which("xdg-open"):
        yield "xdg-open", BLANK
    yield from named(desk)


def named(desk: Desk, address: str = "") -> Iterator[tuple[str, ...]]:
    """Browsers that are there by their program's name."""
    return ((each, *((address,) if address else ())) for each in COMMON if desk.which(each))


def macos(desk: Desk) -> Iterator[tuple[str, ...]]:
    """Open the application that handles https; Safari where nobody chose another."""
    found = _macos_handler(desk)
    if found:
        yield "open", "-b", found
    if found.casefold() != SAFARI.casefold():
        yield "open", "-b", SAFARI


def _macos_handler(desk: Desk) -> str:
    try:
        preferences = plistlib.loads((desk.home / HANDLERS).read_bytes())
        handlers = [dict(each) for each in preferences["LSHandlers"]]
    except (OSError, ValueError, KeyError, TypeError, plistlib.InvalidFileException):
        return ""
    found = (each.get("LSHandlerRoleAll") for each in handlers if each.get("LSHandlerURLScheme") == "https")
    return next((each for each in found if isinstance(each, str) and each != "-"), "")


def windows() -> str:
    """The default browser's program, from the registry; empty when that does not say."""
    if sys.platform != "win32":
        return ""
    import winreg  # noqa: PLC0415 -- there is none elsewhere

    with contextlib.suppress(OSError):
        with winreg.OpenKey(winreg.HKEY_CURRENT_USER, CHOICE) as key:
            handler = str(winreg.QueryValueEx(key, "ProgId")[0])
        return program_of(winreg.QueryValue(winreg.HKEY_CLASSES_ROOT, rf"{handler}\shell\open\command"))
    return ""


def program_of(command: str) -> str:
    r"""Take the program from a registered command such as `"C:\Program Files\…\firefox.exe" -osint -url "%1"`."""
    command = command.strip()
    if command.startswith('"'):
        return command[1:].partition('"')[0]
    end = command.lower().find(".exe")
    return command[: end + 4] if end >= 0 else command.partition(" ")[0]
