"""Start programs: to their end with a timeout, or detached for good. The only file that starts or ends a process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from voicego.acting import cores, refusals
from voicego.acting.desk import Ran, System, this_system
from voicego.acting.environment import child_environment
from voicego.acting.pipes import Pipes, Tail, pipes_for
from voicego.acting.refusals import CannotStartError
from voicego.flow import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TICK_S = 0.05
"""How soon an end, or a wish to stop, is noticed."""

SCOPE = ("systemd-run", "--user", "--scope", "--quiet", "--collect", "--")
"""Moves itself into a cgroup of its own, then becomes the program: same process, same exit code."""

MANAGER_ANSWERS_S = 2.0

CREATE_NEW_PROCESS_GROUP = 0x0000_0200
DETACHED_PROCESS = 0x0000_0008
CREATE_NO_WINDOW = 0x0800_0000
CREATE_BREAKAWAY_FROM_JOB = 0x0100_0000
WINDOWS_RUN = CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW
WINDOWS_DETACHED = CREATE_NEW_PROCESS_GROUP | DETACHED_PROCESS
"""Windows' flags by number: subprocess names them on Windows only."""


@dataclass(frozen=True, slots=True)
class Child:
    """A living child that nobody waits for."""

    process: subprocess.Popen[bytes]
    kill_at: float | None = None
    """On the runner's clock; None: it may live as long as it likes."""


