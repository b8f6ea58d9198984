"""What the rules allow and forbid, on a real daemon that hears spoken words."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import soundfile

from tests.house import House, house_in, until
from tests.spoken import saying, spoken
from voicego.errors import Exit
from voicego.flow import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OFF, YES, NO, UP = map(saying, ("off", "yes", "no", "up"))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_in(tmp_path, os.environ) as one:
        yield one


def hear(house: House, *said: Path | float) -> None:
    """Have a recording heard to its end."""
    soundfile.write(house.folder / "said.wav", spoken(1.0, *said, 1.0), SAMPLE_RATE, subtype="FLOAT")
    done = house.voicego("run", "--headless", "--fast", "--input", str(house.folder / "said.wav"))
    assert done.returncode == 0, done.stderr


def test_a_rule_that_asks_acts_when_it_is_answered_in_time_and_only_then(house: House) -> None:
    house.write(f"rules:\n  off: {{{house.mark()}, ask: true}}\n  up: {{{house.mark()}}}\n  no: {{{house.mark()}}}\n")

    hear(house, YES, 1.5, OFF, 1.5, YES, 2.0, OFF, 1.5, NO, 1.0, YES, 2.0, OFF, 6.0, YES, 1.5, UP)

    log = house.log()
    assert house.marks == ["off", "no", "up"]
    assert log.count('asks, and waits for "yes"') == 3
    assert log.count("is the answer") == 1
    assert log.count("not acted on, another word was said") == 1
    assert log.count("not acted on, nothing was said within 5s") == 1
    assert log.count("heard yes") == 2, "a word that nobody waits for is not written down"


@pytest.mark.skipif(sys.platform == "win32", reason="rights are lists there")
def test_rules_that_others_may_write_are_refused_and_the_last_good_ones_stay(house: House) -> None:
    house.write(f"rules: {{off: {{{house.mark()}}}}}\n")
    house.start()
    until(lambda: house.status().get("rules") == ["off"], "the rules")

    house.rules_file.chmod(0o666)

    error = until(lambda: house.status().get("config_error"), "that they are refused")
    checked = house.voicego("check")
    assert "everyone may write in this file" in error
    assert error in checked.stderr
    assert checked.returncode == Exit.BROKEN_RULES
    assert house.status()["rules"] == ["off"]
    house.voicego("do", "off")
    assert house.marks == ["off"]

    subprocess.run(shlex.split(error.rsplit(": ", maxsplit=1)[-1]), check=True)

    until(lambda: house.status().get("config_error") == "", "that they are read again")
