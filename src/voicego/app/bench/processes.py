"""Processes that a bench starts: contenders, verbs, a daemon in a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from voicego.control.client import NotRunning, ask
from voicego.errors import VoicegoError
from voicego.spotting.quiet_runtime import SILENCED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VOICEGO = (sys.executable, "-m", "voicego")
END_S = 10.0
"""Seconds that a process is given to end."""
READY_S = 120.0
"""Seconds that a daemon is given to listen."""
LOOK_S = 0.005
"""Seconds between two looks whether it does."""
RULES = "rules:\n  go: {run: [echo, go]}\n  stop: {run: [echo, stop]}\n"


class Absent(VoicegoError):  # noqa: N818 -- it reads as what happened
    """A contender that cannot be measured here."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A contender in a process of its own, which listens when it is asked to."""

    name: str
    about: str
    start_s: float
    """Seconds until it was ready."""
    process: subprocess.Popen[str]
    log: Path

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Put one question and wait for its answer.

        Raises:
            VoicegoError: the process ended instead.
        """
        asks, answers = _pipes(self.process)
        with suppress(BrokenPipeError):  # it has ended, and has no answer either
            asks.write(json.dumps(question) + "\n")
            asks.flush()
        if line := answers.readline():
            found: dict[str, Any] = json.loads(line)
            return found
        self.process.wait(END_S)  # its last words come with its end
        raise VoicegoError(f"{self.name} ended while it was measured: {_last_line(self.log)}")


@contextmanager
def worker(name: str, folder: Path) -> Iterator[Worker]:
    """Start a contender; it ends with the block.

    Raises:
        Absent: it is not installed.
        VoicegoError: it ended instead.
    """
    log = folder / f"{name}.log"
    began = time.perf_counter()
    with log.open("w", encoding="utf-8") as told:
        process = subprocess.Popen(  # noqa: S603 -- this very program
            [sys.executable, "-m", "voicego.app.bench.worker", name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told, text=True, encoding="utf-8",
            env=os.environ | SILENCED,  # openWakeWord imports onnxruntime itself
        )  # fmt: skip
    try:
        line = _pipes(process)[1].readline()
        took = time.perf_counter() - began
        if not line:
            process.wait(END_S)
            raise VoicegoError(f"{name} ended before it listened: {_last_line(log)}")
        found = json.loads(line)
        if "absent" in found:
            raise Absent(found["absent"])
        yield Worker(name, found["about"], took, process, log)
    finally:
        _end(process)


@dataclass(frozen=True, slots=True)
class Daemon:
    """A voicego that hears a recording at life speed and acts on nothing."""

    start_s: float
    """Seconds until it listened."""
    pid: int
    environ: dict[str, str]
    """In which verbs reach it."""
    socket: Path

    def wait_until_heard(self, seconds: float) -> None:
        """Come back once it has heard so much.

        Raises:
            VoicegoError: it ended before.
        """
        while ask(self.socket, "status")["status"]["heard_s"] < seconds:
            time.sleep(0.1)


@contextmanager
def daemon(folder: Path, recording: Path) -> Iterator[Daemon]:
    """Start one with a home of its own; it ends with the block.

    Raises:
        VoicegoError: it ended instead, or does not come to listen.
    """
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / "voicego.yaml").write_text(RULES, encoding="utf-8")
    environ = os.environ | {
        "VOICEGO_CONFIG": str(home / "voicego.yaml"),
        "VOICEGO_STATE_DIR": str(home / "state"),
        "VOICEGO_LOG_DIR": str(home / "log"),
        "VOICEGO_RUNTIME_DIR": str(home / "run"),
    }
    socket, log = home / "run" / "voicego.sock", folder / "daemon.log"
    began = time.perf_counter()
    with log.open("w", encoding="utf-8") as told:
        process = subprocess.Popen(  # noqa: S603 -- this very program
            [*VOICEGO, "run", "--headless", "--dry-run", "--input", str(recording)],
            env=environ, stdin=subprocess.DEVNULL, stdout=told, stderr=told,
        )  # fmt: skip
    try:
        while not _listens(socket):
            if process.poll() is not None or time.perf_counter() - began > READY_S:
                raise VoicegoError(f"voicego did not come to listen: {_last_line(log)}")
            time.sleep(LOOK_S)
        yield Daemon(time.perf_counter() - began, process.pid, environ, socket)
    finally:
        _end(process)


def timed(words: tuple[str, ...], environ: dict[str, str] | None = None) -> tuple[float, float]:
    """Run a verb of voicego to its end; returns its seconds by the clock and of CPU.

    Raises:
        VoicegoError: it failed.
    """
    before, began = _children_s(), time.perf_counter()
    done = subprocess.run(  # noqa: S603 -- this very program
        [*VOICEGO, *words], env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    took, spent = time.perf_counter() - began, _children_s() - before
    if done.returncode:
        raise VoicegoError(f"voicego {' '.join(words)} failed: {done.stderr.strip()}")
    return took, spent


def _children_s() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _listens(socket: Path) -> bool:
    try:
        return bool(ask(socket, "status")["status"]["state"] == "listening")
    except NotRunning:
        return False


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None:
        raise AssertionError("a worker is started with pipes")
    return process.stdin, process.stdout


def _end(process: subprocess.Popen[Any]) -> None:
    """End a process; a worker ends when nobody asks any more."""
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()
    else:
        process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
