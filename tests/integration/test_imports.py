"""What must be quick imports nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.house import House
from voicego.errors import Exit

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {"torch", "transformers", "onnxruntime", "sounddevice", "pystray", "huggingface_hub", "scipy"}
UNASKED = {
    "numpy",
    "pydantic",
    "rich",
    "asyncio",
    "multiprocessing",
    "ssl",
    "hashlib",
    "importlib.resources",
}
"""What costs less, and no quick verb has a use for."""
RULES = {"yaml", "voluptuous", "voicego.config.table"}
"""What reads rules."""

WATCHED = """
import json, sys
sys.argv = ["voicego", *sys.argv[1:]]
from voicego.cli import main
try:
    main()
except SystemExit as ended:
    code = ended.code
print("\\n" + json.dumps([int(code), sorted(sys.modules)]))
"""


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["check"], ["status"], ["pause"], ["run", "--help"]])
def test_a_quick_verb_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write("rules: {go: {open: browser}}\n")

    code, modules = imported(words, house)

    assert code == (1 if words[0] in {"status", "pause"} else 0)
    assert "voicego" in modules
    assert modules & HEAVY == set()


@pytest.mark.parametrize(
    ("words", "unasked"),
    [
        (["--help"], {"voicego.flow", "voicego.app", *RULES}),
        (["--version"], {"voicego.wanted", "voicego.app", "voicego.cli.rules", *RULES}),
        (["status"], {"voicego.wanted", "voicego.app", "voicego.cli.rules", *RULES}),
        (["check"], {"voicego.flow", "voicego.control", "voicego.cli.choose", "socket"}),
    ],
)
def test_a_quick_verb_imports_only_what_it_asks(words: list[str], unasked: set[str], tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write("rules: {go: {open: browser}}\n")

    _, modules = imported(words, house)

    assert modules & (UNASKED | unasked) == set()
    assert (modules >= RULES) == (words == ["check"])


def test_broken_rules_are_told_with_no_more_than_good_ones(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write("rules: {go: {opn: browser, threshold: 2}, goo: {run: x}}\n")

    code, modules = imported(["check"], house)

    assert code == Exit.BROKEN_RULES
    assert modules & (HEAVY | UNASKED | {"voicego.flow"}) == set()


def imported(words: list[str], house: House) -> tuple[int, set[str]]:
    """Run a verb; return its exit code and every module that it imported."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words], env=house.env, capture_output=True, text=True, timeout=60, check=True
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    return code, set(modules)
