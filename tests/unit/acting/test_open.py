from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING

import pytest

from voicego.acting import browser, open_
from voicego.acting.desk import Desk, Ran, System
from voicego.acting.placeholders import Heard
from voicego.flow import Open, Outcome

if TYPE_CHECKING:
    from tests.unit.acting.conftest import Room

URL = "https://example.org/a?b=c&d=%20#e"
EVERY = pytest.mark.parametrize("system", System)


def opened(target: str, desk: Desk) -> Ran:
    return open_.carry_out(Open(target), Heard("go", 0.97, "14:03:05"), desk)


class TestTheBrowserOnLinux:
    def test_it_starts_as_if_its_icon_was_clicked(self, room: Room) -> None:
        desk = room.lay(System.LINUX, "xdg-open")
        room.entry("firefox.desktop", "/usr/bin/firefox %u", Name="Firefox")
        (room.folder / "share/applications/mimeinfo.cache").write_text(
            "[MIME Cache]\nx-scheme-handler/https=firefox.desktop;\n"
        )

        ran = opened("browser", desk)

        assert ran.outcome is Outcome.OK
        assert room.commands == [("/usr/bin/firefox",)]
        assert room.asked[0].way == "detach"

    def test_without_a_known_default_the_platforms_opener_is_asked(self, room: Room) -> None:
        opened("browser", room.lay(System.LINUX, "xdg-open", "firefox"))

        assert room.commands == [("xdg-open", "about:blank")]

    def test_without_an_opener_a_browser_on_the_path_starts(self, room: Room) -> None:
        opened(" Browser ", room.lay(System.LINUX, "chromium", "firefox-esr"))

        assert room.commands == [("firefox-esr",)]

    def test_what_fails_gives_way_to_the_next(self, room: Room, failure: Ran) -> None:
        ran = opened("browser", room.lay(System.LINUX, "xdg-open", "firefox", answers={"xdg-open": failure}))

        assert ran.outcome is Outcome.OK
        assert room.commands == [("xdg-open", "about:blank"), ("firefox",)]

    def test_without_any_the_reason_is_said(self, room: Room) -> None:
        ran = opened("browser", room.lay(System.LINUX))

        assert (ran.outcome, ran.detail) == (Outcome.FAILED, open_.NO_BROWSER)

    def test_without_a_display_that_is_said_too(self, room: Room) -> None:
        answers = {"xdg-open": Ran(Outcome.FAILED, "xdg-open ended with 3", 3)}

        ran = opened("browser", room.lay(System.LINUX, "xdg-open", answers=answers, DISPLAY=""))

        assert ran.detail == f"xdg-open: no program for it was found; {open_.NO_DISPLAY}"


class TestBrowserInTheEnvironment:
    @EVERY
    def test_it_comes_first(self, room: Room, system: System) -> None:
        opened("browser", room.lay(system, "mine", "xdg-open", BROWSER="mine"))

        assert room.commands == [("mine",)]

    @EVERY
    def test_it_gets_the_address(self, room: Room, system: System) -> None:
        opened(URL, room.lay(system, "mine", "xdg-open", BROWSER="mine --new"))

        assert room.commands == [("mine", "--new", URL)]

    def test_its_percent_s_is_the_address(self, room: Room) -> None:
        desk = room.lay(System.LINUX, "mine", BROWSER="mine '--url=%s' &")

        opened(URL, desk)
        opened("browser", desk)

        assert room.commands == [("mine", f"--url={URL}"), ("mine", "--url=about:blank")]

    def test_several_are_tried_in_order(self, room: Room, failure: Ran) -> None:
        desk = room.lay(
            System.LINUX,
            "first",
            "second",
            "lynx",
            BROWSER="missing:lynx:'open:first:second",
            answers={"first": failure},
        )

        opened("browser", desk)

        assert room.commands == [("first",), ("second",)]

    def test_it_does_not_read_mail(self, room: Room) -> None:
        opened("mailto:a@example.org", room.lay(System.LINUX, "mine", "xdg-open", BROWSER="mine"))

        assert room.commands == [("xdg-open", "mailto:a@example.org")]


