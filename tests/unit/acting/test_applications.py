from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from voicego.acting import applications
from voicego.acting.desk import System

if TYPE_CHECKING:
    from tests.unit.acting.conftest import Room

HTTPS = "x-scheme-handler/https"


@pytest.mark.parametrize("name", ["org.gnome.Calculator", "org.gnome.Calculator.desktop", "Calculator", "calculator"])
def test_an_application_is_found_by_its_id_or_name(room: Room, name: str) -> None:
    desk = room.lay(System.LINUX)
    room.entry("org.gnome.Calculator.desktop", "gnome-calculator", Name="Calculator")

    found = applications.find(name, desk)

    assert found is not None
    assert found.argv() == ("gnome-calculator",)


def test_an_application_is_found_by_the_name_in_another_language(room: Room) -> None:
    desk = room.lay(System.LINUX)
    room.entry("files.desktop", "nautilus", **{"Name": "Files", "Name[de]": "Dateien"})

    assert applications.find("dateien", desk) is not None
    assert applications.names(desk) == ("Files", "Dateien")


def test_the_persons_own_entry_comes_before_the_systems(room: Room) -> None:
    desk = room.lay(System.LINUX)
    room.entry("mail.desktop", "mutt", Name="Mail")
    room.entry("mail.desktop", "thunderbird", folder="home/.local/share", Name="Mail")

    found = applications.find("Mail", desk)

    assert found is not None
    assert found.argv() == ("thunderbird",)


def test_an_entry_that_its_owner_hid_hides_the_systems(room: Room) -> None:
    desk = room.lay(System.LINUX)
    room.entry("mail.desktop", "mutt", Name="Mail")
    room.entry("mail.desktop", "mutt", folder="home/.local/share", Name="Mail", Hidden="true")

    assert applications.find("Mail", desk) is None


def test_an_entry_that_no_menu_shows_is_found_by_its_id_only(room: Room) -> None:
    desk = room.lay(System.LINUX)
    room.entry("handler.desktop", "helper", Name="Mail", NoDisplay="true")

    assert applications.find("Mail", desk) is None
    assert applications.find("handler", desk) is not None


def test_entries_in_folders_and_of_flatpak_are_found(room: Room) -> None:
    desk = room.lay(System.LINUX)
    room.entry("kde/konsole.desktop", "konsole", Name="Konsole")
    room.entry("org.x.App.desktop", "flatpak run org.x.App", "home/.local/share/flatpak/exports/share", Name="App")

    by_id, by_name = applications.find("kde-konsole", desk), applications.find("App", desk)

    assert by_id is not None
    assert by_name is not None
    assert by_name.argv() == ("flatpak", "run", "org.x.App")


@pytest.mark.parametrize(
    ("exec_", "arguments", "argv"),
    [
        ("firefox %u", (), ("firefox",)),
        ("firefox %u", ("https://x.org",), ("firefox", "https://x.org")),
        ("code --new %F --end", ("a", "b c"), ("code", "--new", "a", "b c", "--end")),
        ("code", ("a",), ("code", "a")),
        ('"/opt/my app/run" --title=100%%', (), ("/opt/my app/run", "--title=100%")),
        (r'sh -c "echo \$HOME"', (), ("sh", "-c", "echo $HOME")),
        ("app %i %c %k", (), ("app", "App", "FILE")),
        ('app "open', (), ("app", '"open')),
    ],
)
def test_the_command_line_of_an_entry(
    room: Room, exec_: str, arguments: tuple[str, ...], argv: tuple[str, ...]
) -> None:
    desk = room.lay(System.LINUX)
    file = room.entry("app.desktop", exec_, Name="App")

    found = applications.find("app", desk)

    assert found is not None
    assert found.argv(arguments) == tuple(str(file) if word == "FILE" else word for word in argv)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"[Desktop Entry]\nName=App\n", b"[Desktop Entry]\n" * 80_000]
)
def test_a_broken_entry_is_passed_over(room: Room, content: bytes) -> None:
    desk = room.lay(System.LINUX)
    room.entry("app.desktop", "app", Name="App").write_bytes(content)

    assert applications.find("App", desk) is None


def test_the_persons_choice_comes_before_the_desktops_and_the_systems(room: Room) -> None:
    for name in ("own", "desktop", "system", "registered"):
        room.entry(f"{name}.desktop", name, Name=name)
    desk = room.lay(System.LINUX, XDG_CURRENT_DESKTOP="GNOME")
    files = {
        "home/.config/mimeapps.list": f"[Default Applications]\n{HTTPS}=own.desktop\n",
        "etc/gnome-mimeapps.list": f"[Default Applications]\n{HTTPS}=desktop.desktop\n",
        "etc/mimeapps.list": f"[Added Associations]\n{HTTPS}=registered.desktop\n"
        f"[Default Applications]\n{HTTPS}=gone.desktop;system.desktop;\n",
        "share/applications/mimeinfo.cache": f"[MIME Cache]\n{HTTPS}=registered.desktop;\n",
    }
    found = []
    for file, content in files.items():
        (room.folder / file).parent.mkdir(parents=True, exist_ok=True)
        (room.folder / file).write_text(content)
    for file in files:
        application = applications.default_for(HTTPS, desk)
        found.append(application.id if application else "")
        (room.folder / file).unlink()

    assert found == ["own.desktop", "desktop.desktop", "system.desktop", "registered.desktop"]
    assert applications.default_for(HTTPS, desk) is None
