"""Actions that hang, multiply, shout or will not die, and a flood of words: the listener goes on."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from tests.faults.report import Measured, add
from tests.faults.survivor import Survivor, waited
from tests.house import House, house_in, until
from tests.spoken import saying, spoken
from voicego.control.client import ask

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

RULES = """at_most: 100 in 10s
rules:
  go: {{{mark}}}
  off: {{run: [sleep, "4711"], timeout: 3s}}
  left: {{run: [sh, -c, "for i in $(seq 40); do sleep 4712 & done; exec sleep 4712"], timeout: 2s}}
  right: {{run: [head, -c, "100000000", /dev/zero], timeout: 30s}}
  down: {{run: [{python}, -c, "{stubborn}"], timeout: 2s}}
  stop: {{pause: 2s}}
"""
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(4713)"


def rules(house: House) -> str:
    return RULES.format(mark=house.mark(), python=sys.executable, stubborn=STUBBORN)


@pytest.fixture
def acting(survivor: Survivor) -> Survivor:
    survivor.house.write(rules(survivor.house))
    until(lambda: "down" in survivor.house.status()["rules"], "rules with bad actions")
    return survivor


def left_of(pid: int, sign: str) -> list[psutil.Process]:
    """Give the processes with a sign in their command, that came of this daemon or of nobody any more."""
    return [one for one in psutil.process_iter(["cmdline"]) if sign in " ".join(one.info["cmdline"] or []) and pid]


@pytest.mark.parametrize(
    ("word", "sign", "outcome", "fault"),
    [
        pytest.param("off", "sleep 4711", "timed out", "an action hangs", marks=pytest.mark.faults),
        ("left", "sleep 4712", "timed out", "an action starts 40 others that hang"),
        pytest.param("down", "time.sleep(4713)", "timed out", "an action ignores SIGTERM", marks=pytest.mark.faults),
        ("right", "head -c 100000000", "ok", "an action prints 100 MB"),
    ],
)
def test_an_action_misbehaves(acting: Survivor, word: str, sign: str, outcome: str, fault: str) -> None:
    daemon = psutil.Process(acting.pid)
    memory = daemon.memory_info().rss
    count = acting.house.status()["counters"]["actions"]

    acting.say(word)
    acted = waited(lambda: left_of(acting.pid, sign) or acting.house.status()["counters"]["actions"] > count, 5)
    began = time.monotonic()
    acting.say()  # while it is at its worst
    heard = until(lambda: acting.house.status()["last_detection"]["keyword"] == "go", "the word said meanwhile", 5)
    found = until(
        lambda: (status := acting.house.status())["counters"]["actions"] >= count + 2 and status, "both actions", 60
    )
    took = time.monotonic() - began
    ended = waited(lambda: not left_of(acting.pid, sign), 10)
    grown = daemon.memory_info().rss - memory
    lost = acting.words_until_it_acts()

    assert acted
    assert heard
    assert found["last_run"]["keyword"] == "go"
    assert found["last_run"]["outcome"] == "ok"
    ran = [run for one in found.get("recent", []) for run in one["actions"] if one["keyword"] == word]
    assert not ran or ran[0]["outcome"] == outcome
    assert ended, f"left: {left_of(acting.pid, sign)}"
    assert grown < 20_000_000, f"{grown} bytes more"
    add(
        Measured(
            fault,
            "it is ended with all that it started; what is said meanwhile is heard, and acted on after it",
            recover_s=took,
            lost=lost,
            note="the time is that of the next word's action, after the word",
        )
    )


@pytest.mark.faults
def test_a_word_that_pauses_does_not_wait_behind_a_slow_action(acting: Survivor) -> None:
    acting.say("off")  # three seconds
    acting.say("stop")
    paused = waited(lambda: acting.house.status()["state"] == "paused", 2)
    acting.seconds_until_state("listening", time.monotonic())

    assert paused
    assert acting.words_until_it_acts() <= 1


FLOOD = 1_000


def test_a_thousand_detections_in_a_minute(tmp_path: Path) -> None:
    """Through the recording source, as fast as it goes: the limit on actions is one of the clock on the wall."""
    word = spoken(0.6, saying("go"), 0.8, room_dbfs=-65.0)
    raw = (np.clip(word, -1, 1) * 32_767).astype("<i2").tobytes()
    with house_in(tmp_path, House(tmp_path).environ) as house:
        house.write(f"at_most: 5 in 3s\nrules:\n  go: {{{house.mark()}, cooldown: 0}}\n")
        with subprocess.Popen(
            [sys.executable, "-m", "voicego", "run", "--headless", "--fast", "--input", "-"],
            env=house.env,
            stdin=subprocess.PIPE,
        ) as daemon:
            assert daemon.stdin is not None
            until(lambda: house.status().get("state") == "listening", "listening")
            began = time.monotonic()
            for _ in range(FLOOD):
                daemon.stdin.write(raw)
            daemon.stdin.flush()
            found = until(
                lambda: (status := house.status())["heard_s"] >= FLOOD * len(word) / 16_000 - 3 and status, "all of it"
            )
            took = time.monotonic() - began
            acted = len(house.marks)
            calm = time.monotonic() + 15
            after = 0
            while not after and time.monotonic() < calm:  # the limit lets go in time
                daemon.stdin.write(raw + b"\0\0" * 24_000)
                daemon.stdin.flush()
                after = waited(lambda: len(house.marks) > acted, 1.0) and len(house.marks)
            status = ask(house.socket, "status")["status"]
            daemon.stdin.close()
            code = daemon.wait(60)

    detections = found["counters"]["detections"]
    assert detections > 0.95 * FLOOD
    assert acted <= 5 * (took / 3 + 2), f"{acted} actions within {took:.0f} s"
    assert after > acted, f"no action after the flood: {status}"
    assert code == 0
    add(
        Measured(
            f"{detections} detections in {took:.0f} s",
            "as many actions as the limit allows; acts again when the flood is over",
            note=f"{acted} actions at `at_most: 5 in 3s`",
        )
    )
