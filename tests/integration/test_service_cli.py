"""`voicego service` as a person meets it: what is written, where, and the exit code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.house import House, house_in, until
from voicego.lock import holder
from voicego.service import xdg
from voicego.service.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into a free desktop's folders")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def house(tmp_path: Path, home: Path) -> Iterator[House]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    with house_in(tmp_path, plain | {"HOME": str(home), "XDG_RUNTIME_DIR": str(tmp_path)}) as one:
        one.always = "microphone: a microphone that nobody has\n"
        one.write("rules:\n  go: {notify: heard}\n")
        yield one


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_install_status_and_uninstall_of_the_tray(house: House, home: Path) -> None:
    before = house.voicego("service", "status")
    first, second = house.voicego("service", "install"), house.voicego("service", "install")
    entry = home / ".config/autostart/voicego.desktop"
    found = json.loads(house.voicego("service", "status", "--json").stdout)
    gone, nothing = house.voicego("service", "uninstall"), house.voicego("service", "uninstall")

    assert (before.returncode, before.stdout.count("not installed")) == (1, 2)
    assert (first.returncode, first.stdout.splitlines()[0]) == (0, f"wrote {entry}")
    assert (second.returncode, second.stdout.splitlines()[0]) == (0, "it is installed already, just so")
    tray, bare = found["services"]
    assert (tray["installed"], tray["on"], tray["complaint"], bare["installed"]) == (True, True, "", False)
    assert found["running"] == 0
    assert (gone.returncode, gone.stdout) == (0, f"removed {entry}\n")
    assert (nothing.returncode, nothing.stdout) == (0, "it was not installed\n")
    assert everything(home) == []


def test_desktops_accept_the_entry(house: House, home: Path) -> None:
    validate = shutil.which("desktop-file-validate")
    if validate is None:
        pytest.fail("desktop-file-validate is missing: install the package desktop-file-utils")
    house.voicego("service", "install")
    entry = home / ".config/autostart/voicego.desktop"

    done = subprocess.run([validate, str(entry)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("odd", ["plain", "a b", "q\"uo'te", "do$HOME", "per%cent", "back\\slash", "tick`x`", "ä ö"])
def test_a_desktop_starts_the_entry_whatever_the_path_is(tmp_path: Path, odd: str) -> None:
    gio = shutil.which("gio")
    if gio is None:
        pytest.fail("gio is missing: install the package libglib2.0-bin")
    program, seen, entry = tmp_path / odd / "voicego", tmp_path / "seen", tmp_path / "voicego.desktop"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" "$VOICEGO_CONFIG" > {seen}.new && mv {seen}.new {seen}\n')
    program.chmod(0o755)
    entry.write_text(xdg.rendered(Program((str(program),), (), places={"VOICEGO_CONFIG": odd})))

    subprocess.run([gio, "launch", str(entry)], check=True)

    until(seen.exists, "the program")
    assert seen.read_text() == f"tray {odd}\n"


def test_dry_run_shows_all_and_does_nothing(house: House, home: Path) -> None:
    shown = house.voicego("service", "install", "--headless", "--dry-run")

    assert shown.returncode == 0
    assert f"would write {home}/.config/systemd/user/voicego.service:\n" in shown.stdout
    assert "RestartPreventExitStatus=78\n" in shown.stdout
    assert "would run: systemctl --user enable voicego.service\n" in shown.stdout
    for verb in ("start", "stop", "restart"):
        assert house.voicego("service", verb, "--dry-run").stdout.startswith("would ")
    assert everything(home) == []


def test_dry_run_of_uninstall_names_what_would_go_and_nothing_where_nothing_is(house: House, home: Path) -> None:
    nothing = house.voicego("service", "uninstall", "--dry-run")
    house.voicego("service", "install")
    before = everything(home)

    something = house.voicego("service", "uninstall", "--dry-run")

    assert (nothing.returncode, nothing.stdout) == (0, "it is not installed; nothing would be removed\n")
    assert something.stdout == f"would remove {home}/.config/autostart/voicego.desktop\n"
    assert everything(home) == before


@pytest.mark.parametrize("without", [False, True])
def test_without_a_manager_a_unit_is_refused_in_a_sentence(house: House, home: Path, without: bool) -> None:  # noqa: FBT001
    done = house.voicego("service", "install", "--headless", PATH=str(home) if without else os.environ["PATH"])

    assert done.returncode == 1
    assert done.stderr.startswith("no systemd user manager answers here; `voicego service install` without --headless")
    assert done.stderr.count("\n") == 1
    assert everything(home) == []


def test_what_points_at_another_voicego_is_told(house: House, home: Path) -> None:
    entry = home / ".config/autostart/voicego.desktop"
    entry.parent.mkdir(parents=True)
    other = home / "other"
    other.write_text("#!/bin/sh\necho voicego 0.0.1\n")
    other.chmod(0o755)
    entry.write_text(f"[Desktop Entry]\nType=Application\nName=voicego\nExec={other} tray\n")

    told = house.voicego("service", "status")
    house.voicego("service", "install")

    assert told.returncode == 1
    assert f"it starts {other} (version 0.0.1), and this is " in told.stdout
    assert "set it right: voicego service install\n" in told.stdout
    assert house.voicego("service", "status").returncode == 0


@pytest.mark.parametrize("verb", ["start", "stop", "restart"])
def test_what_is_not_installed_cannot_be_started(house: House, verb: str) -> None:
    done = house.voicego("service", verb)

    assert (done.returncode, done.stderr) == (1, "nothing is installed; first: voicego service install\n")


def test_stop_ends_the_running_daemon_and_waits_for_it(house: House) -> None:
    house.voicego("service", "install")
    house.begin(state="reconnecting")
    assert house.process is not None
    running = house.voicego("service", "status")

    done = house.voicego("service", "stop")

    assert f"running now: yes, process {house.process.pid}\n" in running.stdout
    assert (done.returncode, done.stdout) == (0, "ended the running voicego\n")
    assert house.ended() == 0
    assert house.voicego("service", "stop").stdout == "voicego was not running\n"


def test_a_start_without_a_desktop_says_how_to_learn_why(house: House) -> None:
    house.voicego("service", "install")

    done = house.voicego("service", "start", DISPLAY="", WAYLAND_DISPLAY="", DBUS_SESSION_BUS_ADDRESS="")

    assert done.returncode == 1
    assert done.stderr.startswith("voicego does not start (")
    assert "; in a terminal this says why: " in done.stderr


def test_start_and_stop_bring_and_take_away_daemon_and_tray(house: House, home: Path) -> None:
    """On a session bus where no panel is yet, as it is at login."""
    bus = shutil.which("dbus-run-session")
    if bus is None:
        pytest.fail("dbus-run-session is missing: install the package dbus")
    voicego = f"{sys.executable} -m voicego"
    script = (
        f"{voicego} service start && until {voicego} status --json; do sleep 0.1; done; echo; {voicego} service stop"
    )
    house.voicego("service", "install")
    locks = [house.folder / "run" / name for name in ("voicego.lock", "tray.lock")]

    done = subprocess.run([bus, "sh", "-c", script], env=house.env, capture_output=True, text=True, check=False)

    assert done.stdout.startswith("started voicego\n"), done.stderr
    assert done.stdout.endswith("ended the running voicego\n"), done.stderr
    assert (house.folder / "log" / "tray.log").exists()
    assert [holder(lock) for lock in locks] == [None, None]
    assert (home / ".config/autostart/voicego.desktop").exists()


def test_a_read_only_home_is_told_and_nothing_is_half_written(house: House, home: Path) -> None:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs the right to make namespaces; not run")
    frozen = f"mount --bind {home} {home} && mount -o remount,ro,bind {home} && exec {sys.executable} -m voicego "
    known = home / ".config"
    known.mkdir()

    def in_a_frozen_home(words: str) -> subprocess.CompletedProcess[str]:
        machine = ["unshare", "--mount", "sh", "-c", frozen + words]
        return subprocess.run(machine, env=house.env, capture_output=True, text=True, check=False)

    written = in_a_frozen_home("service install")
    house.voicego("service", "install")
    removed = in_a_frozen_home("service uninstall")

    entry = known / "autostart/voicego.desktop"
    assert (written.returncode, written.stdout) == (1, "")
    assert written.stderr == f"cannot write {entry}: Read-only file system; nothing was changed\n"
    assert (removed.returncode, removed.stderr) == (1, f"cannot remove {entry}: Read-only file system\n")
    assert everything(known) == ["autostart", "autostart/voicego.desktop"]
