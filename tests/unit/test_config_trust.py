"""Rules that others may write are not carried out; what mends that is told, and mends it."""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import stat
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.rules_files import hears
from voicego.config import load
from voicego.config.trust import distrusted
from voicego.config.way import way_to
from voicego.errors import RulesError
from voicego.flow import Open, Rule

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights are lists there")

GO = (Rule("go", (Open("browser"),)),)
ME = os.geteuid()
MINE = pwd.getpwuid(ME)
STRANGER = max(ME, 1) + 4711
ALONE = grp.getgrgid(MINE.pw_gid).gr_name == MINE.pw_name
FOREIGN = next(group for group in grp.getgrall() if group.gr_gid != MINE.pw_gid)


def refused(path: Path) -> str:
    with pytest.raises(RulesError) as caught:
        load(path, hears)
    return str(caught.value)


def mended(told: str) -> None:
    """Do what the sentence says."""
    subprocess.run(shlex.split(told.rsplit(": ", maxsplit=1)[-1]), check=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One that is nobody else's; the temporary one may have any rights."""
    made = tmp_path / "it is mine"
    made.mkdir(0o700)
    return made


@pytest.fixture
def file(folder: Path) -> Path:
    made = folder / "rules.yaml"
    made.write_text("rules: {go: {open: browser}}")
    made.chmod(0o644)
    return made


def having(file: Path, *, mode: int = 0o644, owner: int = ME, group: int = MINE.pw_gid) -> str:
    """What is said of a file that has these rights."""
    return distrusted(file, os.stat_result((stat.S_IFREG | mode, 0, 0, 1, owner, group, 0, 0, 0, 0)))


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o400, 0o755])
def test_a_file_that_only_its_owner_may_write_is_good(file: Path, mode: int) -> None:
    file.chmod(mode)

    assert load(file, hears).rules == GO


@pytest.mark.parametrize("mode", [0o666, 0o646, 0o602])
def test_a_file_that_everyone_may_write_is_refused_until_it_is_mended(file: Path, mode: int) -> None:
    file.chmod(mode)

    told = refused(file)

    assert told.startswith(f"{file}: everyone may write in this file, and so have any command carried out; ")
    mended(told)
    assert load(file, hears).rules == GO


def test_a_group_of_others_may_not_write(file: Path) -> None:
    assert having(file, mode=0o664, group=FOREIGN.gr_gid) == (
        f"the group {FOREIGN.gr_name} may write in this file, and so have any command carried out; "
        f"mend it with: chmod g-w '{file}'"
    )
    assert "chmod go-w" in having(file, mode=0o666, group=FOREIGN.gr_gid)
    assert not having(file, mode=0o640, group=FOREIGN.gr_gid)


def test_a_group_that_nobody_has_a_name_for_may_not_write(file: Path) -> None:
    nameless = max(group.gr_gid for group in grp.getgrall() if group.gr_gid < 2**31) + 1

    assert having(file, mode=0o660, group=nameless).startswith(f"the group {nameless} may write in this file")


@pytest.mark.skipif(not ALONE, reason="this user has no group of the same name")
def test_the_owners_own_group_may_write(file: Path) -> None:
    file.chmod(0o664)

    assert load(file, hears).rules == GO


@pytest.mark.parametrize(("name", "members"), [("users", []), (MINE.pw_name, [MINE.pw_name, "bob"])])
def test_a_group_is_the_owners_own_by_its_name_and_without_others(
    file: Path, monkeypatch: pytest.MonkeyPatch, name: str, members: list[str]
) -> None:
    file.chmod(0o664)
    monkeypatch.setattr(grp, "getgrgid", lambda number: grp.struct_group((name, "x", number, members)))

    assert f"the group {name} may write in this file" in refused(file)


@pytest.mark.skipif(sys.platform != "linux" or not ALONE, reason="needs Linux, and a group of one's own")
def test_a_list_of_rights_that_names_others_is_seen(file: Path) -> None:
    file.chmod(0o664)
    entries = ((1, 6, -1), (2, 6, STRANGER), (4, 6, -1), (16, 6, -1), (32, 4, -1))
    rights = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    try:
        os.setxattr(file, "system.posix_acl_access", rights)
    except OSError as error:
        pytest.skip(f"no lists of rights on this file system: {error}")

    told = refused(file)

    mended(told)
    assert load(file, hears).rules == GO


def test_a_file_of_another_user_is_refused_and_the_superusers_is_not(file: Path) -> None:
    assert having(file, owner=STRANGER) == (
        f"this file belongs to {STRANGER}, who could change what is done in your name; if you know what is in it, "
        f"make it yours: sudo chown {MINE.pw_name} '{file}'"
    )
    assert not having(file, owner=0)


def test_another_owner_needs_another_hand_to_mend_it(file: Path) -> None:
    if ME != 0:
        assert having(file, owner=0, mode=0o646).endswith(f"mend it with: sudo chmod o-w '{file}'")
    assert having(file, mode=0o646).endswith(f"mend it with: chmod o-w '{file}'")


def test_a_folder_in_which_everyone_may_write_is_refused_until_it_is_mended(file: Path) -> None:
    file.parent.chmod(0o757)

    told = refused(file)

    assert f"everyone may write in the folder {file.parent}, and so have any command" in told
    mended(told)
    assert load(file, hears).rules == GO


def test_a_folder_like_tmp_is_no_danger(file: Path) -> None:
    file.parent.chmod(0o1777)

    assert load(file, hears).rules == GO


def test_of_a_link_the_target_counts_and_the_folders_of_both(file: Path, tmp_path: Path) -> None:
    away = tmp_path / "dotfiles"
    away.mkdir(0o700)
    target = file.rename(away / "voicego.yaml")
    file.symlink_to(os.path.relpath(target, file.parent))

    assert load(file, hears).rules == GO
    for place in (target, away, file.parent):
        usual = stat.S_IMODE(place.stat().st_mode)
        place.chmod(usual | stat.S_IWOTH)
        told = refused(file)
        assert f"chmod o-w {shlex.quote(str(place))}" in told
        mended(told)
        assert load(file, hears).rules == GO


def test_the_folder_of_a_link_that_stands_for_a_folder_counts_as_well(file: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir(0o700)
    (outer / "config").symlink_to(file.parent)
    path = outer / "config" / file.name

    assert load(path, hears).rules == GO
    outer.chmod(0o777)
    assert f"in the folder {outer}," in refused(path)


@pytest.mark.skipif(ME != 0, reason="only the superuser gives links away")
def test_a_link_of_another_user_is_refused_until_it_is_mended(file: Path) -> None:
    link = file.with_name("link.yaml")
    link.symlink_to(file)
    os.lchown(link, STRANGER, -1)

    told = refused(link)

    assert f"the link {link} belongs to {STRANGER}" in told
    assert f"sudo chown -h {MINE.pw_name}" in told


def test_the_way_names_each_link_and_the_file_at_last(tmp_path: Path) -> None:
    real = tmp_path.resolve()
    (real / "a").mkdir()
    (real / "b").symlink_to("a")
    (real / "a" / "one").symlink_to("../a/../b/two")
    (real / "a" / "two").symlink_to(real / "three")

    assert [step.place for step in way_to(real / "b" / "one")] == [
        real / "b",
        real / "a" / "one",
        real / "b",
        real / "a" / "two",
        real / "three",
    ]


def test_a_way_in_circles_has_an_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    assert len(way_to(tmp_path / "a")) > 40
