from __future__ import annotations

import os
import platform
import socket
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from typing import TYPE_CHECKING, Any

import pytest

from voicego import __version__
from voicego.app.doctor import places, program
from voicego.app.doctor.check import State
from voicego.control.client import NotRunning
from voicego.errors import VoicegoError
from voicego.lock import holder, single_instance
from voicego.paths import Paths, paths

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LISTENING = {"state": "listening", "reason": "", "pid": 7, "version": __version__}


@pytest.fixture
def home(tmp_path: Path) -> Paths:
    found = paths({f"VOICEGO_{kind}_DIR": str(tmp_path / kind) for kind in ("STATE", "DATA", "LOG", "RUNTIME")})
    found.lock.parent.mkdir(mode=0o700)
    return found


def versions(**there: str) -> Callable[[str], str]:
    def version_of(name: str) -> str:
        if name not in there:
            raise PackageNotFoundError(name)
        return there[name]

    return version_of


def answers(**status: object) -> Callable[[], dict[str, Any]]:
    return lambda: LISTENING | status


def nobody() -> dict[str, Any]:
    raise NotRunning


# --- python and packages ---------------------------------------------------------------------------------------------


def test_the_system_is_named_with_its_desktop() -> None:
    check = program.system({"XDG_CURRENT_DESKTOP": "KDE", "XDG_SESSION_TYPE": "wayland", "HOME": "/home/ada"})

    assert platform.release() in check.found
    assert check.found.endswith("; KDE; wayland")


def test_this_python_is_good_and_named() -> None:
    check = program.python()

    assert check.state is State.OK
    assert f"voicego {__version__} on Python {platform.python_version()}" in check.found


def test_an_old_python_is_a_problem_and_one_of_32_bits_a_warning() -> None:
    assert program.python((3, 10, 1)).state is State.PROBLEM
    assert program.python((3, 12, 1), bits=32).state is State.WARNING


def test_every_package_that_voicego_requires_is_named_with_its_version() -> None:
    check = program.packages()

    assert check.state is State.OK
    assert "numpy 2" in check.found
    assert "pytest" not in check.found, "those of the extras are not required"


def test_a_missing_package_is_a_problem_unless_only_other_models_need_it() -> None:
    required = ["numpy>=2.0", "torch>=2.6", 'onnx>=1.17; extra == "export"', "dbus-fast>=4; sys_platform == 'plan9'"]

    without_torch = program.packages(required, versions(numpy="2.1.0"))
    without_numpy = program.packages(required, versions(torch="2.13.0+cpu"))

    assert (without_torch.state, without_numpy.state) == (State.WARNING, State.PROBLEM)
    assert "torch is missing" in without_torch.found
    assert "other models" in without_torch.advice
    assert "numpy is missing; there are torch 2.13.0+cpu" in without_numpy.found


def test_a_package_that_is_too_old_is_a_problem() -> None:
    check = program.packages(["numpy>=2.10"], versions(numpy="2.9.1"))

    assert check.state is State.PROBLEM
    assert "numpy 2.9.1 is older than 2.10" in check.found


# --- running ---------------------------------------------------------------------------------------------------------


def test_a_voicego_that_listens_or_does_not_run_is_well() -> None:
    assert places.running(answers()).state is State.OK
    assert places.running(nobody).state is State.OK


@pytest.mark.parametrize(
    ("status", "state", "told"),
    [
        ({"state": "failed", "reason": "the model is gone"}, State.PROBLEM, "failed (the model is gone)"),
        ({"state": "reconnecting"}, State.PROBLEM, "reconnecting"),
        ({"config_error": "f:1:1: no"}, State.PROBLEM, "goes by older rules"),
        ({"version": "0.0.1"}, State.WARNING, "version 0.0.1"),
        ({"notices": ["Ada's Phone is muted"]}, State.WARNING, "it says: (name)'s Phone is muted"),
    ],
)
def test_what_is_wrong_with_a_running_voicego_is_told(status: dict[str, Any], state: State, told: str) -> None:
    check = places.running(answers(**status))

    assert check.state is state
    assert told in check.found


