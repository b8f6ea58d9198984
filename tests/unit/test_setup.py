"""`tools/setup.sh` in a made-up system: what it installs, what it asks, and what it says where it cannot."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ORDINARY = ("bash", "cat", "chmod", "cksum", "cut", "dirname", "env", "grep", "mkdir", "rm")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a shell script")

PYTHON = """
case "$*" in
  *"sys.version_info"*) exit ${PYTHON_TOO_OLD:-0} ;;
  --version) echo "Python 3.9.2" ;;
  *find_library*) [ -e "$SYSTEM/portaudio" ] ;;
  *ensurepip*) [ -e "$SYSTEM/ensurepip" ] ;;
  *urlopen*) [ -e "$SYSTEM/index" ] ;;
  "-m venv "*)
    mkdir -p .venv/bin; cat "$0" >.venv/bin/python
    chmod +x .venv/bin/python; echo "command = python3 -m venv $(pwd -P)/.venv" >.venv/pyvenv.cfg ;;
  "-m pip --version") ;;
  "-m pip "*) echo "pip ${*:3}" >>"$SYSTEM/done" ;;
esac
"""

APT = """
echo "${SUDO:-}apt-get $*" >>"$SYSTEM/done"
case "$*" in *libportaudio2*) : >"$SYSTEM/portaudio" ;; esac
"""


class System:
    """A Debian without PortAudio, as far as the script can see."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs = folder / "programs"
        self._clone = folder / "clone"
        (self._clone / "tools").mkdir(parents=True)
        self._programs.mkdir()
        for file in ("tools/setup.sh", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / file, self._clone / file)
        for name in ORDINARY:
            (self._programs / name).symlink_to(str(shutil.which(name)))
        self.has("ensurepip")
        self.program("python3", PYTHON)
        self.program("apt-get", APT)
        self.program("uname", "echo Linux")
        self.program("parec", "")
        self.program("id", "echo 1000")

    def program(self, name: str, script: str) -> None:
        path = self._programs / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)

    def lacks(self, name: str) -> None:
        (self._programs / name).unlink()

    def has(self, thing: str) -> None:
        (self._folder / thing).touch()

    def move(self) -> None:
        self._clone = self._clone.rename(self._folder / "elsewhere")

    @property
    def clone(self) -> Path:
        return self._clone

    def set_up(self, purpose: str = "run", **environ: str) -> tuple[int, str]:
        """Returns the exit code and what it said."""
        done = subprocess.run(
            [self._clone / "tools" / "setup.sh", purpose],
            env={"PATH": str(self._programs), "SYSTEM": str(self._folder), "TORCH_INDEX": "none"} | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode, done.stderr

    def done(self) -> list[str]:
        """What was installed since the last time."""
        diary = self._folder / "done"
        lines = diary.read_text().splitlines() if diary.exists() else []
        diary.write_text("")
        return lines


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_the_superuser_gets_what_is_missing_and_is_told(system: System) -> None:
    system.program("id", "echo 0")

    code, said = system.set_up()

    installed, torch, package = system.done()
    assert code == 0
    assert "missing on this system: libportaudio2 (hearing the microphone)" in said
    assert installed == "apt-get install -y --no-install-recommends libportaudio2 -qq"
    assert torch.endswith("-c constraints.txt torch==2.13.0")
    assert package.endswith("-c constraints.txt -e .")


def test_the_sound_servers_recorder_is_wanted_too(system: System) -> None:
    system.has("portaudio")
    system.lacks("parec")

    code, said = system.set_up()

    assert code == 0
    assert "missing on this system: pulseaudio-utils (hearing what a sound server has)" in said


def test_old_package_lists_are_fetched_and_the_installation_tried_again(system: System) -> None:
    system.program("id", "echo 0")
    system.program(
        "apt-get", APT + 'case "$1" in update) : >"$SYSTEM/fresh" ;; install) [ -e "$SYSTEM/fresh" ] ;; esac'
    )

    assert system.set_up()[0] == 0

    assert [line.split()[1] for line in system.done()[:3]] == ["install", "update", "install"]


def test_nothing_is_installed_where_nobody_can_be_asked(system: System) -> None:
    system.program("sudo", 'SUDO="sudo " exec "$@"')
    system.lacks("parec")

    code, said = system.set_up()

    assert code == 0
    assert "run yourself: sudo apt-get install -y --no-install-recommends libportaudio2 pulseaudio-utils" in said
    assert "with neither PortAudio nor parec voicego hears files only" in said
    assert all(line.startswith("pip ") for line in system.done())


def test_the_sound_servers_recorder_hears_without_portaudio(system: System) -> None:
    code, said = system.set_up()

    assert code == 0
    assert "run yourself: sudo" in said
    assert "hears files only" not in said


def test_the_tests_do_not_go_on_without_what_they_need(system: System) -> None:
    code, said = system.set_up("test")

    assert code == 1
    assert "sudo apt-get install -y --no-install-recommends libportaudio2 pulseaudio" in said
    assert "the tests cannot do without" in said
    assert system.done() == []


def test_other_systems_have_other_names(system: System) -> None:
    system.lacks("apt-get")
    system.program("pacman", APT)

    assert "run yourself: sudo pacman -S --needed --noconfirm portaudio\n" in system.set_up()[1]


def test_a_system_of_no_known_kind_gets_the_names(system: System) -> None:
    system.lacks("apt-get")

    assert "install these with your system's package manager, by these or similar names: libporta" in system.set_up()[1]


def test_the_second_call_does_nothing_until_what_it_rests_on_changes(system: System) -> None:
    system.has("portaudio")
    assert system.set_up()[0] == 0
    assert len(system.done()) == 2

    assert system.set_up() == (0, "")
    assert system.done() == []

    with (system.clone / "constraints.txt").open("a") as constraints:
        constraints.write("# a change\n")
    assert system.set_up()[0] == 0
    assert len(system.done()) == 2


def test_a_set_up_for_tests_serves_a_run_too(system: System) -> None:
    system.program("id", "echo 0")
    system.set_up("test")
    assert any(line.endswith("-e .[test,train,export]") for line in system.done())
    system.has("portaudio")

    assert system.set_up("run") == (0, "")


def test_a_clone_that_was_moved_gets_a_new_environment(system: System) -> None:
    system.has("portaudio")
    system.set_up()
    system.done()
    system.move()

    _, said = system.set_up()

    assert "making the virtual environment" in said
    assert len(system.done()) == 2


def test_an_old_python_is_named(system: System) -> None:
    system.has("portaudio")

    code, said = system.set_up(PYTHON_TOO_OLD="1")

    assert code == 1
    assert said.endswith("Python 3.9.2 is too old; Python 3.11 or newer is needed: make run PYTHON=python3.12\n")


def test_a_missing_python_is_a_sentence(system: System) -> None:
    system.lacks("python3")

    code, said = system.set_up()

    assert code == 1
    assert "there is no python3; install Python 3.11 or newer" in said


@pytest.mark.parametrize(
    ("setting", "reachable", "index"),
    [
        ("auto", True, "--extra-index-url https://download.pytorch.org/whl/cpu"),
        ("auto", False, ""),
        ("none", True, ""),
        ("https://mirror/cpu", False, "--extra-index-url https://mirror/cpu"),
    ],
)
def test_torch_comes_from_the_index_that_is_asked_for(
    system: System, setting: str, *, reachable: bool, index: str
) -> None:
    system.has("portaudio")
    if reachable:
        system.has("index")

    _, said = system.set_up(TORCH_INDEX=setting)

    torch = system.done()[0]
    assert (
        torch.split("install -q --disable-pip-version-check ")[1] == f"{index} -c constraints.txt torch==2.13.0".strip()
    )
    assert ("gigabytes of CUDA" in said) == (setting == "auto" and not reachable)
