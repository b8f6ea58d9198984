"""What a service manager is told: a silent room or no microphone is well, a stuck model is not."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.faults.notified import NotifySocket
from tests.faults.report import Measured, add
from tests.faults.survivor import BENT, Survivor, survivor_in
from tests.house import House, house_in, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.soundserver import SoundServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

WATCHDOG_S = 3.0
"""What the service manager allows. The one time that is asserted here: it is the contract."""


@contextmanager
def watched_in(folder: Path, how: str) -> Iterator[tuple[Survivor, NotifySocket]]:
    with (
        NotifySocket(folder / "notify", WATCHDOG_S) as manager,
        survivor_in(folder, environ=manager.environ, bent=(how, str(folder / "stuck"))) as survivor,
    ):
        yield survivor, manager


def fed_for_a_while(manager: NotifySocket) -> float:
    """Wait through several of the watchdog's periods; returns when they began."""
    began = time.monotonic()
    until(lambda: manager.starved_since(began) or time.monotonic() > began + 2.5 * WATCHDOG_S, "three periods")
    return began


def hang(survivor: Survivor, stuck: Path) -> float:
    """Let the model hang at the next word, and say one; returns when that was."""
    stuck.touch()
    survivor.say()
    return time.monotonic()


def test_a_silent_room_feeds_the_watchdog_and_a_model_that_hangs_for_good_starves_it(tmp_path: Path) -> None:
    with watched_in(tmp_path, "soon-stuck") as (survivor, manager):
        until(lambda: manager.moments_of("READY=1"), "READY=1")
        silent = fed_for_a_while(manager)
        starved_in_silence = manager.starved_since(silent)

        stuck = hang(survivor, tmp_path / "stuck")
        survivor.seconds_until_state("failed", stuck)
        found = survivor.house.status()
        until(lambda: manager.starved_since(stuck), "a starved watchdog")
        survivor.house.voicego("stop")
        survivor.house.ended(20)
        until(lambda: manager.moments_of("STOPPING=1"), "STOPPING=1")

    assert not starved_in_silence
    assert found["counters"]["restarts"] >= 3
    assert found["reason"]


def test_no_microphone_feeds_the_watchdog(tmp_path: Path) -> None:
    with NotifySocket(tmp_path / "notify", WATCHDOG_S) as manager:
        nowhere = {"PULSE_SERVER": f"unix:{tmp_path}/nothing", "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
        with house_in(tmp_path, dict(House(tmp_path).environ) | nowhere | manager.environ) as house:
            house.write(f"rules:\n  go: {{{house.mark()}}}\n")
            house.begin(state="reconnecting")
            until(lambda: manager.moments_of("READY=1"), "READY=1")
            waiting = fed_for_a_while(manager)
            starved = manager.starved_since(waiting)
            state = house.status()["state"]

    assert state == "reconnecting"
    assert not starved


@pytest.mark.faults
def test_a_model_that_hangs_once_is_restarted(tmp_path: Path) -> None:
    with watched_in(tmp_path, "stuck") as (survivor, _):
        stuck = hang(survivor, tmp_path / "stuck")
        noticed = survivor.seconds_until(lambda found: found["counters"]["restarts"], "a restart", stuck)
        mended = time.monotonic()
        (tmp_path / "stuck").unlink()
        recovered = survivor.seconds_until_state("listening", mended)
        lost = survivor.words_until_it_acts()

    add(Measured("model hangs at a word", "noticed and started anew", noticed, recovered, lost))


@pytest.mark.faults
def test_a_model_that_hangs_for_good_fails_with_the_reason(tmp_path: Path) -> None:
    with watched_in(tmp_path, "stuck") as (survivor, manager):
        stuck = hang(survivor, tmp_path / "stuck")
        took = survivor.seconds_until_state("failed", stuck, 90)
        reason = survivor.house.status()["reason"]
        until(lambda: manager.starved_since(stuck), "a starved watchdog")

    add(
        Measured(
            "model hangs for good",
            "three restarts in ten minutes, then “failed”; the starved service manager starts it anew",
            took,
            note=f"“{reason}”",
        )
    )


@pytest.mark.faults
def test_a_model_that_never_loads_starts_the_process_anew_in_its_place(
    tmp_path: Path, sound_server: SoundServer
) -> None:
    stuck = tmp_path / "stuck"
    stuck.touch()
    with house_in(tmp_path, sound_server.env) as house:
        house.program = (str(BENT), "loading", str(stuck))
        house.write(f"rules:\n  go: {{{house.mark()}}}\n")
        house.begin(state="loading")
        before = house.status()["pid"]
        until(lambda: "beginning anew in the same place" in house.log(), "the end of its patience")
        stuck.unlink()
        mended = time.monotonic()
        house.until_state("listening")
        recovered = time.monotonic() - mended
        after = house.status()["pid"]

    assert after == before
    add(
        Measured(
            "model is never loaded at the start",
            "starts itself anew in its place",
            recover_s=recovered,
            note="its patience, 120 s, was 3 s here",
        )
    )
