"""What each kind of service writes, and what is read back from it."""

from __future__ import annotations

import os
import plistlib
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import voicego.service
from voicego.acting.desk import Ran
from voicego.acting.rehearsal import Asked, Rehearsal
from voicego.errors import VoicegoError
from voicego.flow import Outcome
from voicego.service import change, complaint, launchd, service, systemd, windows, xdg
from voicego.service.installed import Installed
from voicego.service.program import Program, same, this_program
from voicego.service.steps import Call, Hands, Remove, StopDaemon, Write, told

HERE = ("/opt/voicego/bin/voicego",)
PROGRAM = Program(HERE, ("/opt/voicego/bin/voicego-tray",), "1.2.3")
MOVED = Program(HERE, HERE, "1.2.3", {"VOICEGO_CONFIG": "/home/a b/100%.yaml"})

WORDS = st.text(
    st.characters(codec="ascii", exclude_categories=["Cc"]) | st.sampled_from('"\\%$` äß'), min_size=1, max_size=12
).filter(lambda word: word == word.strip())


class Shelf:
    """A registry of a test's own."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.values: dict[tuple[str, str], str | bytes] = {}
        self.refuses = refuses

    def read(self, key: str, name: str) -> str | bytes | None:
        return self.values.get((key, name))

    def write(self, key: str, name: str, value: str) -> None:
        if self.refuses:
            raise PermissionError(13, "Access is denied")
        self.values[key, name] = value

    def delete(self, key: str, name: str) -> None:
        self.values.pop((key, name), None)


def hands(
    answers: dict[str, Ran] | None = None, registry: Shelf | None = None, *, running: bool = False
) -> tuple[Hands, Rehearsal]:
    rehearsal = Rehearsal(answers, otherwise=Ran(Outcome.OK, exit_code=0))
    return Hands(rehearsal, lambda: running, registry), rehearsal


# --- the autostart entry -------------------------------------------------------------------------------------------


def test_the_entry_starts_the_tray_and_is_read_back(tmp_path: Path) -> None:
    one = xdg.autostart(PROGRAM, tmp_path)

    change(one.install, hands()[0])

    assert one.look() == Installed(str(tmp_path / "autostart/voicego.desktop"), (*HERE, "tray"), "1.2.3")


def test_an_entry_carries_the_places_that_variables_move(tmp_path: Path) -> None:
    one = xdg.autostart(MOVED, tmp_path)

    change(one.install, hands()[0])

    text = (tmp_path / "autostart/voicego.desktop").read_text()
    assert 'Exec=env "VOICEGO_CONFIG=/home/a b/100%%.yaml" /opt/voicego/bin/voicego tray\n' in text
    found = one.look()
    assert found is not None
    assert found.command == (*HERE, "tray")


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_what_the_desktop_switched_off_is_off(tmp_path: Path, line: str) -> None:
    one = xdg.autostart(PROGRAM, tmp_path)
    change(one.install, hands()[0])
    file = tmp_path / "autostart/voicego.desktop"
    file.write_text(file.read_text().replace("X-GNOME-Autostart-enabled=true", line))

    found = one.look()

    assert found is not None
    assert not found.on


@given(WORDS)
def test_any_path_survives_an_entry(name: str) -> None:
    odd = Program((f"/opt/{name}/voicego",), HERE, "1")

    exec_ = next(line for line in xdg.rendered(odd).splitlines() if line.startswith("Exec="))

    assert xdg._words(exec_.removeprefix("Exec=")) == (f"/opt/{name}/voicego", "tray")


# --- the unit ------------------------------------------------------------------------------------------------------


def test_the_unit_is_read_back_and_is_on_once_it_is_enabled(tmp_path: Path) -> None:
    one = systemd.unit(PROGRAM, tmp_path)
    change(one.install, hands()[0])
    file = tmp_path / "systemd/user/voicego.service"
    before = one.look()

    wants = file.parent / "default.target.wants"
    wants.mkdir()
    (wants / "voicego.service").symlink_to(file)

    assert before == Installed(str(file), (*HERE, "run", "--headless"), "1.2.3", on=False)
    assert one.look() == Installed(str(file), (*HERE, "run", "--headless"), "1.2.3")


@given(WORDS)
def test_any_path_survives_a_unit(name: str) -> None:
    odd = Program((f"/opt/{name}/voicego",), HERE, "1")

    line = next(line for line in systemd.rendered(odd).splitlines() if line.startswith("ExecStart="))

    assert systemd._words(line.removeprefix("ExecStart=")) == (f"/opt/{name}/voicego", "run", "--headless")


def test_a_unit_without_moved_places_has_no_gap() -> None:
    assert "@" not in systemd.rendered(PROGRAM)
    assert 'Environment="VOICEGO_CONFIG=/home/a b/100%%.yaml"\n' in systemd.rendered(MOVED)


def test_without_a_manager_nothing_is_written(tmp_path: Path) -> None:
    acting, rehearsal = hands({"systemctl": Ran(Outcome.FAILED, 'no program "systemctl" on PATH')})

    with pytest.raises(VoicegoError, match=r"no systemd user manager answers here.*on PATH"):
        change(systemd.unit(PROGRAM, tmp_path).install, acting)

    assert list(tmp_path.iterdir()) == []
    assert len(rehearsal.asked) == 1


def test_a_unit_that_systemd_refuses_is_taken_away_again(tmp_path: Path) -> None:
    class Refusing(Rehearsal):
        def _answer(self, asked: Asked) -> Ran:
            return Ran(Outcome.FAILED, "Access denied") if "enable" in asked.argv else Ran(Outcome.OK)

    old = tmp_path / "systemd/user/other.service"
    old.parent.mkdir(parents=True)
    old.touch()

    with pytest.raises(VoicegoError, match=r"does not enable voicego.service \(Access denied\)"):
        change(systemd.unit(PROGRAM, tmp_path).install, Hands(Refusing(), lambda: False))

    assert list(old.parent.iterdir()) == [old]


def test_a_renewal_that_fails_leaves_the_old_unit(tmp_path: Path) -> None:
    file = tmp_path / "a/b/one"
    bad = Call(("systemctl",), "it fails")
    change((Write(file, "old"),), hands()[0])

    with pytest.raises(VoicegoError, match="it fails"):
        change(
            (Write(file, "new"), Write(tmp_path / "c/d/two", "x"), bad), hands({"systemctl": Ran(Outcome.FAILED)})[0]
        )

    assert file.read_text() == "old"
    assert not (tmp_path / "c").exists()


def test_uninstall_works_without_a_manager_and_leaves_nothing(tmp_path: Path) -> None:
    config = tmp_path / ".config"
    one = systemd.unit(PROGRAM, config)
    change(one.install, hands()[0])
    wants = config / "systemd/user/default.target.wants"
    wants.mkdir()
    (wants / "voicego.service").symlink_to("../voicego.service")

    change((*one.before_uninstall, *one.uninstall), hands({"systemctl": Ran(Outcome.FAILED)})[0])

    assert list(tmp_path.iterdir()) == []


def test_uninstall_keeps_what_others_put_there(tmp_path: Path) -> None:
    one = xdg.autostart(PROGRAM, tmp_path / ".config")
    change(one.install, hands()[0])
    other = tmp_path / ".config/autostart/other.desktop"
    other.touch()

    change(one.uninstall, hands()[0])

    assert list(other.parent.iterdir()) == [other]


# --- launchd -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headless", [False, True])
def test_the_agent_is_a_property_list_for_the_graphical_session(tmp_path: Path, headless: bool) -> None:  # noqa: FBT001
    one = launchd.agent(MOVED, tmp_path, 501, headless=headless)
    change(one.install, hands()[0])
    (file,) = (tmp_path / "Library/LaunchAgents").iterdir()

    agent = plistlib.loads(file.read_bytes())

    assert agent["Label"] == file.stem
    assert agent["ProgramArguments"] == [*HERE, *(("run", "--headless") if headless else ("tray",))]
    assert agent["LimitLoadToSessionType"] == "Aqua"
    assert agent["ProcessType"] == "Interactive"
    assert agent["RunAtLoad"] is True
    assert agent["AssociatedBundleIdentifiers"] == "org.voicego.voicego"
    assert agent["EnvironmentVariables"] == MOVED.places
    assert one.look() == Installed(str(file), tuple(agent["ProgramArguments"]), "1.2.3")


def test_macos_is_told_about_silence_unless_it_runs_from_an_application(tmp_path: Path) -> None:
    inside = Program(("/Applications/voicego.app/Contents/MacOS/voicego",), HERE)

    assert inside.bundle == Path("/Applications/voicego.app")
    assert launchd.agent(inside, tmp_path, 501, headless=False).remark == ""
    assert "silence" in launchd.agent(PROGRAM, tmp_path, 501, headless=False).remark


def test_launchd_is_asked_in_its_own_words(tmp_path: Path) -> None:
    one = launchd.agent(PROGRAM, tmp_path, 501, headless=False)
    acting, rehearsal = hands()

    change((*one.start, *one.stop), acting)

    file = str(tmp_path / "Library/LaunchAgents/org.voicego.voicego.plist")
    assert [asked.argv[1:] for asked in rehearsal.asked] == [
        ("bootstrap", "gui/501", file),
        ("kickstart", "gui/501/org.voicego.voicego"),
        ("bootout", "gui/501/org.voicego.voicego"),
    ]


@pytest.mark.parametrize("content", [b"", b"<plist><dict>", b"\x00" * 40, plistlib.dumps(["a"])])
def test_a_broken_agent_is_installed_and_names_no_program(tmp_path: Path, content: bytes) -> None:
    one = launchd.agent(PROGRAM, tmp_path, 501, headless=False)
    change(one.install, hands()[0])
    (file,) = (tmp_path / "Library/LaunchAgents").iterdir()
    file.write_bytes(content)

    assert one.look() == Installed(str(file), ())
    assert complaint(one, hands()[0]) == "it names no program"


# --- Windows -------------------------------------------------------------------------------------------------------

TRAY = r"C:\Program Files\voicego\voicego-tray.exe"
WINDOWS = Program((r"C:\Program Files\voicego\voicego.exe",), (TRAY,), "1.2.3")


def test_the_run_key_starts_the_executable_without_a_console() -> None:
    shelf = Shelf()
    one = windows.run_key(WINDOWS, shelf, headless=False)

    first, second = (change(one.install, hands(registry=shelf)[0]) for _ in range(2))

    assert shelf.values == {(windows.RUN, "voicego"): f'"{TRAY}" tray'}
    assert len(first) == 1
    assert second == ()
    assert one.look() == Installed(rf"HKCU\{windows.RUN}\voicego", (TRAY, "tray"))


def test_both_kinds_live_beside_each_other_and_go_one_by_one() -> None:
    shelf = Shelf()
    tray, bare = (windows.run_key(WINDOWS, shelf, headless=headless) for headless in (False, True))
    change((*tray.install, *bare.install), hands(registry=shelf)[0])

    change(tray.uninstall, hands(registry=shelf)[0])

    assert tray.look() is None
    assert (found := bare.look()) is not None
    assert found.command == (TRAY, "run", "--headless")


def test_what_the_settings_switched_off_is_off_until_it_is_installed_again() -> None:
    shelf = Shelf()
    one = windows.run_key(WINDOWS, shelf, headless=False)
    change(one.install, hands(registry=shelf)[0])
    shelf.values[windows.APPROVED, "voicego"] = b"\x03" + b"\x00" * 11
    off = one.look()

    change(one.install, hands(registry=shelf)[0])

    assert off is not None
    assert not off.on
    assert (found := one.look()) is not None
    assert found.on


def test_a_registry_that_refuses_is_told() -> None:
    shelf = Shelf(refuses=True)

    with pytest.raises(VoicegoError, match=r"cannot change HKCU.*Access is denied"):
        change(windows.run_key(WINDOWS, shelf, headless=False).install, hands(registry=shelf)[0])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has one")
def test_elsewhere_there_is_no_registry() -> None:
    real = windows.UserRegistry()

    assert real.read(windows.RUN, "voicego") is None
    with pytest.raises(VoicegoError, match="no registry"):
        change(windows.run_key(WINDOWS, real, headless=False).install, hands()[0])


# --- what is wrong -------------------------------------------------------------------------------------------------


def test_what_points_here_has_no_complaint_even_through_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "voicego", tmp_path / "bin"
    real.write_text("#!/bin/sh\n")
    real.chmod(0o755)
    link.symlink_to(real)

    assert Installed("", (str(link), "tray"), "1").complaint((str(real), "tray"), str, "1") == ""


def test_another_executable_is_named_with_its_version(tmp_path: Path) -> None:
    other = tmp_path / "voicego"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    one = xdg.autostart(Program((str(other),), HERE, "0.0.9"), tmp_path)
    change(one.install, hands()[0])
    mine = xdg.autostart(PROGRAM, tmp_path)

    told_apart = complaint(mine, hands({"voicego": Ran(Outcome.OK, "voicego 0.0.9\n", 0)})[0])

    assert told_apart.startswith(f"it starts {other} (version 0.0.9), and this is {HERE[0]} (version ")


def test_gone_old_and_otherwise_called_executables_are_told(tmp_path: Path) -> None:
    here = tmp_path / "voicego"
    here.write_text("#!/bin/sh\n")
    here.chmod(0o755)
    wanted = (str(here), "tray")

    def said(*command: str, version: str = "2") -> str:
        return Installed("", command, version).complaint(wanted, str, "2")

    assert said("/gone/voicego", "tray") == "it starts /gone/voicego, which is not there any more"
    assert said(*wanted, version="1") == "it was written by version 1, and this is 2"
    assert said(str(here), "run") == f"it starts {here} run, and {here} tray would be right"
    assert said(*wanted) == ""


def test_nothing_installed_is_no_complaint(tmp_path: Path) -> None:
    assert complaint(xdg.autostart(PROGRAM, tmp_path), hands()[0]) == ""


# --- who this is ---------------------------------------------------------------------------------------------------


def test_the_path_by_which_it_was_called_is_preferred(tmp_path: Path) -> None:
    for name in ("voicego", "voicego-tray"):
        (tmp_path / name).touch()

    found = this_program({"VOICEGO_LOG_DIR": "/logs", "VOICEGO_KEYWORD": "go"}, str(tmp_path / "voicego"), "linux")

    assert found.command == (str(tmp_path / "voicego"),)
    assert found.windowed == (str(tmp_path / "voicego-tray"),)
    assert found.places == {"VOICEGO_LOG_DIR": "/logs"}


def test_a_module_without_executables_is_started_as_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))

    assert this_program({}, "", "linux").command == (str(tmp_path / "python"), "-m", "voicego")
    assert this_program({}, "", "win32").windowed == (str(tmp_path / "pythonw.exe"), "-m", "voicego")


def test_command_lines_differ_by_their_words() -> None:
    assert not same((), ())
    assert not same((*HERE, "tray"), (*HERE, "run"))
    assert same(HERE, HERE)


# --- for the tray --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="writes an autostart entry")
def test_the_tick_of_the_tray_is_what_is_on_the_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(os.environ, "XDG_CONFIG_HOME", str(tmp_path))
    entry = tmp_path / "autostart/voicego.desktop"
    seen = [voicego.service.login()]
    for on in (True, True, False, False):
        voicego.service.set_login(on)
        seen.append(voicego.service.login())

    assert seen == [False, True, True, False, False]
    assert not entry.exists()


def test_each_system_has_its_own_kind(tmp_path: Path) -> None:
    def steps(platform: str, *, headless: bool) -> str:
        chosen = service(
            headless=headless, program=PROGRAM, platform=platform, environ={}, home=tmp_path, registry=Shelf()
        )
        return "\n".join(map(told, (*chosen.install, *chosen.uninstall, *chosen.start, *chosen.stop)))

    assert f"would write {tmp_path}/.config/autostart/voicego.desktop" in steps("linux", headless=False)
    assert "would run: systemctl --user enable voicego.service" in steps("freebsd14", headless=True)
    assert f"would remove {tmp_path}/Library/LaunchAgents/org.voicego.voicego.plist" in steps("darwin", headless=False)
    assert "would set HKCU" in steps("win32", headless=False)
    assert "would delete HKCU" in steps("win32", headless=True)
    assert "would end the running voicego" in steps("linux", headless=False)
    assert "would start: /opt/voicego/bin/voicego tray" in steps("linux", headless=False)
    assert list(tmp_path.iterdir()) == []


def test_ending_what_does_not_run_changes_nothing() -> None:
    assert change((StopDaemon(),), hands()[0]) == ()
    assert change((StopDaemon(),), hands(running=True)[0]) == ("ended the running voicego",)


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "autostart").touch()

    with pytest.raises(VoicegoError, match=r"cannot write .*voicego.desktop: .*; nothing was changed"):
        change(xdg.autostart(PROGRAM, tmp_path).install, hands()[0])
    assert change((Remove(tmp_path / "autostart/voicego.desktop", tmp_path),), hands()[0]) == ()
