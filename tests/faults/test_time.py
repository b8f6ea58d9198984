"""The process stands still for a while, or the clock on the wall jumps: afterwards it hears as before."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
import soundfile

from tests.faults.report import Measured, add
from tests.faults.survivor import waited
from tests.spoken import spoken
from voicego.flow import SAMPLE_RATE
from voicego.hearing.microphone import STOOD_STILL_S

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.survivor import Survivor

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

HOUR_S, DAY_S = 3_600, 86_400


@pytest.mark.parametrize("seconds", [3, pytest.param(30, marks=pytest.mark.faults)])
def test_the_process_is_stopped_and_goes_on(survivor: Survivor, seconds: int) -> None:
    pid, before = survivor.pid, len(survivor.house.marks)
    os.kill(pid, signal.SIGSTOP)
    try:
        survivor.say()  # nobody hears it now
        time.sleep(seconds - 1.5)  # it is the fault itself
    finally:
        back = time.monotonic()
        os.kill(pid, signal.SIGCONT)
    recovered = survivor.seconds_until_state("listening", back)
    late = waited(lambda: len(survivor.house.marks) > before, 3.0)
    lost = survivor.words_until_it_acts()
    found = survivor.house.status()

    assert not (late and seconds > STOOD_STILL_S)
    add(
        Measured(
            f"process stopped for {seconds} s (SIGSTOP, SIGCONT)",
            "goes on",
            None,
            recovered,
            lost,
            f"the word said meanwhile was {'acted on afterwards' if late else 'not acted on'}; "
            f"{found['counters']['skipped_samples'] / 16_000:.1f} s of sound skipped so far",
        )
    )


@pytest.mark.faults
def test_the_machine_is_far_too_slow_for_a_while(survivor: Survivor) -> None:
    """A tenth of the time is all that the process gets, in talk that is to be followed."""
    pid, before = survivor.pid, survivor.house.status()["counters"]["skipped_samples"]
    talk = survivor.house.folder / "talk.wav"
    soundfile.write(talk, spoken(*(part for _ in range(8) for part in ("marvin", 0.3, "house", 0.5))), SAMPLE_RATE)
    player = subprocess.Popen(["paplay", "--device=vmic", str(talk)], env=survivor.server.env)
    while player.poll() is None:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.9)  # it is the fault itself
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.1)
    back = time.monotonic()
    lost = survivor.words_until_it_acts()
    took = time.monotonic() - back
    skipped = survivor.house.status()["counters"]["skipped_samples"] - before

    add(
        Measured(
            "a tenth of the time to compute in",
            "what cannot be followed is skipped and counted; words are caught when there is time again",
            recover_s=took,
            lost=lost,
            note=f"{skipped / SAMPLE_RATE:.1f} s skipped; the time is that of the word's action",
        )
    )


def set_to(offsets: Path, wall_s: int, boot_s: int = 0) -> None:
    beside = offsets.with_suffix(".new")
    beside.write_text(f"{wall_s} {boot_s}")
    beside.replace(offsets)


@pytest.mark.faults
@pytest.mark.parametrize("jump_s", [HOUR_S, -DAY_S])
def test_the_clock_on_the_wall_jumps(survivor: Survivor, offsets: Path, jump_s: int) -> None:
    set_to(offsets, jump_s)
    lost = survivor.words_until_it_acts()
    found = survivor.house.status()
    assert abs(found["last_detection"]["time"] - (time.time() + jump_s)) < 60, "its clock did not jump"
    set_to(offsets, 0)
    lost += survivor.words_until_it_acts()

    assert found["state"] == "listening"
    add(Measured(f"clock on the wall jumps by {jump_s / HOUR_S:+g} h, and back", "hears on", lost=lost))


def test_the_computer_sleeps(survivor: Survivor, offsets: Path) -> None:
    """As on Linux: the monotonic clock stood still meanwhile, that of the boot and that on the wall went on."""
    woke = time.monotonic()
    set_to(offsets, HOUR_S, HOUR_S)
    noticed = survivor.seconds_until(lambda _: "slept" in survivor.house.log(), "the sleep", woke)
    recovered = survivor.seconds_until_state("listening", woke)
    lost = survivor.words_until_it_acts()

    add(
        Measured(
            "computer sleeps for an hour (its clocks say so)",
            "the microphone is opened anew, what was in the ring is forgotten",
            noticed,
            recovered,
            lost,
        )
    )


@pytest.mark.faults
def test_a_pause_for_a_while_is_over_when_the_computer_wakes(survivor: Survivor, offsets: Path) -> None:
    set_to(offsets, 0, HOUR_S)
    assert survivor.house.voicego("pause", "30m").returncode == 0
    woke = time.monotonic()
    set_to(offsets, HOUR_S, 2 * HOUR_S)
    over = survivor.seconds_until_state("listening", woke, wait_s=30)
    lost = survivor.words_until_it_acts()

    add(Measured("computer sleeps through the end of a pause", "listens on waking", recover_s=over, lost=lost))
