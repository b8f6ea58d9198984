"""The same cases on the runner and on its stand-in, so that what is proven with the one holds with the other."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import pytest

from voicego.acting.desk import Ran
from voicego.acting.rehearsal import Rehearsal
from voicego.acting.runner import Runner
from voicego.flow import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from voicego.acting.desk import Processes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sh scripts")

SCRIPTS = {"ends": "echo well", "fails": "echo badly; exit 3", "lives": "exec sleep 60"}

RUN = {
    "ends": Ran(Outcome.OK, "well", 0),
    "fails": Ran(Outcome.FAILED, "fails ended with 3: badly", 3),
    "lives": Ran(Outcome.TIMED_OUT, "lives was ended after 0.2 s"),
    "missing": Ran(Outcome.FAILED, 'no program "missing" on PATH'),
}
DETACHED = {
    "ends": Ran(Outcome.OK, "", 0),
    "fails": Ran(Outcome.FAILED, "fails ended with 3", 3),
    "lives": Ran(Outcome.OK),
    "missing": RUN["missing"],
}
BEGUN = {"ends": Ran(Outcome.OK), "fails": Ran(Outcome.OK), "lives": Ran(Outcome.OK), "missing": RUN["missing"]}


class Make(Protocol):
    """Makes a `Processes` for which programs of these names behave like this."""

    def __call__(self, answers: dict[str, Ran]) -> Processes: ...


@pytest.fixture(params=["the runner", "the rehearsal"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    if request.param == "the rehearsal":
        yield Rehearsal
        return
    for name, body in SCRIPTS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)
    runner = Runner({"PATH": f"{tmp_path}:/usr/bin:/bin"}, tmp_path, alive_s=0.2)
    yield lambda _: runner
    for child in runner._children:
        child.process.kill()
        child.process.wait()
    runner.tend()


@pytest.mark.parametrize("name", RUN)
def test_a_run_to_the_end(make: Make, name: str) -> None:
    processes = make(RUN)
    before = time.monotonic()

    ran = processes.run_to_end((name, "argument"), 0.2 if name == "lives" else 60.0)

    assert replace(ran, started_at=0.0, seconds=0.0) == RUN[name]
    assert before <= ran.started_at <= time.monotonic()


@pytest.mark.parametrize("name", DETACHED)
def test_a_start_for_good(make: Make, name: str) -> None:
    processes = make(DETACHED)
    before = time.monotonic()

    ran = processes.detach((name, "argument"))

    assert replace(ran, started_at=0.0, seconds=0.0) == DETACHED[name]
    assert before <= ran.started_at <= time.monotonic()


@pytest.mark.parametrize("name", BEGUN)
def test_a_start_that_nobody_waits_for(make: Make, name: str) -> None:
    processes = make(BEGUN)
    before = time.monotonic()

    ran = processes.begin((name, "argument"), 60.0)

    assert replace(ran, started_at=0.0, seconds=0.0) == BEGUN[name]
    assert before <= ran.started_at <= time.monotonic()


def test_nothing_starts_after_a_halt_until_it_is_allowed(make: Make) -> None:
    processes = make(RUN)
    processes.halt()

    refused = [
        processes.run_to_end(("ends",), 60.0),
        processes.detach(("ends",)),
        processes.begin(("ends",), 60.0),
    ]
    processes.allow()

    assert {(ran.outcome, ran.detail) for ran in refused} == {(Outcome.FAILED, "voicego is stopping")}
    assert processes.run_to_end(("ends",), 60.0).outcome is Outcome.OK


@pytest.mark.skipif(sys.platform == "win32", reason="there it opens things")
def test_only_windows_opens_things_by_itself(tmp_path: Path) -> None:
    ran = Runner({}, tmp_path).hand_over("https://example.org")

    assert ran.outcome is Outcome.FAILED
