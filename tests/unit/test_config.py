"""Rules as a person writes them: what is understood, and how each mistake is told."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicego.config import load, parse, starter
from voicego.config.reference import PAGE, ROOT, SCHEMA, json_schema, reference
from voicego.errors import Exit, RulesError, VoicegoError
from voicego.flow import Launch, Notify, Open, Pause, Rule, Run, Say, Setup

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
PLATFORMS = ("linux", "darwin", "win32")


def hears(model: str) -> tuple[str, ...]:
    if model == "gone":
        raise VoicegoError("there is no model folder gone")
    return WORDS


def read(text: str, platform: str = "linux") -> Setup:
    return parse(text, "f", hears, platform)


def problems(text: str) -> list[str]:
    with pytest.raises(RulesError) as caught:
        read(text)
    assert caught.value.exit_code is Exit.BROKEN_RULES
    return str(caught.value).split("\n")


def actions(text: str, platform: str = "linux") -> tuple[object, ...]:
    return read(f"rules: {{go: {text}}}", platform).rules[0].actions


def uncommented(text: str) -> str:
    """Take the first "# " from each line that has one; prose stays behind "##" or at the top."""
    head, rules = text.split("\nrules:\n")
    keys = [re.sub(r"^# ", "", line) for line in head.split("\n") if re.match(r"# [a-z_]+: ", line)]
    return "\n".join([*keys, "rules:", re.sub(r"(?m)^(\s*)# ", r"\1", rules)])


# --- what is understood ------------------------------------------------------------------------------------------


def test_what_a_file_leaves_out_is_as_the_flow_says() -> None:
    assert read("rules:\n") == Setup()
    assert read("rules: {go: {open: browser}}").rules == (Rule("go", (Open("browser"),)),)


def test_every_key_reaches_its_place() -> None:
    setup = read(
        "microphone: [Yeti, default]\nchannel: 2\nmodel: some/one\nthreads: 3\nhop: 50ms\nquiet: 300ms\n"
        "longest_word: 1.2s\nwarm_up: 0\nchime: true\nrules: {}\n"
    )

    assert setup == Setup((), ("Yeti", "default"), 2, "some/one", 3, 0.05, 0.3, 1.2, 0.0, True)
    assert read("microphone: Yeti\nchannel: mix\nrules: {}").microphones == ("Yeti",)


def test_every_key_of_a_rule_reaches_its_place() -> None:
    text = "{open: x, threshold: 0.9, margin: 0.2, cooldown: 2s, isolated: false, patience: 400ms, enabled: false}"

    assert read(f"rules: {{go: {text}}}").rules == (Rule("go", (Open("x"),), 0.9, 0.2, 2.0, False, 0.4, False),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{open: browser}", Open("browser")),
        ("{launch: firefox}", Launch(("firefox",))),
        ("{launch: [firefox, -P]}", Launch(("firefox", "-P"))),
        ("{run: [a, '0', 1.10, 010, yes, off]}", Run(("a", "0", "1.10", "010", "yes", "off"))),
        ("{run: 'a | b > {x}', shell: true, timeout: 1m}", Run(("a | b > {x}",), True, 60.0)),
        ("{notify: '{keyword} {score} {{x}}', timeout: 500ms}", Notify("{keyword} {score} {{x}}", 0.5)),
        ("{say: on}", Say("on")),
        ("{pause: true}", Pause()),
        ("{pause: 15m}", Pause(900.0)),
        ("{do: pause}", Pause()),
        ("{do: {open: y}}", Open("y")),
    ],
)
def test_each_action_is_understood(text: str, expected: object) -> None:
    assert actions(text) == (expected,)


def test_a_list_of_actions_keeps_its_order() -> None:
    assert actions("{do: [{say: a}, pause, {open: b}]}") == (Say("a"), Pause(), Open("b"))


def test_each_system_takes_its_own_value_and_a_rule_with_none_is_off() -> None:
    text = "{run: {linux: [a], macos: [b]}}"

    assert [actions(text, platform) for platform in PLATFORMS] == [(Run(("a",)),), (Run(("b",)),), ()]
    assert [read(f"rules: {{go: {text}}}", platform).rules[0].enabled for platform in PLATFORMS] == [True, True, False]


def test_the_words_that_yaml_takes_for_truth_stay_words() -> None:
    setup = read("rules: {on: {say: yes}, off: {say: no}, yes: {say: y}, no: {say: 1:30}}")

    assert [(rule.keyword, rule.actions) for rule in setup.rules] == [
        ("on", (Say("yes"),)),
        ("off", (Say("no"),)),
        ("yes", (Say("y"),)),
        ("no", (Say("1:30"),)),
    ]


def test_an_alias_is_what_it_stands_for() -> None:
    setup = read("rules:\n  go: &it {open: x}\n  stop: *it\n")

    assert setup.rules[0].actions == setup.rules[1].actions


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_example_is_good_as_it_is_and_with_every_rule_uncommented(platform: str) -> None:
    assert read(starter(), platform) == Setup(rules=(Rule("go", (Open("browser"),)),))

    whole = read(uncommented(starter()), platform)
    assert sorted(rule.keyword for rule in whole.rules) == sorted(WORDS)
    # The commented keys show the defaults.
    assert Setup(rules=whole.rules) == whole


# --- how mistakes are told ---------------------------------------------------------------------------------------

ONE_MISTAKE = {
    "microfone: x\nrules: {}": 'f:1:1: no key is called "microfone". Did you mean "microphone"?',
    "zzz: x\nrules: {}": 'f:1:1: no key is called "zzz". There are: microphone, channel, model',
    "rules:\n  go: {thresold: 1, open: x}": 'f:2:8: no key of a rule is called "thresold". Did you mean "threshold"?',
    "rules: {go: {do: [{opne: x}]}}": 'f:1:20: no key of an action is called "opne". Did you mean "open"?',
    "rules: {go: {open: {lnux: x}}}": 'f:1:21: no system is called "lnux". Did you mean "linux"?',
    "rules: {go: {open: {every: x}}}": 'f:1:21: no system is called "every". There are: linux, macos, windows',
    "rules:\n  go: {open: x}\n  go: {open: y}": 'f:3:3: the key "go" stands here a second time; the first is in line 2',
    "rules: {goo: {open: x}}": 'f:1:9: no keyword "goo"; this model hears: yes, no, up',
    "rules: {Go: {open: x}}": 'Did you mean "go"?',
    "rules: {_unknown_: {open: x}}": 'f:1:9: "_unknown_" stands for what is no keyword',
    "model: gone\nrules: {goo: {open: x}}": "f:1:8: there is no model folder gone",
    "threads: 0\nrules: {}": 'f:1:10: "threads" is 0; a whole number from 1 to 64',
    "threads: true\nrules: {}": '"threads" is true; a whole number',
    "channel: 0\nrules: {}": '"channel" is 0; write mix, or the channel\'s number from 1',
    "chime: on\nrules: {}": '"chime" is "on"; write true or false',
    "hop: 100\nrules: {}": '"hop" is 100, without a unit; write 100ms',
    "hop: 5\nrules: {}": '"hop" is 5, without a unit; it may be from 20ms to 1s',
    "quiet: 3s\nrules: {}": '"quiet" is 3s; it may be from 100ms to 1s',
    "quiet: -1s\nrules: {}": '"quiet" is "-1s"; a duration cannot be negative',
    "quiet: 3 parsecs\nrules: {}": "the unit is one of ms, s, m, h",
    "microphone: []\nrules: {}": '"microphone" is an empty list',
    "microphone: 5\nrules: {}": '"microphone" is 5; a text is wanted; put it in quotes: "5"',
    "rules: {go: {open: x, threshold: 1.5}}": 'f:1:34: "threshold" is 1.5; a number from 0 to 1 is wanted',
    "rules: {go: {open: x, threshold: 0}}": '"threshold" is 0, which every sound reaches',
    "rules: {go: {open: x, threshold: .nan}}": '"threshold" is .nan; a number from 0 to 1',
    "rules: {go: {open: x, cooldown: 2}}": '"cooldown" is 2, without a unit; write 2s',
    "rules: {go: {}}": "f:1:13: the rule has no action; give it one, such as {open: browser}",
    "rules: {go: {threshold: 0.5}}": "the rule has no action",
    "rules: {go: }": 'the rule for "go" is empty; an action such as {open: browser} is wanted',
    "rules: {go: browser}": 'the rule for "go" is "browser"; an action such as',
    "rules: {go: {open: x, notify: y}}": "f:1:23: open, notify in one place; write them as a list behind `do:`",
    "rules: {go: {do: []}}": "an action is wanted, such as {open: browser}",
    "rules: {go: {do: [x]}}": 'number 1 of "do" is "x"; an action such as',
    "rules: {go: {do: [{open: x}], open: y}}": '"open" stands beside `do:`; move it into the list',
    "rules: {go: {do: [{open: x, cooldown: 2s}]}}": '"cooldown" belongs to the rule, not to one of its actions',
    "rules: {go: {open: x, timeout: 2s}}": '"timeout" goes with run, notify, say, not with open',
    "rules: {go: {say: x, shell: true}}": '"shell" goes with run, not with say',
    "rules: {go: {run: playerctl pause}}": '"run" is one string; write a list, [playerctl, pause], or add `shell:',
    "rules: {go: {run: [a], shell: true}}": '"run" is a list; with `shell: true` it must be one string',
    "rules: {go: {run: [a, [b]]}}": '"run" holds a list; each argument must be a text',
    "rules: {go: {notify: '{scroe}'}}": '"notify" has an unknown placeholder {scroe}',
    "rules: {go: {notify: '{'}}": '"notify" has a single brace',
    "rules: {go: {pause: false}}": '"pause" is false; write true, or how long, such as 15m',
    "rules: {go: {open: }}": 'f:1:14: "open" is empty; write a value behind it',
    "rules: {go: {open: x, threshold: }}": '"threshold" is empty; write a value behind it',
    "rules: {go: {open: {}}}": '"open" has no value; there are: linux, macos, windows',
    "rules: {go: {open: {linux: }}}": 'f:1:21: "linux" is empty',
    "rules: {go: {do: }}": '"do" is empty',
    'rules: {go: {run: [a, "b\\0"]}}': "a zero byte; no program takes one",
    "rules: 5": 'f:1:8: "rules" is 5; a block of keys is wanted',
    "rules: [go]": '"rules" is a list; a block of keys is wanted',
    "": "f:1:1: the file is empty; `rules:` with a rule under it is wanted",
    "# only a comment\n": "the file is empty",
    "- a\n- b": "f:1:1: this is a list; keys are wanted, first of all `rules:`",
    "go": 'this is "go"; keys are wanted',
    "rules:\n\tgo: 1": "f:2:1: a tab; indent with spaces",
    "rules: {go: {open: b: c}}": "this is no YAML",
    'rules: {go: {open: "x}}': "a quote is opened and never closed",
    "rules: {}\n---\nrules: {}": "f:3:1: a second document begins here",
    "rules: &a {go: {open: x}, stop: *a}": "an alias that stands inside its own anchor",
    "rules: {go: &a {open: x}, stop: {<<: *a, cooldown: 2s}}": "`<<` is not understood here; write the keys out",
    "rules: {go: {open: !!python/name:os.system x}}": "is not understood here",
    "rules: {go: {open: *nothing}}": "this is no YAML",
    "a\0b": "this is no text, it holds zero bytes",
    "rules: {[a]: 1}": "a key must be a word",
    "[" * 100_000: "more than 60 blocks inside each other",
    "- " * 100_000: "more than 60 blocks inside each other",
    "a: \ud800": "a character that cannot be printed",
    "rules: \x07": "a character that cannot be printed",
}


@pytest.mark.parametrize(("text", "told"), ONE_MISTAKE.items(), ids=lambda value: value[:40].replace("\n", " "))
def test_a_mistake_is_told_where_it_is_and_what_to_do(text: str, told: str) -> None:
    found = problems(text)

    assert any(told in line for line in found), found
    assert all(re.match(r"f:\d+:\d+: ", line) for line in found)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    found = problems(
        "microfone: x\nthreads: 99\nhop: 7\nrules:\n  goo: {open: browser}\n  stop: {thresold: 0.9, run: [a]}\n"
        "  left: {threshold: 1.5, open: b}\n  up: {do: [{run: [a, '{scroe}']}]}\n  up: {open: x}\n  off: browser\n"
    )

    assert [line.split(":")[1] for line in found] == ["1", "2", "3", "5", "6", "7", "8", "9", "10"]


def test_one_cause_is_told_once() -> None:
    for text in ("model:\nrules: {}", "rules: {go: {opn: x}}", "rules: {go: {run: 5}}", "rules: {go: {cooldown: 1}}"):
        assert len(problems(text)) <= (2 if "cooldown" in text else 1), problems(text)


def test_aliases_that_multiply_are_refused_before_they_fill_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)]

    assert any("more than 100,000 values" in line for line in problems("\n".join(lines)))


def test_a_thousand_rules_are_read() -> None:
    words = tuple(f"word{number}" for number in range(1000))
    text = "rules:\n" + "".join(f"  {word}: {{run: [a, b]}}\n" for word in words)

    assert len(parse(text, "f", lambda _: words).rules) == 1000


# --- files -------------------------------------------------------------------------------------------------------


def refused(path: Path) -> str:
    with pytest.raises(RulesError) as caught:
        load(path, hears)
    return str(caught.value).removeprefix(f"{path}:")


def test_files_that_are_no_rules_are_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"rules: {}\n# caf\xe9\n")
    (tmp_path / "huge").write_bytes(b"#" * 10_000_000)
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    os.mkfifo(tmp_path / "pipe")

    assert refused(tmp_path / "missing") == "1:1: there is no such file; `voicego init` writes one to begin with"
    assert refused(tmp_path) == "1:1: this is a folder; name the file in it"
    assert refused(tmp_path / "latin") == "2:6: this is no text in UTF-8; save it as UTF-8"
    assert refused(tmp_path / "huge") == "1:1: larger than 1 MB; this is no rules file"
    assert "no text" in refused(tmp_path / "binary")
    assert refused(tmp_path / "pipe") == "1:1: this is no file but a pipe or a device"


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_bytes(b"\xef\xbb\xbfrules:\r\n  go: {open: browser}\r\n")

    assert load(file, hears).rules == (Rule("go", (Open("browser"),)),)


def test_the_reference_and_the_schema_are_made_from_the_table() -> None:
    assert (ROOT / PAGE).read_text(encoding="utf-8") == reference()
    assert json.loads((ROOT / SCHEMA).read_text(encoding="utf-8")) == json_schema()


# --- anything at all ----------------------------------------------------------------------------------------------

WHOLE = uncommented(starter())


def survives(text: str) -> None:
    try:
        read(text)
    except RulesError as error:
        told = error.problems
    else:
        return
    assert told
    assert all(re.fullmatch(r"f:\d+:\d+", problem.where) and problem.text for problem in told)


def test_a_file_cut_off_anywhere_is_good_or_told() -> None:
    for end in range(0, len(WHOLE), 7):
        survives(WHOLE[:end])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(WHOLE)), st.integers(0, 12), st.text(max_size=6))
def test_a_file_with_anything_typed_into_it_is_good_or_told(at: int, less: int, typed: str) -> None:
    survives(WHOLE[:at] + typed + WHOLE[at + less :])
