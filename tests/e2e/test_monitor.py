"""The monitor for real: beside a daemon, on a terminal, and standing alone."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import soundfile

from tests.house import House, house_in, until
from tests.spoken import saying, with_pauses
from voicego.flow import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.soundserver import SoundServer

pytestmark = pytest.mark.e2e

COMMAND = [sys.executable, "-m", "voicego", "monitor"]


class Terminal:
    """A monitor on a terminal of 80 by 24; `shown` is all that it ever wrote."""

    def __init__(self, house: House) -> None:
        self.shown = ""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        env = house.env | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        self.process = subprocess.Popen(COMMAND, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def until(self, text: str) -> None:
        until(lambda: text in self.shown, f"{text!r} on the terminal; it showed:\n{self.shown[-4000:]}")

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self._thread.join(10)
        os.close(self._ours)

    def _read(self) -> None:
        try:
            while found := os.read(self._ours, 65_536):
                self.shown += found.decode(errors="replace")
        except OSError:  # how Linux says that the other end was closed
            pass


@contextmanager
def json_lines(house: House) -> Iterator[list[dict[str, Any]]]:
    """A monitor in a pipe; what it tells, as it tells it. It is ended as by Ctrl-C, and must end well."""
    told: list[dict[str, Any]] = []
    with subprocess.Popen(COMMAND, env=house.env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        out = process.stdout
        reader = threading.Thread(target=lambda: told.extend(map(json.loads, out)))
        reader.start()
        try:
            yield told
        finally:
            process.send_signal(signal.SIGINT)
            reader.join(20)
            process.wait(20)
    assert process.returncode == 0


def kinds(told: list[dict[str, Any]]) -> set[str]:
    return {one["event"] for one in told}


def test_beside_a_daemon_it_shows_what_is_heard_judged_and_done(tmp_path: Path, sound_server: SoundServer) -> None:
    with house_in(tmp_path, sound_server.env) as house:
        house.write(f"rules:\n  go: {{{house.mark()}}}\n")
        house.begin()
        terminal = Terminal(house)
        try:
            with json_lines(house) as told:
                terminal.until("listening")
                until(lambda: "level" in kinds(told), "the level")
                sound_server.play_samples(with_pauses(saying("go")))
                terminal.until("ok ")
                until(lambda: "action" in kinds(told), "the action")
            house.voicego("pause")
            terminal.until("by hand")
            house.voicego("resume")
            house.voicego("stop")
            terminal.until("not running")
            house.ended()
            before = len(terminal.shown)
            house.start()
            until(lambda: "listening" in terminal.shown[before:], "the next daemon")
            terminal.process.send_signal(signal.SIGINT)
            code = terminal.process.wait(10)
        finally:
            terminal.end()

    assert kinds(told) >= {"status", "level", "scores", "detection", "action"}
    laid = [one for one in told if one["event"] == "scores" and one["laid"]]
    assert laid[-1]["probabilities"]["go"] >= laid[-1]["thresholds"]["go"]
    assert code == 0
    assert terminal.shown.count("\x1b[?1049h") == terminal.shown.count("\x1b[?1049l") == 1  # given back as it was
    assert "Traceback" not in terminal.shown


def test_alone_it_hears_a_file_to_its_end_and_does_nothing(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write(f"rules:\n  go: {{{house.mark()}}}\n")
    soundfile.write(tmp_path / "go.wav", with_pauses(saying("go")), SAMPLE_RATE)

    done = house.voicego("monitor", "--input", str(tmp_path / "go.wav"))

    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, done.stderr) == (0, "")
    assert kinds(told) == {"status", "level", "scores", "detection"}
    assert [one["keyword"] for one in told if one["event"] == "detection"] == ["go"]
    assert house.marks == []


def test_alone_without_a_microphone_it_is_a_sentence(tmp_path: Path) -> None:
    house = House(tmp_path, environ={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    house.write("rules: {go: {open: browser}}\n")

    done = house.voicego("monitor", "--device", "no such one")

    assert done.returncode == 1
    assert "microphone" in done.stderr
    assert "Traceback" not in done.stderr
