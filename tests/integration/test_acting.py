"""The dispatcher with real programs: from a detection to what a rule asks for."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from queue import Queue
from typing import TYPE_CHECKING

import psutil
import pytest

from voicego.acting import chime, dispatcher
from voicego.acting.desk import Desk, System
from voicego.acting.dispatcher import Dispatcher, desk_here
from voicego.acting.runner import Runner
from voicego.flow import Action, ActionRun, Detection, Notify, Open, Outcome, Pause, Rule, Run, Say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sh scripts")

GO = Detection("d1", "go", 0.97, 16_000)
WAIT_S = 20.0


class Ears:
    """Keeps, on the monotonic clock, when nothing was heard."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []

    @contextlib.contextmanager
    def deaf(self) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.spans.append((began, time.monotonic()))


class Stage:
    def __init__(self, folder: Path, **environ: str) -> None:
        (folder / "bin").mkdir()
        self.bin = folder / "bin"
        self.folder = folder
        # Nothing else of this machine: a test that goes astray must not open its owner's browser.
        for tool in ("sh", "sleep", "true"):
            (self.bin / tool).symlink_to(shutil.which(tool) or "/bin/" + tool)
        path = {"PATH": str(self.bin), "XDG_DATA_DIRS": str(folder), "XDG_CONFIG_DIRS": str(folder)}
        self.environ = path | environ
        self.ahead_s = 0.0
        self.runner = Runner(self.environ, folder, alive_s=0.2, clock=lambda: time.monotonic() + self.ahead_s)
        self.reports: Queue[ActionRun] = Queue()
        self.ears = Ears()
        self.dispatcher = Dispatcher(
            report=self.reports.put,
            ears=self.ears,
            pause=lambda _: None,
            desk=Desk(System.LINUX, self.runner, self.environ, folder),
        )

    def program(self, name: str, body: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{body}\n")
        (self.bin / name).chmod(0o755)

    def act(self, *actions: Action) -> list[ActionRun]:
        assert self.dispatcher.offer(GO, Rule("go", actions))
        return [self.reports.get(timeout=WAIT_S) for _ in actions]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    made.dispatcher.start()
    yield made
    made.dispatcher.stop(WAIT_S)


def test_go_opens_the_browser_through_the_platforms_opener(stage: Stage) -> None:
    stage.program("xdg-open", f'echo "$@" > {stage.folder}/opened')

    (done,) = stage.act(Open("browser"))

    assert (done.outcome, done.exit_code) == (Outcome.OK, 0)
    assert (stage.folder / "opened").read_text() == "about:blank\n"


def test_an_opener_that_fails_is_a_failed_action_with_its_reason(stage: Stage) -> None:
    stage.program("xdg-open", "exit 4")

    failed, after = stage.act(Open("https://example.org"), Run(("true",)))

    assert (failed.outcome, failed.exit_code) == (Outcome.FAILED, 4)
    assert failed.detail.startswith("xdg-open: the program for it failed")
    assert after.outcome is Outcome.OK


def test_what_was_opened_lives_on_after_stop(stage: Stage) -> None:
    os.mkfifo(stage.folder / "door")
    stage.program("xdg-open", f"echo $$ > {stage.folder}/door; exec sleep 60")
    assert stage.dispatcher.offer(GO, Rule("go", (Open("browser"),)))
    pid = int((stage.folder / "door").read_text())
    try:
        done = stage.reports.get(timeout=WAIT_S)
        stage.dispatcher.stop(WAIT_S)

        assert done.outcome is Outcome.OK
        with pytest.raises(psutil.TimeoutExpired):
            psutil.Process(pid).wait(0.3)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        stage.runner.tend()


def test_stop_ends_a_stubborn_action(stage: Stage) -> None:
    os.mkfifo(stage.folder / "door")
    stubborn = ("sh", "-c", f'trap "" TERM; echo $$ > {stage.folder}/door; while :; do sleep 60; done')
    assert stage.dispatcher.offer(GO, Rule("go", (Run(stubborn, timeout_s=3_600.0),)))
    pid = int((stage.folder / "door").read_text())

    ended = stage.dispatcher.stop(WAIT_S)

    assert ended
    assert stage.reports.get(timeout=WAIT_S).outcome is Outcome.FAILED
    assert not psutil.pid_exists(pid)


def test_the_start_is_stamped_when_the_program_starts(stage: Stage) -> None:
    tells_the_time = Run((sys.executable, "-c", "import time; print(time.monotonic())"))
    before = time.monotonic()

    first, second = stage.act(tells_the_time, tells_the_time)

    in_order = [before, first.started_at, float(first.detail), first.started_at + first.seconds]
    in_order += [second.started_at, float(second.detail), second.started_at + second.seconds, time.monotonic()]
    assert in_order == sorted(in_order)


def test_while_a_text_is_spoken_nothing_is_heard(stage: Stage) -> None:
    stage.program("spd-say", "exit 1")
    stage.program("espeak-ng", f'shift; echo "$1" > {stage.folder}/spoken; sleep 0.2')

    (done,) = stage.act(Say("It is {time}; $(go)"))

    ((began, ended),) = stage.ears.spans
    assert done.outcome is Outcome.OK
    assert (stage.folder / "spoken").read_text().endswith("; $(go)\n")
    assert began <= done.started_at <= done.started_at + done.seconds <= ended


def test_a_notification_reaches_notify_send_word_for_word(stage: Stage) -> None:
    stage.program("notify-send", f'for word; do echo "<$word>"; done > {stage.folder}/shown')

    (done,) = stage.act(Notify("{keyword}: 'a' & \"b\""))

    assert done.outcome is Outcome.OK
    assert (stage.folder / "shown").read_text().splitlines()[-3:] == ["<-->", "<voicego>", "<go: 'a' &amp; \"b\">"]


def test_a_missing_program_is_a_sentence(stage: Stage) -> None:
    (done,) = stage.act(Run(("playrctl", "pause")))

    assert (done.outcome, done.detail) == (Outcome.FAILED, 'no program "playrctl" on PATH')


def test_a_pause_is_carried_out_while_an_action_is_slow(stage: Stage) -> None:
    os.mkfifo(stage.folder / "door")
    assert stage.dispatcher.offer(GO, Rule("go", (Run(("sh", "-c", f"read word < {stage.folder}/door")),)))

    assert stage.dispatcher.offer(GO, Rule("stop", (Pause(),)))

    first = stage.reports.get(timeout=WAIT_S)
    (stage.folder / "door").write_text("go\n")
    second = stage.reports.get(timeout=WAIT_S)
    assert [first.action, second.action.split()[0]] == ["pause", "run"]


@pytest.mark.parametrize("begun", ["by a rule", "by the chime"])
def test_the_thread_takes_leave_of_children_that_other_threads_started(
    stage: Stage, begun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "TEND_S", 0.05)
    monkeypatch.setattr(chime, "SOUND", stage.bin / "sh")
    os.mkfifo(stage.folder / "door")
    stage.program("xdg-open", f"read word < {stage.folder}/door")
    stage.program("aplay", f"read word < {stage.folder}/door")
    if begun == "by a rule":
        stage.dispatcher.do(Rule("go", (Open("browser"),)))
    else:
        stage.dispatcher.chime()
    (child,) = stage.runner._children
    (stage.folder / "door").write_text("go\n")

    deadline = time.monotonic() + WAIT_S
    while psutil.pid_exists(child.process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_desk_of_this_machine_starts_programs_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    ran = desk_here().processes.run_to_end(("pwd",), WAIT_S)

    assert ran.detail == str(tmp_path)


def test_a_player_that_hangs_is_tended_and_holds_nothing_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(stage.folder / "door")
    stage.program("aplay", f"echo $$ > {stage.folder}/door; exec sleep 60")
    (stage.folder / "chime.wav").touch()
    monkeypatch.setattr(chime, "SOUND", stage.folder / "chime.wav")

    stage.dispatcher.chime()
    pid = int((stage.folder / "door").read_text())
    stage.act(Run(("true",)))
    lived = psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    stage.ahead_s = chime.LONGEST_S + 1.0

    deadline = time.monotonic() + WAIT_S
    while psutil.pid_exists(pid):
        assert time.monotonic() < deadline
        stage.act(Run(("true",)))
    assert lived
