"""The log: for its owner alone, turned over in time, and never in the way."""

from __future__ import annotations

import logging
import os
import re
import stat
import sys
import threading
import warnings
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from voicego.errors import VoicegoError
from voicego.log import LARGEST, OLDER, start_logging, stop_logging, tail

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("voicego.somewhere")


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    root, ours = logging.getLogger(), logging.getLogger("voicego")
    levels = root.level, ours.level
    yield
    stop_logging()
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log" / "voicego.log"


def test_a_line_has_time_level_thread_and_where(file: Path) -> None:
    assert start_logging(file) == file

    log.info("heard %s", "go")

    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO    MainThread voicego\.somewhere: heard go\n", file.read_text()
    )


@pytest.mark.skipif(sys.platform == "win32", reason="modes are Unix's")
def test_it_is_for_its_owner_alone(file: Path) -> None:
    start_logging(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="modes are Unix's")
def test_an_older_file_that_others_could_read_is_closed_to_them(file: Path) -> None:
    file.parent.mkdir(mode=0o700)
    file.write_text("old\n")
    file.chmod(0o644)

    start_logging(file)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == "old\n"


def test_details_are_written_only_on_request(file: Path) -> None:
    start_logging(file)
    log.debug("a detail")
    logging.getLogger("library").info("1 change detected")

    start_logging(file, verbose=True)
    log.debug("another detail")

    assert "a detail" not in file.read_text()
    assert "1 change" not in file.read_text()
    assert "another detail" in file.read_text()


def test_starting_twice_writes_once(file: Path) -> None:
    start_logging(file)
    start_logging(file)

    log.info("once")

    assert file.read_text().count("once") == 1


def test_it_is_turned_over_and_the_oldest_goes(file: Path) -> None:
    start_logging(file)

    for number in range(45):
        log.info("%d %s", number, "x" * 100_000)

    files = sorted(file.parent.iterdir())
    assert [path.name for path in files] == ["voicego.log", "voicego.log.1", "voicego.log.2"]
    assert len(files) == OLDER + 1
    assert all(path.stat().st_size <= LARGEST for path in files)
    assert sys.platform == "win32" or {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_warnings_of_libraries_go_into_it(file: Path) -> None:
    start_logging(file)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)  # catch_warnings put the usual way back
        warnings.warn("this is going away", FutureWarning, stacklevel=1)
        logging.captureWarnings(capture=False)

    assert "this is going away" in file.read_text()


def test_a_thread_that_dies_is_written_down_with_the_reason(file: Path) -> None:
    start_logging(file)

    def die() -> None:
        raise ZeroDivisionError("of a thread")

    thread = threading.Thread(target=die, name="voicego-listener")
    thread.start()
    thread.join()

    assert "CRITICAL" in file.read_text()
    assert "the thread voicego-listener died" in file.read_text()
    assert "ZeroDivisionError: of a thread" in file.read_text()


def test_words_that_no_encoding_can_hold_are_written_escaped(file: Path) -> None:
    start_logging(file)
    [handler] = [one for one in logging.getLogger().handlers if isinstance(one, RotatingFileHandler)]

    # Handed to the file alone: pytest's own report could not hold them either.
    handler.handle(logging.LogRecord("voicego", logging.INFO, __file__, 1, "a keyword: %s", ("\ud800",), None))

    assert "a keyword: \\ud800" in file.read_text()


