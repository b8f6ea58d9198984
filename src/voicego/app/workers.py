"""A process that works on tasks one after another, as its parent sees it and from within."""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection

T = TypeVar("T")

FAREWELL_S = 5.0
"""Seconds that a process has to end in before it is killed."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A task whose process ended in the middle of it."""

    task: str
    why: str


@dataclass(slots=True, eq=False)
class Task(Generic[T]):
    """One task on its way."""

    name: str
    results: deque[T | Lost] = field(default_factory=deque)
    """What has come of it and was not taken yet."""
    over: bool = False


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Said once, before the first task."""


@dataclass(frozen=True, slots=True)
class _Over:
    """Said after each task."""


@dataclass(frozen=True, slots=True)
class _Broken:
    """The last word of a process that cannot go on."""

    error: Exception


class Worker(Generic[T]):
    """A process, started at once. Its parent's end, however it comes, is its own."""

    def __init__(self, prepare: Callable[[], Callable[[str], Iterable[T]]]) -> None:
        """Start it with a fresh interpreter, so that no thread and no lock of ours is copied."""
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(prepare, theirs), name="voicego-worker", daemon=True)
        with _interrupts_held():
            self._process.start()
        theirs.close()
        self._prepared = False
        self._ended = False
        self.task: Task[T] | None = None

    @property
    def gone(self) -> bool:
        """Whether it has ended and has nothing more to say."""
        return self._ended or (self.task is None and not self._process.is_alive())

    def begin(self, name: str) -> Task[T]:
        """Hand it a task; it must have none."""
        self.task = Task(name)
        with suppress(OSError):  # it has died, which `take` finds out
            self.pipe.send(name)
        return self.task

    def take(self) -> T | Lost | None:
        """Take what it says next, which is waited for: a result, or None when it only tells how far it is.

        Raises:
            VoicegoError: it could not be prepared, or died of it.
            RuntimeError: something unexpected happened in it.
        """
        if self.task is None:
            raise ValueError("it has no task")
        try:
            said = self.pipe.recv()
        except (EOFError, OSError):
            said = self._lost(self.task)
        match said:
            case _Prepared():
                self._prepared = True
                return None
            case _Broken(error):
                raise error
            case _Over():
                self._over(self.task)
                return None
            case Lost():
                self._over(self.task)
        result: T | Lost = said
        return result

    def end(self) -> None:
        """End it, whatever it is doing, and wait for that."""
        self._ended = True
        self.pipe.close()
        self._process.terminate()
        self._process.join(FAREWELL_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def _over(self, task: Task[T]) -> None:
        task.over, self.task = True, None

    def _lost(self, task: Task[T]) -> Lost:
        self.end()
        code = self._process.exitcode or 0
        why = f"was killed ({signal.Signals(-code).name})" if code < 0 else f"ended with {code}"
        if not self._prepared:
            raise VoicegoError(f"a worker process {why} as it began, before it heard anything; try --jobs 1")
        hint = "; perhaps memory ran out" if code == -getattr(signal, "SIGKILL", 0) else ""
        return Lost(task.name, f"{task.name}: the process that heard it {why}{hint}")


def _work(prepare: Callable[[], Callable[[str], Iterable[Any]]], pipe: Connection) -> None:
    """Be the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal; the parent decides
    try:
        _serve(prepare, pipe)
    except (EOFError, BrokenPipeError, ConnectionResetError):  # the parent is gone
        return
    except VoicegoError as error:
        pipe.send(_Broken(VoicegoError(str(error))))
    except Exception as error:  # noqa: BLE001 -- told by the parent, with all that is known
        pipe.send(_Broken(RuntimeError("".join(traceback.format_exception(error)))))


def _serve(prepare: Callable[[], Callable[[str], Iterable[Any]]], pipe: Connection) -> None:
    do = prepare()
    pipe.send(_Prepared())
    while True:
        for result in do(pipe.recv()):
            pipe.send(result)  # waits while nobody reads, which keeps memory bounded
        pipe.send(_Over())


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back from a process that begins, which inherits this, until it has come; ours is only late."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
