"""Tasks in processes: results come in order, memory is bounded, and no process stays behind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil
import pytest

from tests import crew
from voicego.app.parallel import in_order
from voicego.app.workers import Lost
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from pathlib import Path


def test_results_come_in_the_order_of_the_tasks_though_the_second_is_over_first(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    found = list(in_order(crew.ready, [f"after {mark}", f"touch {mark}", "count 2"], 2))

    assert found == ["after", "touched", "0", "1"]


def test_more_results_than_are_kept_arrive_whole(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    found = list(in_order(crew.ready, ["count 3000", "count 3000", f"touch {mark}"], 2))

    assert found == [*map(str, range(3000)), *map(str, range(3000)), "touched"]


def test_a_process_is_started_once_for_many_tasks() -> None:
    found = list(in_order(crew.ready, ["who"] * 50, 2))

    assert len(found) == 50
    assert len(set(found)) <= 2
    assert str(os.getpid()) not in found


def test_news_do_not_wait_for_their_turn(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    found = in_order(crew.ready, [f"after {mark}", "count 1"], 2, news=lambda one: one == "0")

    assert next(found) == "0"
    mark.touch()
    assert list(found) == ["after"]


def test_a_killed_process_costs_its_task_alone() -> None:
    first, lost, *rest = in_order(crew.ready, ["die", "count 2", "count 1"], 1)

    assert first == "before"
    assert isinstance(lost, Lost)
    assert lost.task == "die"
    assert "was killed (SIGKILL); perhaps memory ran out" in lost.why
    assert rest == ["0", "1", "0"]


def test_what_forbids_to_begin_is_raised() -> None:
    with pytest.raises(VoicegoError, match="there is no such model"):
        list(in_order(crew.refusing, ["count 1"], 1))


def test_a_process_that_dies_as_it_begins_ends_the_whole() -> None:
    with pytest.raises(VoicegoError, match=r"was killed \(SIGKILL\) as it began"):
        list(in_order(crew.dying, ["count 1"] * 100, 1))


def test_a_surprise_is_raised_with_its_place() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)in _do.*ZeroDivisionError: stumble"):
        list(in_order(crew.ready, ["stumble"], 1))


def test_whoever_looks_away_leaves_no_process_behind() -> None:
    found = in_order(crew.ready, ["ever"], 1)
    process = int(str(next(found)))
    assert psutil.pid_exists(process)

    found.close()

    assert not psutil.pid_exists(process)
