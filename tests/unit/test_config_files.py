"""The rules file on the disk: there, readable, text, and not too large."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.rules_files import hears
from voicego.config import LARGEST, load
from voicego.errors import RulesError
from voicego.flow import Open, Rule

if TYPE_CHECKING:
    from pathlib import Path

GO = (Rule("go", (Open("browser"),)),)


def refused(path: Path) -> str:
    with pytest.raises(RulesError) as caught:
        load(path, hears)
    return str(caught.value).removeprefix(f"{path}:").strip()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rules.yaml"


def test_a_missing_file_names_the_verb_that_writes_one(file: Path) -> None:
    assert refused(file) == "there is no such file; `voicego init` writes one to begin with"


def test_a_folder_and_a_pipe_are_no_rules(file: Path) -> None:
    os.mkfifo(file)

    assert refused(file.parent) == "this is a folder; name the file in it"
    assert refused(file) == "this is no file but a pipe or a device"


def test_a_file_that_the_system_will_not_read_says_why(file: Path) -> None:
    file.symlink_to(file)

    assert refused(file) == "cannot be read: Too many levels of symbolic links"
    file.unlink()
    file.write_text("rules: {}")
    assert refused(file / "rules.yaml") == "cannot be read: Not a directory"


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_without_the_right_to_read_it_says_so(file: Path) -> None:
    file.write_text("rules: {}")
    file.chmod(0)

    assert refused(file) == "cannot be read: Permission denied"


@pytest.mark.parametrize("size", [LARGEST + 1, 10_000_000, 1 << 40], ids=["a byte too much", "10 MB", "1 TB"])
def test_a_large_file_is_refused_without_reading_all_of_it(file: Path, size: int) -> None:
    file.touch()
    os.truncate(file, size)  # holes: a terabyte that no memory holds

    assert refused(file) == "larger than 1 MB; this is no rules file"


def test_the_largest_file_is_read(file: Path) -> None:
    text = b"rules: {go: {open: browser}}\n"
    file.write_bytes(text + b"#" * (LARGEST - len(text)))

    assert load(file, hears).rules == GO


def test_an_empty_file_says_what_is_wanted(file: Path) -> None:
    file.touch()

    assert refused(file).startswith("1:1: the file is empty; `rules:` with a rule under it is wanted")


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"rules: {}\n# caf\xe9\n", "2:6"),
        ("rules: {}\n# éé".encode() + b"\xff", "2:5"),
        (b"\xef\xbb\xbfrules: {}\n#\xff", "2:2"),
        ("rules: {}".encode("utf-16"), "1:1"),
        (b"\x89PNG\r\n\x1a\n", "1:1"),
    ],
    ids=["latin 1", "behind other letters", "behind a byte order mark", "UTF-16", "a picture"],
)
def test_what_is_not_utf_8_is_told_at_its_place(file: Path, raw: bytes, place: str) -> None:
    file.write_bytes(raw)

    assert refused(file) == f"{place}: this is no text in UTF-8; save it as UTF-8"


def test_zero_bytes_and_programs_are_no_text(file: Path) -> None:
    file.write_bytes(b"\x7fELF\0\0")

    assert refused(file) == "1:1: a character that cannot be printed; delete it"
    file.write_bytes(b"rules: {}\n\0\0")
    assert refused(file) == "2:1: this is no text, it holds zero bytes"


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfrules:\r\n  go: {open: browser}\r\n")

    assert load(file, hears).rules == GO
    file.write_bytes(b"\xef\xbb\xbfrules:\r\n  go: {opne: browser}\r\n")
    assert refused(file).startswith('2:8: no key of a rule is called "opne"')
    file.write_bytes(b"\xef\xbb\xbfthreads: 0")
    assert refused(file).startswith('1:10: "threads" is 0')


def test_mistakes_carry_the_whole_path(file: Path) -> None:
    file.write_text("threads: 0")

    with pytest.raises(RulesError) as caught:
        load(file, hears)

    assert caught.value.problems[0].where == f"{file}:1:10"
