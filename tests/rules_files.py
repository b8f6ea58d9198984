"""Rules as text, read against ten words; what tests of the rules file have in common."""

from __future__ import annotations

import re

import pytest

from voicego.config import parse
from voicego.errors import Exit, Problem, RulesError, VoicegoError
from voicego.flow import Action, Setup

WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
FEW = ("go", "stop")
"""What the model `few` hears."""
PLATFORMS = ("linux", "darwin", "win32")


def hears(model: str) -> tuple[str, ...]:
    if model == "gone":
        raise VoicegoError("there is no model folder gone")
    return FEW if model == "few" else WORDS


def read(text: str, platform: str = "linux") -> Setup:
    return parse(text, "f", hears, platform)


def actions(rule: str, platform: str = "linux") -> tuple[Action, ...]:
    """What `go` does."""
    return read(f"rules: {{go: {rule}}}", platform).rules[0].actions


def problems(text: str) -> list[str]:
    """Every mistake, as a person reads it, with its place in the file `f`; none may stand there twice."""
    with pytest.raises(RulesError) as caught:
        read(text)
    assert caught.value.exit_code is Exit.BROKEN_RULES
    told = str(caught.value).split("\n")
    assert told == [f"{problem.where}: {problem.text}" for problem in caught.value.problems]
    assert all(re.match(r"f:\d+:\d+: \S", line) for line in told)
    assert len(set(told)) == len(told)
    return told


def survives(text: str) -> None:
    """Assert that the text is good or that its mistakes are told."""
    told: tuple[Problem, ...] = ()
    try:
        good = isinstance(read(text), Setup)
    except RulesError as error:
        good, told = False, error.problems
    assert good or told
    assert all(re.fullmatch(r"f:\d+:\d+", problem.where) and problem.text for problem in told)


def uncommented(text: str) -> str:
    """Take the first "# " from each line that has one; prose stays behind "##" or at the top."""
    head, rules = text.split("\nrules:\n")
    keys = [line.removeprefix("# ") for line in head.split("\n") if re.match(r"# [a-z_]+: ", line)]
    return "\n".join([*keys, "rules:", re.sub(r"(?m)^(\s*)# ", r"\1", rules)])
