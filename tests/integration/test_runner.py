"""Real processes, run to their end."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from voicego.acting.runner import Runner
from voicego.flow import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.acting.desk import Ran

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sh scripts")

FOREVER_S = 60.0
"""A timeout that no test waits for."""


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(os.environ, tmp_path)


def script(folder: Path, name: str, body: str) -> str:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return str(file)


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code, *arguments)


def test_a_program_that_ends_well_gives_its_output(runner: Runner) -> None:
    before = time.monotonic()

    ran = runner.run_to_end(("sh", "-c", "echo played; echo a warning >&2"), FOREVER_S)

    assert (ran.outcome, ran.exit_code, ran.detail) == (Outcome.OK, 0, "played\na warning")
    assert before <= ran.started_at <= ran.started_at + ran.seconds <= time.monotonic()


def test_a_program_that_fails_says_why(runner: Runner) -> None:
    ran = runner.run_to_end(("sh", "-c", "echo no player is open; exit 3"), FOREVER_S)

    assert (ran.outcome, ran.exit_code) == (Outcome.FAILED, 3)
    assert ran.detail == "sh ended with 3: no player is open"


def test_a_program_that_dies_of_a_signal_names_it(runner: Runner) -> None:
    ran = runner.run_to_end(("sh", "-c", "kill -SEGV $$"), FOREVER_S)

    assert (ran.outcome, ran.exit_code, ran.detail) == (Outcome.FAILED, -11, "sh was ended by SIGSEGV")


def test_arguments_pass_untouched(runner: Runner, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    words = (f"$(touch {mark})", f"`touch {mark}`", "a 'b' \"c\"", "two\nlines", "; exit 1", "*", "%PATH%", "", "ü")

    ran = runner.run_to_end(python("import json, sys; print(json.dumps(sys.argv[1:]))", *words), FOREVER_S)

    assert tuple(json.loads(ran.detail)) == words
    assert not mark.exists()


def test_a_shell_runs_only_where_it_was_asked_for(runner: Runner) -> None:
    command = 'echo "$VOICEGO_KEYWORD" | tr a-z A-Z'

    plainly = runner.run_to_end(("echo", command), FOREVER_S)
    ran = runner.run_to_end((command,), FOREVER_S, shell=True, extra={"VOICEGO_KEYWORD": "go"})  # noqa: S604

    assert plainly.detail == command

    assert (ran.outcome, ran.detail) == (Outcome.OK, "GO")


def test_a_hundred_megabytes_of_output_leave_only_their_end(runner: Runner) -> None:
    tracemalloc.start()
    try:
        code = "import sys\nfor _ in range(100): sys.stdout.write('x' * 1_000_000)\nprint('the end')"
        ran = runner.run_to_end(python(code), FOREVER_S)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert ran.outcome is Outcome.OK
    assert ran.detail.endswith("the end")
    assert len(ran.detail) < 4_000
    assert peak < 2_000_000


def test_output_is_fit_for_a_terminal(runner: Runner) -> None:
    ran = runner.run_to_end(("printf", r"\033[31mred\033[0m\007 \033]0;title\007done\000\377"), FOREVER_S)

    assert ran.detail == "red done�"


def test_endless_output_ends_at_the_timeout(runner: Runner) -> None:
    ran = runner.run_to_end(("yes",), 0.2)

    assert (ran.outcome, ran.exit_code) == (Outcome.TIMED_OUT, None)
    assert ran.detail.startswith("yes was ended after 0.2 s: … y")


def test_the_timeout_ends_grandchildren_that_will_not_go(runner: Runner, tmp_path: Path) -> None:
    stubborn = script(tmp_path, "stubborn", f'trap "" TERM; echo $$ > {tmp_path}/pid; while :; do sleep 60; done')
    parent = script(tmp_path, "parent", f"{stubborn} &\nwait")

    ran = runner.run_to_end((parent,), 1.5)

    assert ran.outcome is Outcome.TIMED_OUT
    assert_gone(int((tmp_path / "pid").read_text()))


def test_a_program_may_tidy_up_before_it_ends(runner: Runner, tmp_path: Path) -> None:
    polite = script(tmp_path, "polite", f"trap 'echo tidied > {tmp_path}/mark; exit 0' TERM\nsleep 60 &\nwait")

    ran = runner.run_to_end((polite,), 1.0)

    assert ran.outcome is Outcome.TIMED_OUT
    assert (tmp_path / "mark").read_text() == "tidied\n"


def test_a_silent_program_is_ended_as_well(runner: Runner, tmp_path: Path) -> None:
    ran = runner.run_to_end(("sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 60 >/dev/null 2>&1"), 0.5)

    assert ran.outcome is Outcome.TIMED_OUT
    assert_gone(int((tmp_path / "pid").read_text()))


def test_an_exit_code_is_waited_for_after_the_output_was_closed(runner: Runner) -> None:
    ran = runner.run_to_end(("sh", "-c", "exec >&- 2>&-; sleep 0.3; exit 3"), FOREVER_S)

    assert ran.exit_code == 3


def test_a_grandchild_that_keeps_the_output_holds_nothing_up(runner: Runner) -> None:
    ran = runner.run_to_end(("sh", "-c", "setsid sleep 60 & echo $!"), FOREVER_S)

    child = psutil.Process(int(ran.detail))
    try:
        assert ran.outcome is Outcome.OK
        assert lives(child), "it was waited for"
    finally:
        child.kill()


def test_a_grandchild_that_left_the_group_does_not_hold_up_the_timeout(runner: Runner) -> None:
    ran = runner.run_to_end(("sh", "-c", "setsid sleep 60 & echo $!; wait"), 0.5)

    child = psutil.Process(int(ran.detail.split()[-1]))
    try:
        assert ran.outcome is Outcome.TIMED_OUT
        assert lives(child), "it was waited for"
    finally:
        child.kill()


def test_standard_input_is_closed(runner: Runner) -> None:
    ran = runner.run_to_end(("cat",), FOREVER_S)

    assert (ran.outcome, ran.detail) == (Outcome.OK, "")


@pytest.mark.parametrize(("program", "said"), [(("wc", "-c"), "300000"), (("true",), "")])
def test_a_text_larger_than_a_pipe_reaches_a_program_that_reads_and_no_other(
    runner: Runner, program: tuple[str, ...], said: str
) -> None:
    ran = runner.run_to_end(program, FOREVER_S, stdin=b"x" * 300_000)

    assert (ran.outcome, ran.detail) == (Outcome.OK, said)


def test_the_environment_holds_nothing_of_the_daemons_and_the_folder_is_home(tmp_path: Path) -> None:
    environ = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": "/run/x", "VOICEGO_SECRET": "x", "LANG": "C.UTF-8"}

    ran = Runner(environ, tmp_path).run_to_end(("sh", "-c", "env; pwd"), FOREVER_S)

    assert "LANG=C.UTF-8" in ran.detail
    assert "NOTIFY_SOCKET" not in ran.detail
    assert "VOICEGO_" not in ran.detail
    assert ran.detail.endswith(str(tmp_path))


def test_no_descriptor_is_inherited(runner: Runner) -> None:
    ours, theirs = os.pipe()
    os.set_inheritable(theirs, True)
    try:
        code = "import os, sys\ntry: os.fstat(int(sys.argv[1])); print('inherited')\nexcept OSError: print('closed')"
        ran = runner.run_to_end(python(code, str(theirs)), FOREVER_S)
    finally:
        os.close(ours)
        os.close(theirs)

    assert ran.detail == "closed"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets a child's limits from outside")
def test_core_dumps_are_off_for_the_daemon_and_not_for_what_it_starts(tmp_path: Path) -> None:
    wait = (
        "import time\nfrom resource import RLIMIT_CORE, getrlimit\n"
        "while getrlimit(RLIMIT_CORE)[0] == 0: time.sleep(0.01)\nprint(getrlimit(RLIMIT_CORE))"
    )
    code = (
        "import os, resource, sys; from pathlib import Path\n"
        "from voicego.acting import cores; from voicego.acting.runner import Runner\n"
        "hard = resource.getrlimit(resource.RLIMIT_CORE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (4096, hard))\n"
        "runner = Runner(os.environ, Path(sys.argv[1]), born=cores.forbid())\n"
        "print(resource.getrlimit(resource.RLIMIT_CORE) == (0, hard))\n"
        "ran = runner.run_to_end((sys.executable, '-c', sys.argv[2]), 20.0)\n"
        "print(ran.detail == str((4096, hard)), ran.detail)"
    )

    ran = Runner(os.environ, tmp_path).run_to_end(python(code, str(tmp_path), wait), FOREVER_S)

    assert ran.detail.startswith("True\nTrue "), ran.detail


def test_a_program_has_a_session_of_its_own(runner: Runner) -> None:
    ran = runner.run_to_end(python("import os; print(os.getsid(0), os.getpgid(0), os.getpid())"), FOREVER_S)

    session, group, pid = ran.detail.split()
    assert session == group == pid


def test_halt_ends_what_runs_and_nothing_starts_until_allowed(runner: Runner, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    ends: list[Ran] = []
    hangs = ("sh", "-c", f"echo $$ > {tmp_path}/fifo; exec sleep 60")
    thread = threading.Thread(target=lambda: ends.append(runner.run_to_end(hangs, FOREVER_S)))
    thread.start()
    pid = int((tmp_path / "fifo").read_text())

    runner.halt()
    thread.join(2.0)
    refused = runner.run_to_end(("true",), FOREVER_S)
    runner.allow()

    assert not thread.is_alive()
    assert (ends[0].outcome, ends[0].detail) == (Outcome.FAILED, "sh was ended because voicego stops")
    assert_gone(pid)
    assert (refused.outcome, refused.detail) == (Outcome.FAILED, "voicego is stopping")
    assert runner.run_to_end(("true",), FOREVER_S).outcome is Outcome.OK


@pytest.mark.parametrize("way", ["run", "detach", "begin"])
class TestAProgramThatCannotStartIsASentence:
    @staticmethod
    def start(way: str, runner: Runner, *argv: str) -> str:
        ways: dict[str, Callable[[], Ran]] = {
            "run": lambda: runner.run_to_end(argv, FOREVER_S),
            "detach": lambda: runner.detach(argv),
            "begin": lambda: runner.begin(argv, FOREVER_S),
        }
        ran = ways[way]()
        assert ran.outcome is Outcome.FAILED
        assert ran.exit_code is None
        return ran.detail

    def test_missing(self, way: str, runner: Runner) -> None:
        assert self.start(way, runner, "playrctl", "pause") == 'no program "playrctl" on PATH'

    def test_missing_file(self, way: str, runner: Runner) -> None:
        assert self.start(way, runner, "/nowhere/playrctl") == 'no program "/nowhere/playrctl"'

    def test_no_name(self, way: str, runner: Runner) -> None:
        assert self.start(way, runner, "") == 'no program "" on PATH'

    def test_a_folder(self, way: str, runner: Runner) -> None:
        assert self.start(way, runner, "/usr/bin") == '"/usr/bin" is a folder, not a program'

    def test_not_executable(self, way: str, runner: Runner, tmp_path: Path) -> None:
        (tmp_path / "lights").write_text("#!/bin/sh\n")

        assert self.start(way, runner, "./lights") == (
            f'"./lights" may not be executed; allow it: chmod +x {tmp_path}/lights'
        )

    def test_not_executable_on_the_path(self, way: str, tmp_path: Path) -> None:
        (tmp_path / "lights").write_text("#!/bin/sh\n")
        runner = Runner({"PATH": str(tmp_path)}, tmp_path)

        assert f"chmod +x {tmp_path}/lights" in self.start(way, runner, "lights")

    def test_an_interpreter_that_is_not_there(self, way: str, runner: Runner, tmp_path: Path) -> None:
        Path(script(tmp_path, "lights", "")).write_text("#!/nowhere/sh\n")

        assert "needs an interpreter that is not there" in self.start(way, runner, "./lights")

    def test_no_first_line(self, way: str, runner: Runner, tmp_path: Path) -> None:
        Path(script(tmp_path, "lights", "")).write_text("echo on\n")

        assert "a script needs a first line like #!/bin/sh" in self.start(way, runner, "./lights")

    def test_a_zero_byte(self, way: str, runner: Runner) -> None:
        assert self.start(way, runner, "true", "a\0b").startswith("cannot start ")

    def test_too_many_arguments(self, way: str, runner: Runner) -> None:
        assert self.start(way, runner, "true", "x" * 10_000_000).endswith("Argument list too long")

    def test_a_working_folder_that_is_not_there(self, way: str) -> None:
        assert (
            self.start(way, Runner(os.environ, Path("/nowhere")), "true")
            == 'the working folder "/nowhere" is not there'
        )


def test_a_program_in_the_home_folder_is_found_by_its_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    script(tmp_path, "lights", "echo on")

    assert Runner(os.environ, tmp_path).run_to_end(("~/lights",), FOREVER_S).detail == "on"


def assert_gone(pid: int) -> None:
    """It ended; whether its new parent has taken leave of it already is not voicego's affair."""
    deadline = time.monotonic() + 5.0
    while psutil.pid_exists(pid) and _status(pid) not in (psutil.STATUS_ZOMBIE, ""):
        assert time.monotonic() < deadline, f"process {pid} lives"
        time.sleep(0.01)


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _status(pid: int) -> str:
    try:
        return str(psutil.Process(pid).status())
    except psutil.NoSuchProcess:
        return ""
