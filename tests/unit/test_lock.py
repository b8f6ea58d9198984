"""The lock: one inside at a time, and told apart by its number."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from voicego.errors import Exit, VoicegoError
from voicego.lock import AlreadyRunning, single_instance

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_one_is_told_who_is_there_and_what_to_do(tmp_path: Path) -> None:
    lock = tmp_path / "voicego.lock"

    with single_instance(lock), pytest.raises(AlreadyRunning) as refusal, single_instance(lock):
        pass

    assert refusal.value.pid == os.getpid()
    assert str(os.getpid()) in str(refusal.value)
    assert "voicego status" in str(refusal.value)
    assert "voicego stop" in str(refusal.value)
    assert refusal.value.exit_code == Exit.FAILED


def test_after_the_first_left_another_comes_in(tmp_path: Path) -> None:
    lock = tmp_path / "voicego.lock"

    with single_instance(lock):
        pass
    with single_instance(lock):
        inside = True

    assert inside


def test_it_is_let_go_when_what_is_inside_fails(tmp_path: Path) -> None:
    lock = tmp_path / "voicego.lock"

    with pytest.raises(ZeroDivisionError), single_instance(lock):
        raise ZeroDivisionError
    with single_instance(lock):
        inside = True

    assert inside


def test_a_number_that_was_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "voicego.lock").touch()
    (tmp_path / "voicego.pid").write_text("1\n")

    with single_instance(tmp_path / "voicego.lock"):
        assert (tmp_path / "voicego.pid").read_text() == f"{os.getpid()}\n"
    assert not (tmp_path / "voicego.pid").exists()


def test_a_holder_without_a_readable_number_is_still_a_holder(tmp_path: Path) -> None:
    lock = tmp_path / "voicego.lock"

    with single_instance(lock):
        (tmp_path / "voicego.pid").write_text("garbage")
        with pytest.raises(AlreadyRunning, match="already running; see") as refusal, single_instance(lock):
            pass

    assert refusal.value.pid is None


def test_a_folder_in_its_place_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(VoicegoError, match="cannot use the lock"), single_instance(tmp_path):
        pass
