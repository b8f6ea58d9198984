"""A rules file that is saved is noticed, whichever way the editor has of saving."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from queue import Empty, Queue
from typing import TYPE_CHECKING

import pytest

from voicego.app import rules
from voicego.app.watching import Watch, picture
from voicego.errors import VoicegoError
from voicego.flow import Setup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links and rights of POSIX")

WAIT_S = 20.0
OLD, NEW = "rules: {go: {open: browser}}\n", "rules: {go: {open: x}, stop: {pause: true}}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """In a folder, as a person may have it."""
    made = tmp_path / "config" / "voicego.yaml"
    made.parent.mkdir(0o755)
    made.write_text(OLD)
    return made


Watched = Queue[str]


@pytest.fixture
def watched() -> Iterator[Callable[[Path], Watched]]:
    """Begin to watch a file; what it says at each change comes by the queue."""
    watches: list[Watch] = []

    def begin(path: Path) -> Watched:
        changes: Watched = Queue()

        def changed() -> None:
            changes.put(path.read_text() if path.exists() else "nothing")

        watches.append(Watch(path, changed, look_s=0.25))
        watches[-1].start()
        return changes

    yield begin
    for watch in watches:
        watch.stop(WAIT_S)
        assert watch._thread
        assert not watch._thread.is_alive()


def sh(command: str, *arguments: Path | str) -> None:
    subprocess.run(["sh", "-euc", command, "sh", *map(str, arguments)], check=True)


def in_place(file: Path) -> None:
    file.write_text(NEW)


def renamed_over(file: Path) -> None:
    beside = file.with_suffix(".new")
    beside.write_text(NEW)
    beside.replace(file)


def as_vim_does(file: Path) -> None:
    """It moves the old one away, writes a new one and deletes the old one; and there is a swap file."""
    swap, backup = file.with_name(f".{file.name}.swp"), file.with_name(f"{file.name}~")
    swap.write_bytes(b"b0VIM 9.0")
    file.rename(backup)
    with file.open("w") as new:
        new.write(NEW)
        new.flush()
        os.fsync(new.fileno())
    shutil.copymode(backup, file)
    backup.unlink()
    swap.unlink()


def as_sed_does(file: Path) -> None:
    sh('sed -i "s/.*/$2/" "$1"', file, NEW.strip())


def copied_over(file: Path) -> None:
    other = file.with_name("other.yaml")
    other.write_text(NEW)
    sh('cp "$1" "$2"', other, file)


def moved_over(file: Path) -> None:
    other = file.parent.parent / "other.yaml"
    other.write_text(NEW)
    sh('mv -f "$1" "$2"', other, file)


def emptied_then_written(file: Path) -> None:
    with file.open("w") as new:
        for part in (NEW[:10], NEW[10:]):
            new.write(part)
            new.flush()
            os.fsync(new.fileno())


def with_the_old_times(file: Path) -> None:
    """As `cp -p` and `git checkout` of the same second may: same length, same time of writing."""
    found = file.stat()
    file.write_text(OLD.replace("browser", "BROWSER"))
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))


WAYS = [
    in_place,
    renamed_over,
    as_vim_does,
    as_sed_does,
    copied_over,
    moved_over,
    emptied_then_written,
    with_the_old_times,
]


def last_of(changes: Watched, wanted: str) -> str:
    """Wait for a change after which the file says what is wanted."""
    while (found := changes.get(timeout=WAIT_S)) != wanted:
        assert found in {"", "nothing"} or wanted.startswith(found), f"never was written: {found}"
    return found


@pytest.mark.parametrize("save", WAYS, ids=lambda save: save.__name__)
def test_each_way_of_saving_is_noticed(
    save: Callable[[Path], None], file: Path, watched: Callable[..., Watched]
) -> None:
    changes = watched(file)

    save(file)

    wanted = file.read_text()
    assert wanted != OLD
    assert last_of(changes, wanted) == wanted


@pytest.mark.parametrize("save", [in_place, renamed_over], ids=lambda save: save.__name__)
def test_behind_a_link_the_target_is_watched(
    save: Callable[[Path], None], file: Path, tmp_path: Path, watched: Callable[..., Watched]
) -> None:
    link = tmp_path / "home" / "voicego.yaml"
    link.parent.mkdir()
    link.symlink_to(file)
    changes = watched(link)

    save(file)

    assert last_of(changes, NEW) == NEW


def test_a_link_that_leads_elsewhere_is_followed_there_and_watched_there(
    file: Path, tmp_path: Path, watched: Callable[..., Watched]
) -> None:
    other = tmp_path / "other" / "rules.yaml"
    other.parent.mkdir()
    other.write_text(NEW)
    link = tmp_path / "voicego.yaml"
    link.symlink_to(file)
    changes = watched(link)

    sh('ln -sfn "$1" "$2"', other, link)
    first = last_of(changes, NEW)
    renamed_over(other)
    other.write_text(OLD)

    assert first == NEW
    assert last_of(changes, OLD) == OLD


def save_until_noticed(file: Path, changes: Watched) -> None:
    """Save again and again, for nobody says when a folder is being watched."""
    for number in range(100):
        file.write_text(f"{NEW}# {number}")
        try:
            changes.get(timeout=0.2)
        except Empty:
            continue
        return
    raise AssertionError(f"no change of {file} was noticed")


def test_a_link_is_followed_again_and_again(file: Path, tmp_path: Path, watched: Callable[..., Watched]) -> None:
    other = tmp_path / "other" / "rules.yaml"
    other.parent.mkdir()
    other.write_text(NEW)
    link = tmp_path / "voicego.yaml"
    link.symlink_to(file)
    changes = watched(link)

    save_until_noticed(file, changes)
    sh('ln -sfn "$1" "$2"', other, link)
    save_until_noticed(other, changes)
    save_until_noticed(other, changes)


def test_a_link_that_stands_for_the_folder_may_lead_elsewhere(
    file: Path, tmp_path: Path, watched: Callable[..., Watched]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(file.parent, other)
    (other / file.name).write_text(NEW)
    link = tmp_path / "link"
    link.symlink_to(file.parent)
    changes = watched(link / file.name)

    sh('ln -sfn "$1" "$2"', other, link)

    assert last_of(changes, NEW) == NEW


def test_a_folder_that_was_deleted_and_made_again_is_watched_again(file: Path, watched: Callable[..., Watched]) -> None:
    changes = watched(file)

    shutil.rmtree(file.parent)
    gone = changes.get(timeout=WAIT_S)
    file.parent.mkdir()
    file.write_text(NEW)
    again = last_of(changes, NEW)
    renamed_over(file)
    file.write_text(OLD)

    assert (gone, again) == ("nothing", NEW)
    assert last_of(changes, OLD) == OLD


def test_rights_that_are_mended_are_noticed(file: Path, watched: Callable[..., Watched]) -> None:
    changes = watched(file)

    file.chmod(0o600)
    of_the_file = changes.get(timeout=WAIT_S)
    file.parent.chmod(0o700)

    assert of_the_file == changes.get(timeout=WAIT_S) == OLD


def test_what_happens_beside_it_is_none_of_its_changes(file: Path, watched: Callable[..., Watched]) -> None:
    changes = watched(file)

    (file.parent / "notes.txt").write_text("x")
    file.with_name(f".{file.name}.swp").write_text("x")
    (file.parent / "notes.txt").unlink()
    in_place(file)

    assert changes.get(timeout=WAIT_S) == NEW
    assert changes.empty()


def test_what_was_saved_after_the_first_reading_and_before_watching_is_noticed(file: Path) -> None:
    before = picture(file)
    in_place(file)
    noticed = threading.Event()
    watch = Watch(file, noticed.set, before, look_s=0.25)

    watch.start()

    assert noticed.wait(WAIT_S)
    watch.stop(WAIT_S)


@pytest.mark.parametrize("take_away", [lambda file: file.unlink(), lambda file: file.write_text("")])
def test_a_file_that_is_empty_or_gone_is_believed_when_seen_twice(
    file: Path, take_away: Callable[[Path], object]
) -> None:
    changes: list[str] = []
    watch = Watch(file, lambda: changes.append("changed"), picture(file))

    take_away(file)
    watch.look()
    once = list(changes)
    watch.look()
    watch.look()

    assert (once, changes) == ([], ["changed"])


def test_a_file_that_was_empty_for_a_moment_is_one_change(file: Path) -> None:
    changes: list[str] = []
    watch = Watch(file, lambda: changes.append(file.read_text()), picture(file))

    file.write_text("")
    watch.look()
    file.write_text(NEW)
    watch.look()
    watch.look()

    assert changes == [NEW]


def test_a_surprise_is_logged_and_the_next_change_noticed(
    file: Path,
    watched: Callable[..., Watched],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    changes, real = watched(file), Watch.look
    met = threading.Event()

    def surprised(_: Watch) -> None:
        met.set()
        raise RuntimeError("what is this")

    monkeypatch.setattr(Watch, "look", surprised)
    in_place(file)
    assert met.wait(WAIT_S)
    monkeypatch.setattr(Watch, "look", real)

    assert last_of(changes, NEW) == NEW
    assert f"looking at {file} met a surprise" in caplog.text


def test_a_file_that_is_written_in_steps_is_one_change(file: Path, watched: Callable[..., Watched]) -> None:
    changes = watched(file)

    with file.open("w") as steps:
        for part in (NEW[:10], NEW[10:20], NEW[20:]):
            steps.write(part)
            steps.flush()
            time.sleep(0.1)

    assert changes.get(timeout=WAIT_S) == NEW
    assert changes.empty()


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_a_copy_of_good_rules_is_kept_for_its_owner_alone(file: Path, tmp_path: Path) -> None:
    kept = tmp_path / "last-good.yaml"

    rules.keep(file, kept)

    assert kept.read_text() == OLD
    assert kept.stat().st_mode & 0o777 == 0o600
    assert rules.last_good(kept) == rules.read(file)


@pytest.mark.parametrize("spoil", [lambda file: file.write_text("rules: {"), lambda file: file.unlink()])
def test_rules_that_were_spoilt_meanwhile_are_not_kept(
    file: Path, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    kept = tmp_path / "last-good.yaml"
    rules.keep(file, kept)
    spoil(file)

    rules.keep(file, kept)

    assert kept.read_text() == OLD


def test_the_starter_rules_are_written_so_that_they_are_read(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        rules.begin(tmp_path / "a" / "b" / "voicego.yaml")
    finally:
        os.umask(before)

    assert rules.read(tmp_path / "a" / "b" / "voicego.yaml") != Setup()


def test_a_place_where_no_rules_can_be_written_is_told(file: Path) -> None:
    with pytest.raises(VoicegoError, match="cannot write the rules file"):
        rules.begin(file / "voicego.yaml")
