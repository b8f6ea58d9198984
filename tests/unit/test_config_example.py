"""The starter file is good as it is, with every rule in use, and never a surprise when half written."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rules_files import PLATFORMS, WORDS, problems, read, survives, uncommented
from voicego.config import starter
from voicego.flow import Absence, Launch, Open, Pause, Rate, Rule, Run, Sensitivity, Setup

WHOLE = uncommented(starter())


@pytest.mark.parametrize("platform", PLATFORMS)
def test_only_go_is_in_use_at_first(platform: str) -> None:
    assert read(starter(), platform) == Setup(rules=(Rule("go", (Open("browser"),)),))


@pytest.mark.parametrize("platform", PLATFORMS)
def test_uncommented_it_has_a_rule_for_each_word_and_shows_the_defaults(platform: str) -> None:
    whole = read(WHOLE, platform)

    assert sorted(rule.keyword for rule in whole.rules) == sorted(WORDS)
    assert whole == Setup(rules=whole.rules, pause_while=(Absence.LOCKED, Absence.CALL)), "there is no word for never"


def test_uncommented_each_comment_says_what_its_rule_does() -> None:
    here = {rule.keyword: rule for rule in read(WHOLE, "linux").rules}
    windows = {rule.keyword: rule for rule in read(WHOLE, "win32").rules}

    assert {word for word, rule in here.items() if not rule.enabled} == {"on"}
    assert {word for word, rule in windows.items() if not rule.enabled} == {"on", "left", "off"}
    assert windows["right"].actions == (Launch(("notepad",)),)
    assert here["down"].actions == (Run(("date >> ~/voicego-notes.txt",), True, 5.0),)
    assert (here["off"].actions, here["no"].actions) == ((Run(("systemctl", "suspend")),), (Pause(900.0),))
    assert {word: rule.sensitivity for word, rule in here.items() if rule.sensitivity} == {"up": Sensitivity.HIGHER}
    assert {word: (rule.ask, rule.at_most) for word, rule in here.items() if rule.ask} == {
        "off": ("yes", Rate(1, 60.0))
    }
    assert (here["yes"].isolated, here["yes"].patience_s) == (False, 0.4)


def test_nothing_is_left_commented_but_prose() -> None:
    assert not [line for line in WHOLE.split("\n") if line.lstrip().startswith("# ")]


def test_cut_off_anywhere_it_is_good_or_told() -> None:
    for end in range(len(WHOLE)):
        survives(WHOLE[:end])


def test_a_word_that_is_misspelt_in_it_is_told_in_its_line() -> None:
    number = next(at for at, line in enumerate(WHOLE.split("\n"), 1) if "cooldown:" in line)

    (told,) = problems(WHOLE.replace("cooldown:", "cooldwon:"))

    assert told == f'f:{number}:5: no key of a rule is called "cooldwon". Did you mean "cooldown"?'


ANYTHING = st.text(st.one_of(st.sampled_from("{}[]:,#&*!|>'\"%@`-?~ \n\t\r\0\ufeff\x85\u2028"), st.characters()))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(WHOLE)), st.integers(0, 12), ANYTHING)
def test_with_anything_typed_into_it_it_is_good_or_told(at: int, less: int, typed: str) -> None:
    survives(WHOLE[:at] + typed + WHOLE[at + less :])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, WHOLE.count("\n")), min_size=1, max_size=12))
def test_with_its_lines_in_any_order_it_is_good_or_told(which: list[int]) -> None:
    lines = WHOLE.split("\n")
    survives("rules:\n" + "\n".join(lines[number] for number in which))


KEYS = (
    "open",
    "run",
    "do",
    "shell",
    "timeout",
    "pause",
    "every",
    "linux",
    "go",
    "model",
    "rules",
    "threshold",
    "sensitivity",
)
VALUES = st.recursive(
    st.sampled_from(["x", "5", "~", "true", "2s", "'{'", "browser", "pause", "", "!!set {}", "-1", ".nan"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda some: f"[{', '.join(some)}]"),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=4).map(
            lambda some: "{" + ", ".join(f"{key}: {value}" for key, value in some.items()) + "}"
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["{}", "rules: {}", "rules: {{go: {}}}", "rules: {{go: {{do: {}}}}}", "model: {}"]), VALUES)
def test_any_value_anywhere_is_good_or_told(frame: str, value: str) -> None:
    survives(frame.format(value))
