"""Rules that are broken in every way: what worked goes on working, and the loader tells what is wrong in a sentence."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.report import Measured, add
from tests.faults.survivor import waited
from voicego.app import rules
from voicego.errors import RulesError
from voicego.flow import Setup

if TYPE_CHECKING:
    from tests.faults.survivor import Survivor

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

EXAMPLE = (Path(__file__).parents[2] / "config" / "voicego.example.yaml").read_bytes()
UNCOMMENTED = b"\n".join(
    line.replace(b"  # ", b"  ", 1) if line.startswith(b"  # ") else line for line in EXAMPLE.split(b"\n")
)
"""With all of its rules, so that there is more to break."""


GO_BROKEN = UNCOMMENTED.replace(b"  go:", b"  go: {")
"""No part of it is without a mistake."""


def carelessly(content: bytes, chance: random.Random) -> bytes:
    """Give it with some bytes struck out, doubled or mistyped."""
    found = bytearray(content)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(found))
        found[at : at + 1] = chance.choice(
            [b"", b"  ", b"\t", b":", b"\n", b"\xff", b"}", b'"', found[at : at + 1] * 2]
        )
    return bytes(found)


def outcome(folder: Path, content: bytes) -> Setup | str:
    """Load it; anything but a setup or a sentence for a person is a failure."""
    file = folder / "voicego.yaml"
    file.write_bytes(content)
    file.chmod(0o600)
    try:
        return rules.read(file)
    except RulesError as error:
        told = str(error)
        assert told
        assert "Traceback" not in told
        return told


def test_the_example_cut_off_at_every_byte(tmp_path: Path) -> None:
    """Half-saved files. Every tenth byte of the longer one in passing; `make faults` takes each."""
    assert isinstance(outcome(tmp_path, UNCOMMENTED), Setup)
    for end in range(0, len(UNCOMMENTED), 10):
        outcome(tmp_path, UNCOMMENTED[:end])


@pytest.mark.faults
def test_both_examples_cut_off_at_really_every_byte(tmp_path: Path) -> None:
    broken = 0
    for content in (EXAMPLE, UNCOMMENTED):
        for end in range(len(content)):
            broken += isinstance(outcome(tmp_path, content[:end]), str)
    add(
        Measured(
            "rules file cut off at each of its bytes",
            "a sentence with line and column, or rules",
            note=f"{len(EXAMPLE) + len(UNCOMMENTED)} files, {broken} of them broken",
        )
    )


LINES = UNCOMMENTED.split(b"\n")
Edit = st.one_of(
    st.tuples(st.just("drop"), st.integers(0, len(LINES) - 1), st.just(b"")),
    st.tuples(st.just("twice"), st.integers(0, len(LINES) - 1), st.just(b"")),
    st.tuples(st.just("instead"), st.integers(0, len(LINES) - 1), st.binary(max_size=30)),
    st.tuples(st.just("indent"), st.integers(0, len(LINES) - 1), st.sampled_from([b" ", b"  ", b"\t", b"- ", b"? "])),
    st.tuples(
        st.just("append"),
        st.integers(0, len(LINES) - 1),
        st.sampled_from(
            [b":", b" &a", b" *a", b" !!python/object:x", b" {", b"]", b" |", b'"', b" # x", b" <<: *a", b"\0"]
        ),
    ),
)


def edited(edits: list[tuple[str, int, bytes]]) -> bytes:
    """The example after some careless edits."""
    lines = list(LINES)
    for what, at, text in edits:
        line = lines[at]
        lines[at] = {
            "drop": b"",
            "twice": line + b"\n" + line,
            "instead": text,
            "indent": text + line,
            "append": line + text,
        }[what]
    return b"\n".join(lines)


@given(st.lists(Edit, min_size=1, max_size=4))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_example_after_careless_edits(tmp_path: Path, edits: list[tuple[str, int, bytes]]) -> None:
    outcome(tmp_path, edited(edits))


@given(st.lists(Edit, min_size=1, max_size=4))
@settings(max_examples=1_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.faults
def test_the_example_after_a_thousand_careless_edits(tmp_path: Path, edits: list[tuple[str, int, bytes]]) -> None:
    outcome(tmp_path, edited(edits))


@pytest.mark.parametrize("saves", [50, pytest.param(1_000, marks=pytest.mark.faults)])
def test_broken_rules_are_saved_while_it_listens(survivor: Survivor, saves: int) -> None:
    """Through the watch on the folder, as fast as editors never save; some in place, and one that stays for a while."""
    house = survivor.house
    good = house.rules_file.read_text()
    chance = random.Random(saves)  # noqa: S311 -- the same mistakes each time
    noted = 0
    for number in range(saves):
        content = GO_BROKEN[: chance.randrange(len(GO_BROKEN))] if number % 3 else carelessly(GO_BROKEN, chance)
        if number % 2:
            house.rules_file.write_bytes(content)
        else:
            beside = house.rules_file.with_suffix(".new")
            beside.write_bytes(content)
            beside.replace(house.rules_file)
        if number % 5 == 0:  # the others come within the time in which a save settles
            before = house.status()["config_error"]
            noted += waited(lambda before=before: house.status()["config_error"] != before, 0.5)  # type: ignore[misc]
    house.rules_file.write_text("rules:\n  goo: {open: browser}\n")
    broken = time.monotonic()
    noticed = survivor.seconds_until(lambda found: 'no keyword "goo"' in found["config_error"], "the mistake", broken)
    lost = survivor.words_until_it_acts()
    mended = time.monotonic()
    house.write(good)
    recovered = survivor.seconds_until(lambda found: not found["config_error"], "the mended rules", mended)
    lost += survivor.words_until_it_acts()

    add(
        Measured(
            f"{saves} broken rules files saved while it listens",
            "the last good rules stay, the mistake is told, and goes when it is mended",
            noticed,
            recovered,
            lost,
            f"{noted} different mistakes shown on the way",
        )
    )
