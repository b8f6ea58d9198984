"""Real processes that outlive the one that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from itertools import count
from typing import TYPE_CHECKING

import psutil
import pytest

from voicego.acting.desk import Ran
from voicego.acting.runner import SCOPE, Runner
from voicego.flow import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sh scripts")

LONG_S = 3_600.0
"""Whoever waits for it meets pytest's own timeout."""


@pytest.fixture
def door(tmp_path: Path) -> Path:
    """A pipe with a name; whoever reads it waits until something is written."""
    os.mkfifo(tmp_path / "door")
    return tmp_path / "door"


@pytest.fixture
def bin_(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.fixture
def left_behind() -> Iterator[list[int]]:
    """Processes to end when the test is over."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def program(folder: Path, name: str, body: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


def sleeper(door: Path) -> tuple[str, ...]:
    """Says its process id at the door, then lives for a minute."""
    return ("sh", "-c", f"echo $$ > {door}; exec sleep 60")


def read_in_background(door: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(("cat", str(door)), stdout=subprocess.PIPE, text=True)


def runner(folder: Path, environ: dict[str, str] | None = None, alive_s: float = 0.3) -> Runner:
    plain = {name: value for name, value in os.environ.items() if name != "INVOCATION_ID"}
    return Runner(plain | (environ or {}), folder, alive_s=alive_s)


def only_child(runner: Runner) -> psutil.Process:
    """The one process that this runner started; other tests' servers are children of the same process."""
    (child,) = runner._children
    return psutil.Process(child.process.pid)


def assert_lives(pid: int) -> None:
    process = psutil.Process(pid)
    with pytest.raises(psutil.TimeoutExpired):
        process.wait(0.3)
    assert process.status() != psutil.STATUS_ZOMBIE


def test_a_program_that_lives_is_a_success_after_the_time_given(tmp_path: Path) -> None:
    clock = count(step=1.0).__next__
    this = Runner(os.environ, tmp_path, clock=clock, alive_s=3.0)

    ran = this.detach(("sleep", "60"))

    child = only_child(this)
    lived = child.status() != psutil.STATUS_ZOMBIE
    child.kill()
    child.wait()
    this.tend()
    assert ran == Ran(Outcome.OK, "", None, started_at=0.0, seconds=4.0)  # watched at 1, 2 and 3
    assert lived


def test_the_time_given_is_a_second_unless_said_otherwise(tmp_path: Path) -> None:
    assert Runner(os.environ, tmp_path)._alive_s == 1.0


def test_a_program_that_ends_well_is_not_waited_for_longer(tmp_path: Path) -> None:
    ran = runner(tmp_path, alive_s=LONG_S).detach(("true",))

    assert (ran.outcome, ran.exit_code) == (Outcome.OK, 0)


def test_a_program_that_fails_at_once_is_a_failure_with_its_code(tmp_path: Path) -> None:
    ran = runner(tmp_path, alive_s=LONG_S).detach(("sh", "-c", "exit 3"))

    assert (ran.outcome, ran.exit_code, ran.detail) == (Outcome.FAILED, 3, "sh ended with 3")


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_it_outlives_the_end_of_its_parents_whole_group(
    tmp_path: Path, door: Path, left_behind: list[int], ending: signal.Signals
) -> None:
    code = f"""
        import os, signal, time
        from pathlib import Path
        from voicego.acting.runner import Runner
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored
        ran = Runner(os.environ, Path({str(tmp_path)!r}), alive_s=0.1).detach({sleeper(door)!r})
        print(ran.outcome, flush=True)
        time.sleep(60)
    """
    reader = read_in_background(door)
    parent = subprocess.Popen(
        (sys.executable, "-c", textwrap.dedent(code)), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with parent, reader:
        pid = int(reader.communicate()[0])
        left_behind.append(pid)
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ok\n"
        child = psutil.Process(pid)
        was = (child.ppid(), os.getpgid(pid) == pid, os.getsid(pid) == pid)

        os.killpg(parent.pid, ending)
        parent.wait()

        assert was == (parent.pid, True, True)
        assert_lives(pid)
        assert child.ppid() != parent.pid


def test_its_streams_lead_nowhere_and_no_descriptor_is_inherited(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.set_inheritable(theirs, True)
    code = f"""
        import os, sys
        streams = [os.readlink(f"/proc/self/fd/{{n}}") for n in (0, 1, 2)]
        try: os.fstat({theirs}); other = "inherited"
        except OSError: other = "closed"
        open("seen", "w").write(" ".join((*streams, other, os.getcwd())))
    """
    try:
        ran = runner(tmp_path, alive_s=LONG_S).detach((sys.executable, "-c", textwrap.dedent(code)))
    finally:
        os.close(ours)
        os.close(theirs)

    assert ran.outcome is Outcome.OK
    assert (tmp_path / "seen").read_text() == f"/dev/null /dev/null /dev/null closed {tmp_path}"


def test_a_child_that_ends_later_does_not_stay_a_zombie(tmp_path: Path, door: Path) -> None:
    this = runner(tmp_path, alive_s=0.05)
    this.detach(("sh", "-c", f"read word < {door}"))
    child = only_child(this)
    alive_before = this.tend()
    door.write_text("go\n")
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    alive_after = this.tend()

    assert (alive_before, alive_after) == (1, 0)
    assert not psutil.pid_exists(child.pid)


def test_what_was_begun_comes_back_at_once_and_is_ended_when_its_time_is_over(tmp_path: Path) -> None:
    now = [0.0]
    this = Runner(os.environ, tmp_path, clock=lambda: now[0])

    ran = this.begin(("sleep", "60"), 5.0)
    child = only_child(this)
    now[0] = 4.9
    this.tend()
    early = child.status()
    now[0] = 5.0
    this.tend()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert ran.outcome is Outcome.OK
    assert early != psutil.STATUS_ZOMBIE
    assert this.tend() == 0


class TestUnderSystemd:
    """With a stand-in for systemd-run that notes its arguments and becomes the program, as the real one does."""

    @pytest.fixture
    def environ(self, bin_: Path) -> dict[str, str]:
        return {"PATH": f"{bin_}:{os.environ['PATH']}", "INVOCATION_ID": "0123"}

    def test_a_program_gets_a_scope_of_its_own(
        self, tmp_path: Path, bin_: Path, environ: dict[str, str], door: Path, left_behind: list[int]
    ) -> None:
        program(
            bin_, "systemd-run", f'echo "$@" >> {tmp_path}/log; while [ "$1" != -- ]; do shift; done; shift; exec "$@"'
        )
        with read_in_background(door) as reader:
            this = runner(tmp_path, environ)
            ran = this.detach(sleeper(door))
            pid = int(reader.communicate()[0])
        left_behind.append(pid)

        probe, start = (tmp_path / "log").read_text().splitlines()
        assert ran.outcome is Outcome.OK
        assert probe == " ".join((*SCOPE[1:], "true"))
        assert start.startswith(" ".join(SCOPE[1:]))
        assert "INVOCATION_ID" not in psutil.Process(pid).environ()
        assert os.getsid(pid) == pid
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert this.tend() == 0

    def test_the_manager_is_asked_once_when_it_answers(
        self, tmp_path: Path, bin_: Path, environ: dict[str, str]
    ) -> None:
        program(
            bin_, "systemd-run", f'echo . >> {tmp_path}/log; while [ "$1" != -- ]; do shift; done; shift; exec "$@"'
        )
        this = runner(tmp_path, environ, LONG_S)

        outcomes = [this.detach(("true",)).outcome for _ in range(3)]

        assert outcomes == [Outcome.OK] * 3
        assert (tmp_path / "log").read_text() == ".\n" * 4

    def test_without_an_answer_a_program_starts_plainly(
        self, tmp_path: Path, bin_: Path, environ: dict[str, str]
    ) -> None:
        program(bin_, "systemd-run", "echo Failed to connect to bus >&2; exit 1")

        ran = runner(tmp_path, environ, LONG_S).detach(("touch", "mark"))

        assert ran.outcome is Outcome.OK
        assert (tmp_path / "mark").exists()

    def test_a_manager_that_went_away_meanwhile_is_no_failure(
        self, tmp_path: Path, bin_: Path, environ: dict[str, str]
    ) -> None:
        program(bin_, "systemd-run", f"[ -e {tmp_path}/gone ] && exit 1; touch {tmp_path}/gone")

        ran = runner(tmp_path, environ, LONG_S).detach(("touch", "mark"))

        assert ran.outcome is Outcome.OK
        assert (tmp_path / "mark").exists()

    def test_a_program_that_fails_in_its_scope_is_not_started_twice(
        self, tmp_path: Path, bin_: Path, environ: dict[str, str]
    ) -> None:
        program(bin_, "systemd-run", 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"')
        failing = program(tmp_path, "failing", f"echo . >> {tmp_path}/starts; exit 3")

        ran = runner(tmp_path, environ, LONG_S).detach((str(failing),))

        assert (ran.outcome, ran.exit_code, ran.detail) == (Outcome.FAILED, 3, "failing ended with 3")
        assert (tmp_path / "starts").read_text() == ".\n"

    def test_a_missing_program_is_named_and_not_systemd_run(
        self, tmp_path: Path, bin_: Path, environ: dict[str, str]
    ) -> None:
        program(bin_, "systemd-run", "exit 0")

        assert runner(tmp_path, environ).detach(("playrctl",)).detail == 'no program "playrctl" on PATH'

    def test_outside_a_unit_it_is_not_asked(self, tmp_path: Path, bin_: Path, environ: dict[str, str]) -> None:
        program(bin_, "systemd-run", f"touch {tmp_path}/asked")
        del environ["INVOCATION_ID"]

        ran = runner(tmp_path, environ, LONG_S).detach(("true",))

        assert ran.outcome is Outcome.OK
        assert not (tmp_path / "asked").exists()