class TestAnAddress:
    @pytest.mark.parametrize(
        ("system", "way", "argv"),
        [
            (System.LINUX, "detach", ("xdg-open", URL)),
            (System.MACOS, "detach", ("open", URL)),
            (System.WINDOWS, "hand over", (URL,)),
        ],
    )
    def test_goes_to_the_platforms_opener(self, room: Room, system: System, way: str, argv: tuple[str, ...]) -> None:
        opened(URL, room.lay(system, "xdg-open"))

        assert [(asked.way, asked.argv) for asked in room.asked] == [(way, argv)]

    def test_goes_to_gio_where_there_is_no_xdg_open(self, room: Room) -> None:
        opened(URL, room.lay(System.LINUX, "gio", "firefox"))

        assert room.commands == [("gio", "open", URL)]

    def test_goes_to_a_browser_where_there_is_no_opener(self, room: Room) -> None:
        opened(URL, room.lay(System.LINUX, "firefox"))

        assert room.commands == [("firefox", URL)]

    def test_has_no_way_without_any(self, room: Room) -> None:
        ran = opened("mailto:a@example.org", room.lay(System.LINUX, "firefox"))

        assert (ran.outcome, ran.detail) == (Outcome.FAILED, open_.NO_OPENER)

    def test_takes_what_was_heard_as_part_of_it(self, room: Room) -> None:
        desk = room.lay(System.LINUX, "xdg-open")

        open_.carry_out(Open("https://x.org/?q={keyword}"), Heard("a&b c", 1.0, ""), desk)

        assert room.commands == [("xdg-open", "https://x.org/?q=a%26b%20c")]


class TestAFile:
    @pytest.mark.parametrize("target", ["~/notes.txt", "./notes.txt", "HOME/notes.txt", "notes.txt"])
    @pytest.mark.parametrize("opener", [("xdg-open",), ("gio", "open")])
    def test_goes_to_the_platforms_opener(self, room: Room, target: str, opener: tuple[str, ...]) -> None:
        desk = room.lay(System.LINUX, opener[0])
        (desk.home / "notes.txt").touch()

        opened(target.replace("HOME", str(desk.home)), desk)

        assert room.commands == [(*opener, str(desk.home / "notes.txt"))]

    def test_may_be_the_home_folder(self, room: Room) -> None:
        desk = room.lay(System.MACOS)

        opened("~", desk)

        assert room.commands == [("open", str(desk.home))]

    @EVERY
    def test_that_is_missing_is_a_sentence(self, room: Room, system: System) -> None:
        desk = room.lay(system, "xdg-open")

        ran = opened("~/notes.txt", desk)

        assert (ran.outcome, ran.detail) == (Outcome.FAILED, f'no file or folder "{desk.home}/notes.txt"')
        assert not room.commands

    def test_on_windows_is_handed_over(self, room: Room) -> None:
        desk = room.lay(System.WINDOWS)
        (desk.home / "notes.txt").touch()

        opened("~/notes.txt", desk)

        assert [(asked.way, asked.argv) for asked in room.asked] == [("hand over", (f"{desk.home}/notes.txt",))]


