"""`voicego choose` and `wrong`: what they ask of a daemon, and what they tell a person. The daemon is a stand-in."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.controls import Daemon
from voicego.cli import main
from voicego.control.server import Server
from voicego.flow import Absence, Offer, RuleState, Sensitivity

if TYPE_CHECKING:
    from collections.abc import Iterator

GO = RuleState("go", True, True, "open browser", 0.62, Sensitivity.LOWER, Sensitivity.LOWER)
WRONG = {"id": "d7", "keyword": "go", "score": 0.9, "wrong": True, "actions": []}


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    one = Daemon()
    one.now = replace(one.now, rule_states=(GO,), microphones_wanted=("default",), recent=(WRONG,))
    with tempfile.TemporaryDirectory(prefix="voicego-test-", dir="/tmp") as folder:
        monkeypatch.setenv("VOICEGO_RUNTIME_DIR", folder)
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere")
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
        server = Server(Path(folder, "voicego.sock"), one)
        server.start()
        yield one
        server.stop(5)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    return capsys.readouterr().out.splitlines()


def test_each_choice_reaches_the_daemon(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "choose", "microphone", "Yeti")
    told(capsys, "choose", "microphone", "file")
    told(capsys, "choose", "sensitivity", "lower")
    told(capsys, "choose", "rule", "go", "off")

    asked = [one for one in daemon.asked if one != "status"]
    assert asked == ["microphone Yeti", "microphone None", "sensitivity lower None", "rule go False"]


def test_a_words_sensitivity_is_told_with_its_threshold(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "choose", "sensitivity", "lower", "go")[0] == "go: lower, heard from 0.62 on"
    assert "sensitivity lower go" in daemon.asked


def test_an_absence_that_nobody_can_tell_of_is_said(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    off = told(capsys, "choose", "pause-while", "locked", "off")
    daemon.now = replace(daemon.now, pause_while=(Absence.LOCKED,))
    on = told(capsys, "choose", "pause-while", "locked", "on")

    assert off == ["pauses while: neither locked nor in a call"]
    assert on[0] == "pauses while: locked"
    assert "neither logind nor a screen saver answers" in on[1]


def test_the_last_word_is_called_wrong_and_an_offer_says_what_may_be_done(
    daemon: Daemon, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.now = replace(daemon.now, offers=(Offer("go", 3, Sensitivity.LOWER),))

    lines = told(capsys, "wrong")

    assert "wrong d7" in daemon.asked
    assert lines[0] == "noted: go (0.90) was wrong"
    assert lines[1].endswith("voicego choose sensitivity lower go")


def test_what_was_chosen_is_shown_beside_what_the_file_says(daemon: Daemon, capsys: pytest.CaptureFixture[str]) -> None:
    daemon.now = replace(
        daemon.now, choices={"microphone": None, "sensitivity": None, "off": [], "pause_while": {}, "sensitivities": {}}
    )

    shown = "\n".join(told(capsys, "choose", "show"))

    assert "microphone    default (as in the file)" in shown
    assert "go            open browser from 0.62 on (chosen here)" in shown
