"""Saving sound, and what stands in the way of it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE
from voicego.hearing.recording import read_clip
from voicego.hearing.saving import check_place, save
from voicego.hearing.soundfiles import SoundFile

SOUND = (0.5 * np.sin(np.arange(SAMPLE_RATE) / 7)).astype(np.float32)


@pytest.mark.parametrize(("suffix", "near"), [(".wav", 1e-4), (".FLAC", 1e-4), (".ogg", 0.1)])
def test_what_is_saved_can_be_read(tmp_path: Path, suffix: str, near: float) -> None:
    path = tmp_path / f"word{suffix}"

    save(path, SOUND)

    heard = read_clip(path)
    assert len(heard) == len(SOUND)
    np.testing.assert_allclose(heard, SOUND, atol=near)
    assert list(tmp_path.iterdir()) == [path]


def test_ten_minutes_of_ogg_are_saved(tmp_path: Path) -> None:
    save(tmp_path / "long.ogg", np.zeros(600 * SAMPLE_RATE, dtype=np.float32))

    with SoundFile(tmp_path / "long.ogg") as file:
        assert sum(len(file.read(SAMPLE_RATE)) for _ in range(601)) == 600 * SAMPLE_RATE


def test_too_loud_is_clipped_not_wrapped(tmp_path: Path) -> None:
    save(tmp_path / "loud.wav", 3 * SOUND)

    np.testing.assert_allclose(read_clip(tmp_path / "loud.wav"), np.clip(3 * SOUND, -1, 1), atol=1e-4)


def test_a_file_that_is_there_is_kept_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "word.wav"
    save(path, SOUND)

    with pytest.raises(VoicegoError, match=r"word\.wav is there already"):
        save(path, SOUND[:100])
    assert len(read_clip(path)) == len(SOUND)

    save(path, SOUND[:100], overwrite=True)
    assert len(read_clip(path)) == 100


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_may_hear_it(tmp_path: Path) -> None:
    save(tmp_path / "word.wav", SOUND)

    assert stat.S_IMODE((tmp_path / "word.wav").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("word.mp3", r"saved as \.wav, \.flac or \.ogg"),
        ("word", r"saved as \.wav, \.flac or \.ogg"),
        ("nowhere/word.wav", "there is no folder .*nowhere"),
        ("folder.wav", "is a folder; name a file in it"),
    ],
)
def test_a_place_that_cannot_be_used_is_named_before_recording(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "folder.wav").mkdir()

    with pytest.raises(VoicegoError, match=sentence):
        check_place(tmp_path / name)


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_folder_without_write_permission_is_named() -> None:
    check = (
        "import os, sys\nfrom pathlib import Path\nfrom voicego.hearing.saving import check_place\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"  # the superuser may write anywhere
        "check_place(Path(sys.argv[1], 'word.wav'))"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)

        done = subprocess.run(
            [sys.executable, "-c", check, folder], capture_output=True, text=True, timeout=60, check=False
        )

    assert f"the folder {folder} cannot be written in; choose another" in done.stderr


def test_a_full_disk_leaves_no_torso(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(VoicegoError, match=r"word\.wav cannot be written: No space left on device"):
        save(tmp_path / "word.wav", SOUND)
    assert list(tmp_path.iterdir()) == []