class TestAnApplication:
    def test_starts_by_its_name(self, room: Room) -> None:
        desk = room.lay(System.LINUX, "calc")
        room.entry("calc.desktop", "gnome-calculator --mode=basic", Name="Calculator")

        opened("calculator", desk)

        assert room.commands == [("gnome-calculator", "--mode=basic")]

    def test_may_be_a_program_on_the_path(self, room: Room) -> None:
        opened("xterm", room.lay(System.LINUX, "xterm"))

        assert room.commands == [("xterm",)]

    def test_comes_before_a_folder_of_that_name(self, room: Room) -> None:
        desk = room.lay(System.LINUX, "firefox", "xdg-open")
        (desk.home / "firefox").mkdir()

        opened("firefox", desk)

        assert room.commands == [("firefox",)]

    @pytest.mark.parametrize(
        ("program", "command"), [("gio", "gio launch {}"), ("gtk-launch", "gtk-launch top.desktop")]
    )
    def test_that_wants_a_terminal_gets_the_desktops(self, room: Room, program: str, command: str) -> None:
        desk = room.lay(System.LINUX, program)
        file = room.entry("top.desktop", "top", Name="Top", Terminal="true")

        opened("top", desk)

        assert room.commands == [tuple(command.format(file).split())]

    def test_that_nobody_knows_is_a_sentence_with_a_guess(self, room: Room) -> None:
        desk = room.lay(System.LINUX)
        room.entry("firefox.desktop", "firefox", Name="Firefox")

        ran = opened("Fierfox", desk)

        assert ran.outcome is Outcome.FAILED
        assert ran.detail.startswith('nothing to open is called "Fierfox"')
        assert ran.detail.endswith('Did you mean "Firefox"?')

    def test_that_looks_like_an_address_says_how_to_write_one(self, room: Room) -> None:
        assert opened("example.org", room.lay(System.LINUX)).detail.endswith("an address begins with https://")

    def test_on_macos_is_found_by_the_system_else_it_may_be_a_folder(self, room: Room, failure: Ran) -> None:
        desk = room.lay(System.MACOS, answers={"open": failure})
        (desk.home / "Music").mkdir()

        opened("Music", desk)

        assert room.commands == [("open", "-a", "Music"), ("open", str(desk.home / "Music"))]

    def test_on_windows_is_found_by_the_system(self, room: Room) -> None:
        opened("notepad", room.lay(System.WINDOWS))

        assert [(asked.way, asked.argv) for asked in room.asked] == [("hand over", ("notepad",))]


class TestTheBrowserOnMacos:
    def test_is_the_one_that_handles_https(self, room: Room) -> None:
        desk = room.lay(System.MACOS)
        file = desk.home / browser.HANDLERS
        file.parent.mkdir(parents=True)
        handlers = [
            {"LSHandlerContentType": "public.html", "LSHandlerRoleAll": "com.other"},
            {"LSHandlerURLScheme": "https", "LSHandlerRoleAll": "org.mozilla.firefox"},
        ]
        file.write_bytes(plistlib.dumps({"LSHandlers": handlers}, fmt=plistlib.FMT_BINARY))

        opened("browser", desk)

        assert room.commands == [("open", "-b", "org.mozilla.firefox")]

    @pytest.mark.parametrize("content", [b"", b"no plist", plistlib.dumps({}), plistlib.dumps({"LSHandlers": [1]})])
    def test_is_safari_where_nobody_chose(self, room: Room, content: bytes) -> None:
        desk = room.lay(System.MACOS)
        (desk.home / browser.HANDLERS).parent.mkdir(parents=True)
        (desk.home / browser.HANDLERS).write_bytes(content)

        opened("browser", desk)

        assert room.commands == [("open", "-b", "com.apple.Safari")]


class TestTheBrowserOnWindows:
    def test_is_edge_where_the_registry_does_not_say(self, room: Room) -> None:
        opened("browser", room.lay(System.WINDOWS))

        assert [(asked.way, asked.argv) for asked in room.asked] == [("hand over", ("microsoft-edge:",))]

    @pytest.mark.parametrize(
        ("command", "program"),
        [
            (
                r'"C:\Program Files\Mozilla Firefox\firefox.exe" -osint -url "%1"',
                r"C:\Program Files\Mozilla Firefox\firefox.exe",
            ),
            (r"C:\Program Files\X\x.exe %1", r"C:\Program Files\X\x.exe"),
            (r"C:\x.EXE", r"C:\x.EXE"),
            ("launcher %1", "launcher"),
        ],
    )
    def test_is_the_program_of_its_registered_command(self, command: str, program: str) -> None:
        assert browser.program_of(command) == program


@EVERY
@pytest.mark.parametrize("target", ["browser", URL, "xterm"])
def test_nothing_that_opens_is_waited_for_to_its_end(room: Room, system: System, target: str) -> None:
    opened(target, room.lay(system, "xdg-open", "xterm"))

    assert room.asked
    assert {asked.way for asked in room.asked} <= {"detach", "hand over"}
