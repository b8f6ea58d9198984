"""Paths: the platform's places, each movable, none of them made by asking."""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
from pathlib import Path

import pytest

from voicego.errors import VoicegoError
from voicego.paths import LONGEST_SOCKET, Paths, make_folders, make_private, paths

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are Unix's")

HOMES = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in HOMES:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def moved(folder: Path) -> dict[str, str]:
    return {
        "VOICEGO_CONFIG": str(folder / "mine.yaml"),
        "VOICEGO_STATE_DIR": str(folder / "state"),
        "VOICEGO_DATA_DIR": str(folder / "data"),
        "VOICEGO_LOG_DIR": str(folder / "log"),
        "VOICEGO_RUNTIME_DIR": str(folder / "run"),
    }


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_every_place_lies_in_the_home_of_its_owner(home: Path) -> None:
    places = paths({})

    assert places.rules.name == "voicego.yaml"
    assert places.rules.is_relative_to(home)
    assert places.last_good.is_relative_to(home)
    assert places.log.is_relative_to(home)


def test_variables_move_every_place(tmp_path: Path) -> None:
    places = paths(moved(tmp_path))

    assert places == Paths(
        rules=tmp_path / "mine.yaml",
        last_good=tmp_path / "state" / "last-good.yaml",
        choices=tmp_path / "state" / "choices.json",
        wrong=tmp_path / "state" / "wrong.tsv",
        exports=tmp_path / "data" / "exports",
        log=tmp_path / "log" / "voicego.log",
        tray_log=tmp_path / "log" / "tray.log",
        lock=tmp_path / "run" / "voicego.lock",
        socket=places.socket,
    )
    assert places.socket.name == "voicego.sock"


def test_an_empty_variable_counts_as_unset(home: Path) -> None:
    assert paths(dict.fromkeys(moved(home), " ")) == paths({})


def test_a_tilde_and_a_relative_path_are_understood(home: Path) -> None:
    assert paths({"VOICEGO_CONFIG": "~/go.yaml"}).rules == home / "go.yaml"
    assert paths({"VOICEGO_CONFIG": "go.yaml"}).rules == Path.cwd() / "go.yaml"


def test_asking_makes_nothing(home: Path) -> None:
    paths({})
    paths(moved(home))

    assert list(home.iterdir()) == []


def test_a_private_runtime_folder_of_the_session_is_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = home / "session"
    session.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))

    if sys.platform == "linux":
        assert paths({}).lock == session / "voicego" / "voicego.lock"


def test_a_runtime_folder_open_to_others_is_passed_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = home / "session"
    session.mkdir()
    session.chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(session))

    assert not paths({}).lock.is_relative_to(session)


@pytest.mark.skipif(Path(f"/run/user/{os.geteuid()}").exists(), reason="the system gives this user a runtime folder")
def test_without_a_runtime_folder_there_is_one_in_the_state_whatever_others_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    before = paths({})
    (home / f"runtime-{os.geteuid()}").mkdir(mode=0o700)  # platformdirs' own choice, which any program may make

    assert before.lock == before.last_good.parent / "run" / "voicego.lock"
    assert paths({}) == before


def test_a_path_too_long_for_a_socket_is_shortened_the_same_way_each_time(tmp_path: Path) -> None:
    deep = {"VOICEGO_RUNTIME_DIR": str(tmp_path / ("x" * LONGEST_SOCKET))}
    deeper = {"VOICEGO_RUNTIME_DIR": str(tmp_path / ("y" * LONGEST_SOCKET))}

    assert len(os.fsencode(paths(deep).socket)) <= LONGEST_SOCKET
    assert paths(deep).socket == paths(deep).socket
    assert paths(deep).socket != paths(deeper).socket
    assert paths(deep).lock.is_relative_to(tmp_path)


def test_a_path_of_many_bytes_but_few_letters_is_too_long_as_well() -> None:
    runtime = Path("/run", "ü" * (LONGEST_SOCKET - 20))

    places = paths({"VOICEGO_RUNTIME_DIR": str(runtime)})

    assert len(str(runtime / "voicego.sock")) < LONGEST_SOCKET
    assert not places.socket.is_relative_to(runtime)


def test_folders_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    places = paths(moved(tmp_path))

    make_folders(places)

    assert mode(places.last_good.parent) == 0o700
    assert mode(places.lock.parent) == 0o700
    assert places.socket.parent.is_dir()
    make_folders(places)  # a second time changes nothing


def test_a_folder_in_which_others_write_is_refused_with_what_mends_it(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o770)

    with pytest.raises(VoicegoError, match=re.escape(f"chmod 700 '{folder}'")):
        make_private(folder)
    assert mode(folder) == 0o770


def test_a_folder_that_is_everybodys_on_purpose_is_refused_and_not_taken_from_them(tmp_path: Path) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    folder.chmod(0o1777)

    with pytest.raises(VoicegoError, match="name another one") as refused:
        make_private(folder)
    assert "chmod" not in str(refused.value)


def test_a_folder_that_others_may_only_read_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "readable"
    folder.mkdir()
    folder.chmod(0o755)

    make_private(folder)

    assert mode(folder) == 0o755


def test_a_file_in_the_place_of_a_folder_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(VoicegoError, match="cannot make the folder"):
        make_private(tmp_path / "file")
    with pytest.raises(VoicegoError, match="cannot make the folder"):
        make_private(tmp_path / "file" / "inside")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only the superuser can give a folder away")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65_534, 65_534)

    with pytest.raises(VoicegoError, match="belongs to another user"):
        make_private(folder)