class Runner:
    """The real `Processes`; safe from several threads."""

    def __init__(  # noqa: PLR0913 -- each has a default, and a test needs each
        self,
        environ: Mapping[str, str],
        folder: Path,
        *,
        system: System | None = None,
        clock: Callable[[], float] = time.monotonic,
        born: Callable[[int], None] = cores.leave,
        alive_s: float = 1.0,
        grace_s: float = 0.5,
    ) -> None:
        """Remember. `born` is called with the process id of each child as soon as its program runs."""
        self._environ = environ
        self._born = born
        self._folder = folder
        self._system = system or this_system()
        self._clock = clock
        self._alive_s = alive_s
        self._grace_s = grace_s
        self._halted = threading.Event()
        self._children: list[Child] = []
        self._guard = threading.Lock()
        self._manager_answered = False

    # --- to its end -----------------------------------------------------------------------------------------------

    def run_to_end(
        self,
        argv: Sequence[str],
        timeout_s: float,
        *,
        shell: bool = False,
        stdin: bytes = b"",
        extra: Mapping[str, str] | None = None,
    ) -> Ran:
        """See `Processes`. Its output is read to the end, its last lines are kept."""
        started_at = self._clock()
        tail = Tail()
        try:
            process = self._start(argv, shell=shell, extra=extra, talk=True, asked=bool(stdin))
        except CannotStartError as refusal:
            return Ran(Outcome.FAILED, str(refusal), started_at=started_at)
        assert process.stdout is not None  # noqa: S101 -- it was asked for
        pipes = pipes_for(process.stdin, stdin, process.stdout, tail)
        with contextlib.closing(pipes):
            code = self._until_end(process, pipes, started_at + timeout_s)
            if code is None:
                self._end(process, pipes)
            pipes.drain()
        seconds = self._clock() - started_at
        name = "the shell command" if shell else refusals.short(argv[0])
        outcome, detail = refusals.told(name, code, tail.text(), timeout_s, halted=self._halted.is_set())
        return Ran(outcome, detail, code, started_at, seconds)

    def _until_end(self, process: subprocess.Popen[bytes], pipes: Pipes, deadline: float) -> int | None:
        while (left := deadline - self._clock()) > 0 and not self._halted.is_set():
            tick = min(left, TICK_S)
            if pipes.open:
                pipes.attend(tick)
            # A program that closed its output is waited for; one whose output goes on is asked in passing.
            code = _wait(process, 0.0 if pipes.open else tick)
            if code is not None:
                return code
        return None

    def _end(self, process: subprocess.Popen[bytes], pipes: Pipes) -> None:
        """End a program and all that it started: asked first, then not asked."""
        _signal_tree(process, self._system, force=False)
        until = self._clock() + self._grace_s
        while self._clock() < until and (pipes.open or not _has_ended(process)):
            if pipes.open:
                pipes.attend(TICK_S)
            else:
                time.sleep(TICK_S)
        _signal_tree(process, self._system, force=True)
        if _wait(process, self._grace_s) is None:  # the kernel holds it (a dead network drive): not our time to lose
            self._adopt(Child(process))

    # --- for good ---------------------------------------------------------------------------------------------------

    def detach(self, argv: Sequence[str]) -> Ran:
        """See `Processes`. Under systemd it gets a scope of its own, so that a restart of voicego leaves it alone."""
        try:
            command = self._resolved(argv)
            scope = self._scope()
            ran = self._watch(command, (*scope, *command))
            if scope and ran.outcome is Outcome.FAILED:
                # Was that the program's refusal or systemd-run's? Ask the manager again before starting it twice.
                self._manager_answered = False
                ran = ran if self._scope() else self._watch(command, command)
        except CannotStartError as refusal:
            return Ran(Outcome.FAILED, str(refusal), started_at=self._clock())
        return ran

    def _watch(self, command: Sequence[str], argv: Sequence[str]) -> Ran:
        started_at = self._clock()
        try:
            process = self._start(argv, flags=WINDOWS_DETACHED | CREATE_BREAKAWAY_FROM_JOB)
        except CannotStartError:
            if self._system is not System.WINDOWS:
                raise
            process = self._start(argv, flags=WINDOWS_DETACHED)  # a job that lets nobody leave refuses the other way
        code = None
        while code is None and self._clock() < started_at + self._alive_s and not self._halted.is_set():
            code = _wait(process, TICK_S)
        ran = Ran(Outcome.OK, "", code, started_at, self._clock() - started_at)
        if code is None:
            self._adopt(Child(process))
        elif code != 0:
            return replace(ran, outcome=Outcome.FAILED, detail=refusals.ended(refusals.short(command[0]), code))
        return ran

    def begin(self, argv: Sequence[str], kill_after_s: float, *, extra: Mapping[str, str] | None = None) -> Ran:
        """See `Processes`."""
        started_at = self._clock()
        try:
            process = self._start(argv, extra=extra)
        except CannotStartError as refusal:
            return Ran(Outcome.FAILED, str(refusal), started_at=started_at)
        self._adopt(Child(process, started_at + kill_after_s))
        return Ran(Outcome.OK, started_at=started_at)

    def hand_over(self, target: str, arguments: Sequence[str] = ()) -> Ran:
        """See `Processes`. Windows starts it itself; nothing of it is voicego's child."""
        started_at = self._clock()
        if sys.platform != "win32":
            return Ran(Outcome.FAILED, "only Windows opens things by itself", started_at=started_at)
        try:
            os.startfile(target, "open", subprocess.list2cmdline(arguments), str(self._folder))  # noqa: S606 -- no shell is what is wanted
        except OSError as error:
            return Ran(Outcome.FAILED, f'cannot open "{target}": {error.strerror}', started_at=started_at)
        return Ran(Outcome.OK, started_at=started_at, seconds=self._clock() - started_at)

    def _scope(self) -> tuple[str, ...]:
        """What to put before a command so that it leaves this unit's cgroup, if there is a unit and a way out."""
        if self._system is not System.LINUX or "INVOCATION_ID" not in self._environ:
            return ()
        if not self._manager_answered:  # a "no" is asked again: the manager may be busy at login
            ran = self.run_to_end((*SCOPE, "true"), MANAGER_ANSWERS_S)
            self._manager_answered = ran.outcome is Outcome.OK
        return SCOPE if self._manager_answered else ()

    # --- all of them ------------------------------------------------------------------------------------------------

    def tend(self) -> int:
        """See `Processes`. Without this a detached program that ends stays a zombie for as long as the daemon lives."""
        now = self._clock()
        with self._guard:
            self._children = [child for child in self._children if child.process.poll() is None]
            children = tuple(self._children)
        for child in children:
            if child.kill_at is not None and child.kill_at <= now:
                _signal_tree(child.process, self._system, force=True)
        return len(children)

    def halt(self) -> None:
        """See `Processes`. Waiting threads notice within a tick and do the ending themselves."""
        self._halted.set()

    def allow(self) -> None:
        """See `Processes`."""
        self._halted.clear()

    def _adopt(self, child: Child) -> None:
        with self._guard:
            self._children.append(child)

    # --- starting ---------------------------------------------------------------------------------------------------

    def _resolved(self, argv: Sequence[str]) -> tuple[str, ...]:
        environment = child_environment(self._environ)
        return (refusals.program(argv[0], environment.get("PATH"), self._folder), *argv[1:])

    def _start(  # noqa: PLR0913 -- private, and each is one property of the child
        self,
        argv: Sequence[str],
        *,
        shell: bool = False,
        extra: Mapping[str, str] | None = None,
        talk: bool = False,
        asked: bool = False,
        flags: int = WINDOWS_RUN,
    ) -> subprocess.Popen[bytes]:
        """Start a child in a session of its own, with no descriptor of ours but the pipes that were asked for.

        Raises:
            CannotStartError: it did not start; the message says why.
        """
        if self._halted.is_set():
            raise CannotStartError("voicego is stopping")
        command = argv[0] if shell else self._resolved(argv)
        windows = self._system is System.WINDOWS
        with refusals.explained(argv[0], self._folder):
            process = subprocess.Popen(  # noqa: S603 -- the commands are the person's own; that is what voicego is for
                command,
                shell=shell,
                cwd=self._folder,
                env=child_environment(self._environ) | dict(extra or {}),
                stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talk else subprocess.DEVNULL,
                stderr=subprocess.STDOUT if talk else subprocess.DEVNULL,
                start_new_session=not windows,
                creationflags=flags if windows else 0,
            )
        self._born(process.pid)
        return process


def _wait(process: subprocess.Popen[bytes], for_s: float) -> int | None:
    if for_s <= 0:
        return process.poll()
    try:
        return process.wait(for_s)
    except subprocess.TimeoutExpired:
        return None


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Look whether it ended without taking leave of it, where that can be: till then its number is nobody else's."""
    if not hasattr(os, "waitid"):
        return process.poll() is not None
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:  # the system took leave of it, as it does where SIGCHLD was ignored at our start
        return True


def _signal_tree(process: subprocess.Popen[bytes], system: System, *, force: bool) -> None:
    """Signal the child's whole group. Grandchildren that made a session of their own are not reached."""
    if system is System.WINDOWS or sys.platform == "win32":
        # Without a console there is no polite way; /T follows the parents' ids to the grandchildren.
        subprocess.run(  # noqa: S603
            ("taskkill", "/T", "/F", "/PID", str(process.pid)),  # noqa: S607 -- Windows' own
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return
    # The group's id is the child's. Nobody else gets that number before the child is taken leave of, nor while anyone
    # is left in the group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL if force else signal.SIGTERM)