def test_an_unwritable_folder_is_one_sentence_and_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()

    where = start_logging(tmp_path / "file" / "voicego.log")
    log.info("still running")

    assert where is None
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "cannot write the log" in told


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full is Linux's")
def test_a_full_disk_never_reaches_the_program(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file.parent.mkdir(mode=0o700)
    file.symlink_to("/dev/full")
    before = stat.S_IMODE(os.stat("/dev/full").st_mode)  # noqa: PTH116

    assert start_logging(file) == file
    for number in range(2_000):
        log.info("%d lines that go nowhere", number)
    stop_logging()

    assert capfd.readouterr().err == ""
    assert stat.S_IMODE(os.stat("/dev/full").st_mode) == before  # noqa: PTH116


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full is Linux's")
def test_when_there_is_room_again_the_log_says_that_lines_are_missing(file: Path) -> None:
    start_logging(file)
    [handler] = [handler for handler in logging.getLogger().handlers if handler.name == "voicego file"]
    assert isinstance(handler, logging.FileHandler)
    stream, handler.stream = handler.stream, open("/dev/full", "w", encoding="utf-8")  # noqa: PTH123, SIM115
    log.info("lost")
    log.info("lost as well")
    with suppress(OSError):  # it still holds what it could not write
        handler.stream.close()
    handler.stream = stream
    log.info("room again")

    assert "room again" in file.read_text()
    assert "2 lines before this one met a full or broken disk" in file.read_text()


def test_a_file_that_cannot_be_turned_over_goes_on_growing(file: Path) -> None:
    start_logging(file)
    (file.parent / "voicego.log.1").mkdir()  # as when somebody holds it on Windows
    (file.parent / "voicego.log.2").mkdir()
    (file.parent / "voicego.log.2" / "inside").touch()

    for number in range(12):
        log.info("%d %s", number, "x" * 100_000)

    assert file.stat().st_size > LARGEST
    assert "11 xxx" in file.read_text()


def test_the_terminal_gets_a_short_form(capsys: pytest.CaptureFixture[str]) -> None:
    start_logging(None, to_terminal=True)

    log.info("heard go")
    try:
        raise ValueError("of the model")  # noqa: TRY301
    except ValueError:
        log.exception("the classifier failed")

    first, second = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d heard go", first)
    assert re.fullmatch(r"\d\d:\d\d:\d\d error: the classifier failed \(ValueError: of the model\)", second)


def test_without_a_terminal_standard_error_gets_the_errors_alone(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start_logging(file, errors_told=True)

    log.info("listening")
    log.error("nowhere.wav cannot be read")

    assert re.fullmatch(r"\d\d:\d\d:\d\d error: nowhere.wav cannot be read\n", capsys.readouterr().err)
    assert "listening" in file.read_text()


def test_a_closed_terminal_is_no_failure(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    with open(os.devnull, "w", encoding="utf-8") as gone:  # noqa: PTH123
        monkeypatch.setattr(sys, "stderr", gone)
        start_logging(file, to_terminal=True)

    log.info("nobody reads this but the file")

    assert "nobody reads" in file.read_text()


def test_no_terminal_at_all_is_no_failure(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr(sys, "stderr", None)  # as under pythonw

    start_logging(file, to_terminal=True)
    log.info("in the file")

    assert "in the file" in file.read_text()


class TestTail:
    def test_it_gives_the_last_lines(self, tmp_path: Path) -> None:
        file = tmp_path / "voicego.log"
        file.write_text("".join(f"{number}\n" for number in range(10)))

        assert list(tail(file, 3)) == ["7", "8", "9"]
        assert len(list(tail(file, 100))) == 10
        assert list(tail(file, 0)) == []

    def test_a_file_begun_a_moment_ago_is_filled_up_from_the_older(self, tmp_path: Path) -> None:
        (tmp_path / "voicego.log.1").write_text("1\n2\n3\n")
        (tmp_path / "voicego.log").write_text("4\n")

        assert list(tail(tmp_path / "voicego.log", 3)) == ["2", "3", "4"]

    def test_no_log_is_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(VoicegoError, match="there is no log yet"):
            list(tail(tmp_path / "voicego.log", 3))

    def test_a_folder_in_its_place_is_a_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(VoicegoError, match="cannot read the log"):
            list(tail(tmp_path, 3))

    def test_following_gives_whole_lines_through_a_turn_over(self, tmp_path: Path) -> None:
        file = tmp_path / "voicego.log"
        file.write_text("1\n2\nhal")
        news = iter([["f a line\n"], ["3\n"], ["4\n", "turn over", "5\n"], ["6\n"]])

        def wait() -> None:
            for piece in next(news):  # StopIteration inside a generator: RuntimeError
                if piece == "turn over":
                    file.rename(tmp_path / "voicego.log.1")
                else:
                    with file.open("a") as stream:
                        stream.write(piece)

        found: list[str] = []
        with pytest.raises(RuntimeError):  # noqa: PT012
            for line in tail(file, 2, follow=True, wait=wait):
                found.append(line)  # noqa: PERF402  # `extend` keeps nothing of what raises

        assert found == ["2", "half a line", "3", "4", "5", "6"]
