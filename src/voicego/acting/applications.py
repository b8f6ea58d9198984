"""Find applications on a free desktop by the name a person knows: desktop entries, and who opens what."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from voicego.acting.desk import Desk

EXPORTS = (
    "~/.local/share/flatpak/exports/share",
    "/var/lib/flatpak/exports/share",
    "/var/lib/snapd/desktop",
)
"""Where Flatpak and Snap put entries. A daemon that started before the desktop lacks them in XDG_DATA_DIRS."""

LARGEST = 1_000_000
"""Bytes of a file that is taken for a desktop entry."""


@dataclass(frozen=True, slots=True)
class Application:
    """A desktop entry that can be started."""

    id: str
    """`org.gnome.Calculator.desktop`."""
    names: tuple[str, ...]
    """First the one that every language falls back to, then the translations."""
    file: Path
    exec_: str
    terminal: bool = False
    shown: bool = True
    """A menu would show it."""

    def argv(self, arguments: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Its command line, with `arguments` where the entry wants files and addresses, else at the end."""
        words: list[str] = []
        placed = False
        for word in _words(self.exec_):
            if word in ("%f", "%F", "%u", "%U"):
                words += () if placed else arguments
                placed = True
            elif word == "%c":
                words.append(self.names[0])
            elif word == "%k":
                words.append(str(self.file))
            elif not (len(word) == 2 and word[0] == "%" and word[1].isalpha()):  # noqa: PLR2004 -- a code is %x
                words.append(word.replace("%%", "%"))
        return (*words, *(() if placed else arguments))


def find(name: str, desk: Desk) -> Application | None:
    """Find an application by its entry's id (with or without `.desktop`), else by its name in any language and case."""
    if "/" not in name and (application := _by_id(f"{name.removesuffix('.desktop')}.desktop", desk)):
        return application
    wanted = name.casefold()
    return next((each for each in _shown(desk) if wanted in map(str.casefold, (each.id, *each.names))), None)


def names(desk: Desk) -> tuple[str, ...]:
    """What `find` knows, for a "did you mean"."""
    return tuple(dict.fromkeys(name for application in _shown(desk) for name in application.names))


def default_for(kind: str, desk: Desk) -> Application | None:
    """Find the application that the person chose for a kind of content, such as `x-scheme-handler/https`.

    Source: the MIME applications specification; then, as GIO does, whoever registered for it.
    """
    for file, group in _choices(desk):
        for id_ in _read(file, group).get(kind, "").split(";"):
            if id_ and (application := _by_id(id_, desk)):
                return application
    return None


def _by_id(id_: str, desk: Desk) -> Application | None:
    for folder in _folders(desk):
        # "kde/konsole.desktop" has the id "kde-konsole.desktop"
        for candidate in (id_, id_.replace("-", "/", 1)):
            if application := _entry(folder / candidate, id_):
                return application
    return None


def _shown(desk: Desk) -> Iterator[Application]:
    """Every entry that a menu would show, the person's own before the system's; an id counts once."""
    seen: set[str] = set()
    for folder in _folders(desk):
        for file in sorted(folder.rglob("*.desktop")):
            id_ = "-".join(file.relative_to(folder).parts)
            application = None if id_ in seen else _entry(file, id_)
            seen.add(id_)
            if application is not None and application.shown:
                yield application


def _entry(file: Path, id_: str) -> Application | None:
    entry = _read(file, "Desktop Entry")
    if not entry.get("Exec") or entry.get("Hidden") == "true" or entry.get("Type", "Application") != "Application":
        return None
    translated = (value for key, value in entry.items() if key.startswith("Name["))
    return Application(
        id_,
        (entry.get("Name", id_), *translated),
        file,
        entry["Exec"],
        terminal=entry.get("Terminal") == "true",
        shown=entry.get("NoDisplay") != "true",
    )


def _read(file: Path, group: str) -> dict[str, str]:
    """One group of a desktop file; a file that cannot be read has none."""
    try:
        if file.stat().st_size > LARGEST:
            return {}
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    inside = False
    for line in lines:
        if line.startswith("["):
            inside = line.strip() == f"[{group}]"
        elif inside and not line.startswith("#") and "=" in line:
            key, _, value = line.partition("=")
            found.setdefault(key.strip(), value.strip())
    return found


def _words(exec_: str) -> list[str]:
    try:
        words = shlex.split(exec_)
    except ValueError:  # an open quote: whatever it means, it is not ours to guess
        return exec_.split()
    return [word.replace("\\$", "$").replace("\\`", "`") for word in words]


def _folders(desk: Desk) -> Iterator[Path]:
    for data in dict.fromkeys(_data(desk)):
        if (folder := data / "applications").is_dir():
            yield folder


def _data(desk: Desk) -> Iterator[Path]:
    yield _home(desk.environ, "XDG_DATA_HOME", desk.home / ".local/share")
    yield from _listed(desk.environ, "XDG_DATA_DIRS", "/usr/local/share:/usr/share")
    yield from (desk.home / each.removeprefix("~/") for each in EXPORTS)


def _choices(desk: Desk) -> Iterator[tuple[Path, str]]:
    chosen = "Default Applications"
    desktops = desk.environ.get("XDG_CURRENT_DESKTOP", "").lower().split(":")
    files = (*(f"{desktop}-mimeapps.list" for desktop in desktops if desktop), "mimeapps.list")
    config = _home(desk.environ, "XDG_CONFIG_HOME", desk.home / ".config")
    for folder in (config, *_listed(desk.environ, "XDG_CONFIG_DIRS", "/etc/xdg"), *_folders(desk)):
        yield from ((folder / file, chosen) for file in files)
    for folder in _folders(desk):
        yield folder / "mimeinfo.cache", "MIME Cache"


def _home(environ: Mapping[str, str], name: str, otherwise: Path) -> Path:
    return Path(environ.get(name) or otherwise)


def _listed(environ: Mapping[str, str], name: str, otherwise: str) -> tuple[Path, ...]:
    return tuple(Path(each) for each in (environ.get(name) or otherwise).split(":") if each)