def test_a_voicego_that_does_not_answer_is_a_problem_with_advice() -> None:
    def silent() -> dict[str, Any]:
        raise VoicegoError("voicego did not answer within 2 s; `voicego stop` ends it")

    check = places.running(silent)

    assert (check.state, check.advice) == (State.PROBLEM, "`voicego stop` ends it")


# --- lock and socket -------------------------------------------------------------------------------------------------


def test_a_free_lock_and_one_that_a_running_voicego_holds_are_well(home: Paths) -> None:
    assert places.lock(home, nobody, holder).found.startswith("free")
    with single_instance(home.lock):
        assert places.lock(home, answers(), holder).found.startswith("held")


def test_looking_leaves_the_lock_free_and_makes_no_file(home: Paths) -> None:
    places.lock(home, nobody, holder)

    assert list(home.lock.parent.iterdir()) == []
    with single_instance(home.lock):
        pass


def test_a_lock_that_somebody_holds_who_does_not_answer_is_a_problem_with_the_process(home: Paths) -> None:
    with single_instance(home.lock):
        check = places.lock(home, nobody, holder)

    assert check.state is State.PROBLEM
    assert f"process {os.getpid()} holds the lock" in check.found
    assert check.advice == f"end it: kill {os.getpid()}"


def test_a_socket_that_a_killed_voicego_left_does_no_harm(home: Paths) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(home.socket))

    check = places.lock(home, nobody, holder)

    assert check.state is State.OK
    assert "does no harm" in check.found


def test_what_is_in_the_place_of_the_socket_or_open_to_others_is_a_problem(home: Paths, tmp_path: Path) -> None:
    home.socket.write_text("no socket")
    in_the_way = places.lock(home, nobody, holder)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    open_to_all = places.lock(replace(home, lock=tmp_path / "open" / "lock"), nobody, holder)

    assert (in_the_way.state, open_to_all.state) == (State.PROBLEM, State.PROBLEM)
    assert in_the_way.advice == "move it away"
    assert open_to_all.advice == f"chmod 700 '{tmp_path / 'open'}'"


@pytest.mark.skipif(sys.platform == "win32", reason="folders of Windows have no such rights")
def test_a_folder_for_the_state_that_cannot_be_made_is_a_problem(
    home: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda place, _: place != tmp_path)  # the superuser may write anywhere

    check = places.lock(replace(home, last_good=tmp_path / "state" / "voicego" / "last-good.yaml"), nobody, holder)

    assert check.state is State.PROBLEM
    assert check.advice == "mend that, or name another folder in VOICEGO_STATE_DIR"


def test_nobody_is_told_to_take_a_folder_from_everyone(home: Paths, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o1777)

    check = places.lock(replace(home, lock=tmp_path / "tmp" / "lock"), nobody, holder)

    assert (check.state, check.advice) == (State.PROBLEM, "name another folder in VOICEGO_RUNTIME_DIR")


# --- log and disk ----------------------------------------------------------------------------------------------------


def test_a_log_that_can_be_written_is_well_and_nothing_is_left_behind(home: Paths) -> None:
    not_begun = places.log(home.log)
    home.log.parent.mkdir()
    home.log.write_text("a line\n")
    begun = places.log(home.log)

    assert "not begun yet" in not_begun.found
    assert (not_begun.state, begun.state) == (State.OK, State.OK)
    assert [file.name for file in home.log.parent.iterdir()] == ["voicego.log"]
    assert home.log.read_text() == "a line\n"


def test_a_log_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "voicego.log").mkdir()

    under_a_file, a_folder = places.log(tmp_path / "file" / "voicego.log"), places.log(tmp_path / "voicego.log")

    assert (under_a_file.state, a_folder.state) == (State.WARNING, State.WARNING)
    assert "cannot be written" in under_a_file.found


@pytest.mark.parametrize(
    ("free", "state"), [(10_000_000_000, State.OK), (50_000_000, State.WARNING), (1_000_000, State.PROBLEM)]
)
def test_the_fuller_the_disk_the_worse(home: Paths, free: int, state: State) -> None:
    assert places.disk(home, lambda _: free).state is state
