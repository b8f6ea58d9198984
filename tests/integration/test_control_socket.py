"""The control socket for real: second processes, killed daemons, strangers, crowds, and clients without manners."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.controls import Daemon
from voicego.control import desk
from voicego.control.client import NotRunning, ask, events
from voicego.control.server import Server
from voicego.control.wire import Refused
from voicego.errors import Exit, VoicegoError
from voicego.lock import AlreadyRunning, single_instance

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform == "win32":
    pytest.skip("Unix sockets", allow_module_level=True)

ROOT = Path(__file__).parents[2]
FOREVER_S = 3_600.0
"""Whoever waits for it meets pytest's own timeout."""
only_superuser = pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can be somebody else")


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="voicego-test-", dir="/tmp") as folder:  # short enough for macOS
        yield Path(folder, "voicego.sock")


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


@pytest.fixture
def server(path: Path, daemon: Daemon) -> Iterator[Server]:
    with running(path, daemon) as server:
        yield server


@pytest.fixture
def impatient(path: Path, daemon: Daemon) -> Iterator[Server]:
    """One that soon has enough of a client."""
    with running(path, daemon, request_s=0.3) as server:
        yield server


@contextmanager
def running(path: Path, daemon: Daemon, request_s: float = 5.0) -> Iterator[Server]:
    server = Server(path, daemon, request_s=request_s)
    server.start()
    try:
        yield server
    finally:
        daemon.let_go.set()
        server.stop(5)
        until(lambda: not threads(), f"the end of {threads()}")


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("voicego-")]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@contextmanager
def dialled(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(5)
        channel.connect(str(path))
        yield channel


def everything(channel: socket.socket) -> bytes:
    found = b""
    while piece := channel.recv(65_536):
        found += piece
    return found


def say(path: Path, data: bytes) -> dict[str, Any]:
    """Send bytes as they are; returns the reply."""
    with dialled(path) as channel:
        channel.sendall(data)
        reply: dict[str, Any] = json.loads(everything(channel))
        return reply


def until(condition: Any, what: str) -> None:  # noqa: ANN401
    give_up = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < give_up, what
        time.sleep(0.01)


@contextmanager
def process(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run a script in a second process, and wait for the first line that it prints."""
    started = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert started.stdout
        assert started.stdout.readline() == "ready\n"
        yield started
    finally:
        started.kill()
        started.communicate()


DAEMON = """
import sys, time
from pathlib import Path
from tests.controls import Daemon
from voicego.control.server import Server
from voicego.lock import single_instance

path = Path(sys.argv[1])
with single_instance(path.with_suffix(".lock")):
    server = Server(path, Daemon())
    server.start()
    print("ready", flush=True)
    time.sleep(60)
"""


class TestAsking:
    def test_what_is_asked_is_done_and_answered(self, server: Server, path: Path, daemon: Daemon) -> None:
        assert server.alive
        assert ask(path, "status")["status"]["rules"] == ["go"]
        assert ask(path, "pause", for_s=60)["status"]["state"] == "paused"
        assert ask(path, "resume")["status"]["state"] == "listening"
        assert ask(path, "do", keyword="go")["runs"][0]["action"] == "open browser"
        assert ask(path, "stop")["status"]["state"] == "stopped"
        assert daemon.asked == ["status", "pause 60.0", "resume", "do go", "stop"]

    def test_errors_keep_their_text_and_exit_code(self, server: Server, path: Path, daemon: Daemon) -> None:
        daemon.rules_are_broken = True

        with pytest.raises(Refused, match=r"voicego.yaml:4:1: no action") as refusal:
            ask(path, "reload")
        assert refusal.value.exit_code == Exit.BROKEN_RULES
        with pytest.raises(Refused, match="no rule for") as refusal:
            ask(path, "do", keyword="goo")
        assert refusal.value.exit_code == Exit.FAILED
        assert server.alive

    @pytest.mark.usefixtures("server")
    def test_a_surprise_is_a_sentence_and_the_next_is_answered(self, path: Path, daemon: Daemon) -> None:
        daemon.surprise = ZeroDivisionError()
        with pytest.raises(Refused, match="unexpected") as refusal:
            ask(path, "status")
        daemon.surprise = None

        assert refusal.value.exit_code == Exit.SURPRISE
        assert ask(path, "status")["ok"]

    def test_without_a_daemon_it_says_how_to_start_one(self, path: Path) -> None:
        with pytest.raises(NotRunning, match="start it with `voicego run`"):
            ask(path, "status")
        with pytest.raises(NotRunning):
            next(events(path))
        with pytest.raises(NotRunning):
            ask(path.parent / "no" / "folder", "status")
        path.touch()
        with pytest.raises(NotRunning):
            ask(path, "status")

    def test_it_is_light_to_import(self) -> None:
        script = (
            "import sys, voicego.control.client, voicego.control.unix; "
            "print({'asyncio', 'numpy', 'logging', 'torch', 'voicego.flow'} & sys.modules.keys())"
        )

        found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

        assert found.stdout == "set()\n"

    def test_a_program_that_says_nothing_is_given_up(self, path: Path) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as mute:
            mute.bind(str(path))
            mute.listen()

            with pytest.raises(VoicegoError, match=r"did not answer within 0\.1 s"):
                ask(path, "status", timeout_s=0.1)

    def test_a_program_that_accepts_nobody_is_given_up(self, path: Path) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as full:
            full.bind(str(path))
            full.listen(0)

            with dialled(path), pytest.raises(VoicegoError, match="did not answer"):
                ask(path, "status", timeout_s=0.1)

    @pytest.mark.parametrize(
        ("answer", "sentence"),
        [
            (b"", "ended before it answered"),
            (b'{"ok": tr', "ended before it answered"),
            (b"HTTP/1.1 200 OK\r\n", "no line of JSON"),
            (b"[]\n", "no object"),
            (b'{"ok": false}\n', "said no reason"),
        ],
    )
    def test_a_program_that_answers_nonsense_is_a_sentence(self, path: Path, answer: bytes, sentence: str) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            other.bind(str(path))
            other.listen()

            def nonsense() -> None:
                channel, _ = other.accept()
                with channel:
                    channel.recv(1000)
                    channel.sendall(answer)

            thread = threading.Thread(target=nonsense)
            thread.start()
            with pytest.raises(VoicegoError, match=sentence):
                ask(path, "status")
            thread.join()


class TestManners:
    """Clients without any: each costs itself, and nobody else."""

    @pytest.mark.usefixtures("impatient")
    def test_a_silent_client_is_sent_away_and_holds_up_nobody(self, path: Path) -> None:
        with dialled(path) as silent:
            assert ask(path, "status")["ok"]

            assert b"nothing was asked within 0.3 s" in everything(silent)

    @pytest.mark.usefixtures("impatient")
    def test_a_client_that_never_ends_its_line_is_sent_away(self, path: Path) -> None:
        with dialled(path) as slow:
            slow.sendall(b'{"verb":')

            assert b"nothing was asked" in everything(slow)

    @pytest.mark.usefixtures("server")
    def test_a_last_line_without_its_end_is_understood(self, path: Path) -> None:
        with dialled(path) as channel:
            channel.sendall(b'{"verb": "status"}')
            channel.shutdown(socket.SHUT_WR)

            assert json.loads(everything(channel))["ok"]

    @pytest.mark.usefixtures("server")
    @pytest.mark.parametrize(
        "garbage",
        [
            b"\n",
            b"\0\n",
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            os.urandom(500).replace(b"\n", b"") + b"\n",
            b"[" * 60_000 + b"\n",
        ],
        ids=["empty", "zero", "http", "random", "brackets"],
    )
    def test_garbage_is_answered_with_a_sentence(self, path: Path, garbage: bytes) -> None:
        reply = say(path, garbage)

        assert reply["ok"] is False
        assert "JSON" in reply["error"]
        assert ask(path, "status")["ok"]

    @pytest.mark.usefixtures("server")
    def test_a_line_too_long_is_refused_without_being_read_to_its_end(self, path: Path) -> None:
        with pytest.raises(Refused, match="too long"):
            ask(path, "do", keyword="x" * 5_000_000)
        assert ask(path, "status")["ok"]

    def test_who_does_not_read_its_answer_is_let_go(self, impatient: Server, path: Path, daemon: Daemon) -> None:
        daemon.now.counters.update({f"counter {number}": number for number in range(100_000)})
        with dialled(path) as channel:
            channel.sendall(b'{"verb": "status"}\n')
            until(lambda: daemon.asked == ["status"], "it was asked")
            before = open_files()
            until(lambda: open_files() < before, "its other end was closed")

            whole = True
            try:
                whole = everything(channel).endswith(b"\n")
            except ConnectionResetError:
                whole = False
        assert not whole
        assert impatient.alive

    @pytest.mark.usefixtures("server")
    def test_who_hangs_up_early_leaves_nothing_behind(self, path: Path) -> None:
        assert ask(path, "status")["ok"]
        before = open_files()

        for data in (b"", b"{", b'{"verb": "status"}\n', b'{"verb": "subscribe"}\n') * 10:
            with dialled(path) as channel:
                channel.sendall(data)

        until(lambda: open_files() <= before, "all were closed")
        assert ask(path, "status")["ok"]

    @pytest.mark.usefixtures("server")
    def test_two_hundred_at_once_are_all_answered(self, path: Path, daemon: Daemon) -> None:
        start = threading.Barrier(200)

        def one(_: int) -> bool:
            start.wait()
            return bool(ask(path, "status", timeout_s=20)["ok"])

        with ThreadPoolExecutor(200) as crowd:
            assert all(crowd.map(one, range(200)))
        assert daemon.asked.count("status") == 200

    @pytest.mark.usefixtures("impatient")
    def test_more_than_can_be_attended_to_are_told_so(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(desk, "MOST_CLIENTS", 3)
        crowd = [dialled(path) for _ in range(3)]
        for silent in crowd:
            silent.__enter__()

        with pytest.raises(Refused, match="attends to 3 others"):
            ask(path, "status")
        until(lambda: _is_answered(path), "the silent ones were sent away")
        for silent in crowd:
            silent.__exit__(None, None, None)


def _is_answered(path: Path) -> bool:
    try:
        return bool(ask(path, "status")["ok"])
    except Refused:
        return False


class TestSlowActions:
    @pytest.mark.usefixtures("server")
    def test_a_long_do_holds_up_nobody(self, path: Path, daemon: Daemon) -> None:
        daemon.let_go.clear()
        with ThreadPoolExecutor(1) as other:
            run = other.submit(ask, path, "do", timeout_s=20, keyword="go")
            assert daemon.doing.acquire(timeout=5)

            assert ask(path, "status")["ok"]
            assert not run.done()
            daemon.let_go.set()
            assert run.result()["runs"][0]["outcome"] == "ok"

    @pytest.mark.usefixtures("server")
    def test_too_many_at_once_are_refused(self, path: Path, daemon: Daemon) -> None:
        daemon.let_go.clear()
        with ThreadPoolExecutor(desk.MOST_DOING) as others:
            runs = [others.submit(ask, path, "do", timeout_s=20, keyword="go") for _ in range(desk.MOST_DOING)]
            for _ in runs:
                assert daemon.doing.acquire(timeout=5)

            with pytest.raises(Refused, match="under way"):
                ask(path, "do", keyword="go")
            assert ask(path, "status")["ok"]
            daemon.let_go.set()
            assert all(run.result()["ok"] for run in runs)

    def test_a_stuck_daemon_is_named(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        stuck = threading.Event()

        class Stuck(Daemon):
            def resume(self) -> Any:  # noqa: ANN401
                stuck.wait(20)
                return super().resume()

        monkeypatch.setattr(desk, "ANSWER_S", 0.2)
        with running(path, Stuck()):
            for _ in range(desk.AT_ONCE + 2):  # more than there are turns: each is told, none starts another thread
                with pytest.raises(Refused, match="stuck"):
                    ask(path, "resume")
            assert threads().count("voicego-control-resume") == desk.AT_ONCE
            stuck.set()
            until(lambda: _is_answered(path), "it goes on when it is free again")


class TestEvents:
    def test_they_come_in_order_until_the_daemon_ends(self, server: Server, path: Path, daemon: Daemon) -> None:
        found: list[dict[str, Any]] = []
        thread = threading.Thread(target=lambda: found.extend(events(path)))
        thread.start()
        until(lambda: daemon.listeners, "it subscribed")

        for number in range(50):
            daemon.tell({"event": "heard", "number": number})
        until(lambda: ask(path, "status")["ok"], "it is answered meanwhile")
        server.stop()
        thread.join(5)

        assert [event["number"] for event in found] == list(range(50))
        assert daemon.listeners == []

    @pytest.mark.usefixtures("server")
    def test_who_leaves_is_told_no_more(self, path: Path, daemon: Daemon) -> None:
        stream = events(path)
        thread = threading.Thread(target=lambda: next(stream))
        thread.start()
        until(lambda: daemon.listeners, "it subscribed")
        daemon.tell({"event": "heard"})
        thread.join(5)

        stream.close()  # type: ignore[attr-defined]  # it is a generator

        until(lambda: not daemon.listeners, "it was forgotten")

    @pytest.mark.usefixtures("server")
    def test_who_reads_too_slowly_misses_some_and_is_told_how_many(self, path: Path, daemon: Daemon) -> None:
        with dialled(path) as slow:
            slow.sendall(b'{"verb": "subscribe"}\n')
            until(lambda: daemon.listeners, "it subscribed")
            for number in range(3_000):
                daemon.tell({"event": "heard", "number": number, "padding": "x" * 1_000})
            assert ask(path, "status")["ok"]

            lines = slow.makefile("rb")
            first = json.loads(lines.readline())
            found: list[dict[str, Any]] = []
            while not found or found[-1].get("event") != "dropped":
                found.append(json.loads(lines.readline()))

        assert first == {"ok": True}
        heard = [event["number"] for event in found[:-1]]
        assert heard == list(range(len(heard)))
        assert 0 < found[-1]["count"] <= 3_000 - len(heard)

    @pytest.mark.usefixtures("server")
    def test_who_reads_nothing_is_let_go(self, path: Path, daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(desk, "STALLED_S", 0.2)
        with dialled(path) as stalled:
            stalled.sendall(b'{"verb": "subscribe"}\n')
            until(lambda: daemon.listeners, "it subscribed")
            for _ in range(2_000):
                daemon.tell({"event": "heard", "padding": "x" * 1_000})

            until(lambda: not daemon.listeners, "it was let go")

    @pytest.mark.usefixtures("server")
    def test_more_than_can_be_told_are_refused(self, path: Path, daemon: Daemon) -> None:
        crowd = [dialled(path) for _ in range(desk.MOST_SUBSCRIBERS)]
        for each in crowd:
            each.__enter__().sendall(b'{"verb": "subscribe"}\n')
        until(lambda: len(daemon.listeners) == desk.MOST_SUBSCRIBERS, "all subscribed")

        with pytest.raises(Refused, match="end one of them"):
            next(events(path))
        for each in crowd:
            each.__exit__(None, None, None)


class TestStopping:
    @pytest.mark.timeout(30)
    def test_nothing_is_left_and_who_waits_for_nothing_is_not_waited_for(self, path: Path, daemon: Daemon) -> None:
        before = open_files()
        with running(path, daemon, request_s=FOREVER_S) as server, dialled(path), dialled(path) as other:
            other.sendall(b'{"verb": "subscribe"}\n')
            until(lambda: daemon.listeners, "it subscribed")

            server.stop(FOREVER_S)

            assert not path.exists()
            assert not server.alive
        assert threads() == []
        assert open_files() == before
        assert daemon.listeners == []

    def test_who_asked_is_still_answered(self, server: Server, path: Path, daemon: Daemon) -> None:
        daemon.let_go.clear()
        with ThreadPoolExecutor(1) as other:
            run = other.submit(ask, path, "do", keyword="go")
            assert daemon.doing.acquire(timeout=5)
            threading.Timer(0.1, daemon.let_go.set).start()

            server.stop(5)

            assert run.result()["ok"]

    def test_an_action_that_does_not_end_is_not_waited_for(
        self, server: Server, path: Path, daemon: Daemon, caplog: pytest.LogCaptureFixture
    ) -> None:
        daemon.let_go.clear()
        with ThreadPoolExecutor(1) as other:
            run = other.submit(ask, path, "do", keyword="go")
            assert daemon.doing.acquire(timeout=5)

            server.stop(0.5)

            assert threads() == ["voicego-control-do"]
            assert "voicego-control-do did not end" in caplog.text
            with pytest.raises(VoicegoError, match="ended before it answered"):
                run.result()
        daemon.let_go.set()
        until(lambda: threads() == [], "the action ended after all")

    def test_twice_or_before_the_start_is_nothing(self, path: Path, daemon: Daemon) -> None:
        server = Server(path, daemon)
        server.stop()
        server.start()
        server.stop()
        server.stop()

        assert threads() == []

    def test_it_can_start_again(self, path: Path, daemon: Daemon) -> None:
        for _ in range(3):
            with running(path, daemon):
                assert ask(path, "status")["ok"]

    def test_a_socket_of_another_in_its_place_is_left_alone(self, server: Server, path: Path) -> None:
        path.unlink()
        path.write_text("not ours")

        server.stop()

        assert path.read_text() == "not ours"


class TestPlace:
    @pytest.mark.usefixtures("server")
    def test_the_socket_is_its_owners_alone(self, path: Path) -> None:
        found = path.lstat()

        assert stat.S_ISSOCK(found.st_mode)
        assert stat.S_IMODE(found.st_mode) == 0o600

    def test_a_generous_umask_changes_nothing(self, path: Path, daemon: Daemon) -> None:
        before = os.umask(0)
        try:
            with running(path, daemon):
                assert stat.S_IMODE(path.lstat().st_mode) == 0o600
        finally:
            os.umask(before)

    def test_a_file_or_folder_in_its_place_is_a_sentence_and_stays(self, path: Path, daemon: Daemon) -> None:
        path.write_text("mine")
        with pytest.raises(VoicegoError, match="move it away"):
            Server(path, daemon).start()
        assert path.read_text() == "mine"

        path.unlink()
        path.mkdir()
        with pytest.raises(VoicegoError, match="move it away"):
            Server(path, daemon).start()
        assert threads() == []

    def test_a_missing_folder_is_a_sentence(self, path: Path, daemon: Daemon) -> None:
        with pytest.raises(VoicegoError, match="cannot make the control socket"):
            Server(path.parent / "no" / "voicego.sock", daemon).start()

    def test_a_path_too_long_is_a_sentence(self, path: Path, daemon: Daemon) -> None:
        with pytest.raises(VoicegoError, match="too long"):
            Server(path.with_name("x" * 200), daemon).start()

    @pytest.mark.usefixtures("server")
    def test_one_that_answers_is_not_pushed_aside(self, path: Path) -> None:
        with pytest.raises(VoicegoError, match="another program answers"):
            Server(path, Daemon()).start()
        assert ask(path, "status")["ok"]

    def test_one_left_by_a_killed_daemon_is_replaced(self, path: Path, daemon: Daemon) -> None:
        with process(DAEMON, path) as killed:
            assert ask(path, "status")["status"]["pid"] == 7
            killed.send_signal(signal.SIGKILL)
            killed.wait()
        assert path.exists()
        with pytest.raises(NotRunning):
            ask(path, "status")

        with single_instance(path.with_suffix(".lock")), running(path, daemon):
            assert ask(path, "status")["ok"]

    def test_while_one_runs_a_second_is_told_its_number(self, path: Path) -> None:
        with (
            process(DAEMON, path) as first,
            pytest.raises(AlreadyRunning, match=f"process {first.pid}"),
            single_instance(path.with_suffix(".lock")),
        ):
            pass

    def test_what_a_killed_daemon_had_started_does_not_hold_its_lock(self, path: Path, daemon: Daemon) -> None:
        script = DAEMON.replace(
            "    server.start()\n",
            "    server.start()\n"
            "    import subprocess; child = subprocess.Popen(['sleep', '30'], stdout=subprocess.DEVNULL)\n"
            "    Path(sys.argv[2]).write_text(str(child.pid))\n",
        )
        number = path.with_name("child")
        try:
            with process(script, path, number) as killed:
                killed.send_signal(signal.SIGKILL)
                killed.wait()

            os.kill(int(number.read_text()), 0)  # it lives
            with single_instance(path.with_suffix(".lock")), running(path, daemon):
                assert ask(path, "status")["ok"]
        finally:
            os.kill(int(number.read_text()), signal.SIGKILL)


STRANGER = """
import os, socket, sys
os.setgid(65534); os.setuid(65534)
with socket.socket(socket.AF_UNIX) as channel:
    channel.settimeout(5)
    channel.connect(sys.argv[1])
    channel.sendall(b'{"verb": "stop"}\\n')
    print(channel.recv(1000))
"""

STRANGERS_SERVER = """
import os, socket, sys, time
os.setgid(65534); os.setuid(65534)
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(sys.argv[1])
    os.chmod(sys.argv[1], 0o777)
    listener.listen()
    print("ready", flush=True)
    channel, _ = listener.accept()
    print(channel.recv(1000), flush=True)
"""


@only_superuser
class TestStrangers:
    @pytest.mark.usefixtures("server")
    def test_another_user_does_not_get_in(self, path: Path, daemon: Daemon) -> None:
        path.parent.chmod(0o755)

        found = self.stranger(path)

        assert "PermissionError" in found.stderr
        assert daemon.asked == []

    @pytest.mark.usefixtures("server")
    def test_another_user_who_got_in_is_not_heard(
        self, path: Path, daemon: Daemon, caplog: pytest.LogCaptureFixture
    ) -> None:
        path.parent.chmod(0o755)
        path.chmod(0o777)

        found = self.stranger(path)

        assert found.stdout in ("b''\n", "")  # an end or a reset, and no answer
        assert daemon.asked == []
        assert "another user" in caplog.text
        assert ask(path, "status")["ok"]

    def test_another_users_program_is_asked_nothing(self, path: Path, daemon: Daemon) -> None:
        path.parent.chmod(0o777)

        with process(STRANGERS_SERVER, path) as theirs:
            with pytest.raises(VoicegoError, match="another user's program answers"):
                ask(path, "status")
            assert theirs.stdout
            assert theirs.stdout.readline() == "b''\n"
        with pytest.raises(VoicegoError, match="belongs to another user"):
            Server(path, daemon).start()
        assert path.exists()

    @staticmethod
    def stranger(path: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", STRANGER, str(path)], capture_output=True, text=True, check=False)
