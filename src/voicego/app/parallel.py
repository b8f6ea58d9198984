"""Many tasks in processes of their own: what comes of them is yielded in their order, however long each takes."""

from __future__ import annotations

import os
import sys
from collections import deque
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, TypeVar

from voicego.app.workers import Lost, Task, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    Prepare = Callable[[], Callable[[str], Iterable["T"]]]

T = TypeVar("T")

AHEAD = 32
"""Tasks for each process that may be begun before the first of them is over."""
KEPT = 1_000
"""Results that are kept of a task before its turn; then its process waits."""


def usable_cores() -> int:
    """Cores that this process may use, which can be fewer than there are."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def in_order(
    prepare: Prepare[T], tasks: Iterable[str], jobs: int, news: Callable[[T], bool] = lambda _: False
) -> Generator[T | Lost]:
    """Work on tasks in at most `jobs` processes and yield what comes of them, task after task.

    A process that dies costs the task that it worked on, and another takes its place. All of them end when the
    generator is closed, and when this process ends, whatever ended it.

    Args:
        prepare: called once in each process; returns what works on a task. It and all results travel by pickle.
        tasks: what to work on, taken as processes become free.
        jobs: how many processes.
        news: says which results are yielded out of turn.

    Raises:
        VoicegoError: `prepare` raised it, or a process died of it.
        RuntimeError: something unexpected happened in a process; it holds the traceback.
    """
    crew: list[Worker[T]] = []
    under_way: deque[Task[T]] = deque()
    coming = iter(tasks)
    try:
        while True:
            _hand_out(coming, under_way, crew, prepare, jobs)
            if not under_way:
                return
            first = under_way[0]
            while first.results:
                yield first.results.popleft()
            if first.over:
                under_way.popleft()
            else:
                yield from _said(crew, first, news)
    finally:
        for worker in crew:
            worker.end()


def _hand_out(
    coming: Iterator[str], under_way: deque[Task[T]], crew: list[Worker[T]], prepare: Prepare[T], jobs: int
) -> None:
    """Give tasks to processes that have none, and start processes while there are too few."""
    crew[:] = [worker for worker in crew if not worker.gone]
    while len(under_way) < AHEAD * jobs:
        free = next((worker for worker in crew if worker.task is None), None)
        if (free is None and len(crew) == jobs) or (task := next(coming, None)) is None:
            return
        if free is None:
            free = Worker(prepare)
            crew.append(free)
        under_way.append(free.begin(task))


def _said(crew: list[Worker[T]], first: Task[T], news: Callable[[T], bool]) -> Iterator[T]:
    """Wait until processes say something and keep it; yield what is not to wait for its turn."""
    pipes = {one.pipe: one for one in crew if one.task and (one.task is first or len(one.task.results) < KEPT)}
    for pipe in wait(list(pipes)):
        worker = pipes[pipe]  # type: ignore[index]
        task = worker.task
        result = worker.take()
        if result is None or task is None:
            continue
        if isinstance(result, Lost) or not news(result):
            task.results.append(result)
        else:
            yield result
