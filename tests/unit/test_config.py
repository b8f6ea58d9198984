"""What a person writes into the rules file is understood, and resolved for this system."""

from __future__ import annotations

import pytest

from tests.rules_files import PLATFORMS, actions, read
from voicego.config import parse
from voicego.flow import (
    Absence,
    ConfirmWith,
    Engine,
    Launch,
    Notify,
    Open,
    Pause,
    Rate,
    Rule,
    Run,
    Say,
    Sensitivity,
    Setup,
)


def test_what_a_file_leaves_out_is_as_the_flow_says() -> None:
    assert read("rules:\n") == read("chime: false") == Setup()
    assert read("rules: {go: {open: browser}}").rules == (Rule("go", (Open("browser"),)),)
    assert actions("{run: [a]}") == (Run(("a",)),)


def test_every_key_reaches_its_place() -> None:
    setup = read(
        "microphone: [Yeti, default]\nchannel: 2\nmodel: some/one\nsensitivity: lower\nengine: torch\n"
        "threads: 3\nhop: 50ms\nquiet: 300ms\nlongest_word: 1.2s\nwarm_up: 0\nchime: true\n"
        "pause_while: call\nat_most: 1000 in 24h\nrules: {}\n"
    )

    assert setup == Setup(
        (),
        ("Yeti", "default"),
        2,
        "some/one",
        Sensitivity.LOWER,
        Engine.TORCH,
        3,
        0.05,
        0.3,
        1.2,
        0.0,
        True,
        None,
        (Absence.CALL,),
        Rate(1000, 86_400.0),
    )


def test_every_key_of_a_rule_reaches_its_place() -> None:
    text = "{open: x, threshold: 0.9, margin: 0.2, cooldown: 2s, isolated: false, patience: 400ms, enabled: false}"

    assert read(f"rules: {{go: {text}}}").rules == (Rule("go", (Open("x"),), 0.9, None, 0.2, 2.0, False, 0.4, False),)


def test_a_model_with_the_last_word_is_a_name_or_a_block() -> None:
    block = "{model: few, threshold: 0.8, idle: 1h}"

    assert read("confirm_with: few").confirm_with == ConfirmWith("few")
    assert read(f"confirm_with: {block}").confirm_with == ConfirmWith("few", 0.8, 3600.0)


def test_a_rule_may_do_without_the_last_word() -> None:
    setup = read("confirm_with: few\nrules: {go: {open: x}, up: {open: x, confirm: false}}")

    assert [rule.confirm for rule in setup.rules] == [True, False]


def test_a_limit_is_for_all_rules_or_for_one() -> None:
    setup = read("at_most: 3 in 1.5m\nrules: {go: {open: x}, stop: {open: x, at_most: 1 in 1s}}")

    assert setup.at_most == Rate(3, 90.0)
    assert [rule.at_most for rule in setup.rules] == [None, Rate(1, 1.0)]


def test_a_rule_asks_for_yes_or_for_another_word() -> None:
    setup = read(
        "rules: {go: {open: x, ask: true}, up: {open: x, ask: on}, on: {open: x, ask: false}, no: {pause: true}}"
    )

    assert [rule.ask for rule in setup.rules] == ["yes", "on", "", ""]


def test_a_sensitivity_is_for_the_whole_file_or_for_a_rule() -> None:
    setup = read("sensitivity: higher\nrules: {go: {open: x}, stop: {open: x, sensitivity: normal}}")

    assert setup.sensitivity is Sensitivity.HIGHER
    assert [rule.sensitivity for rule in setup.rules] == [None, Sensitivity.NORMAL]


def test_when_not_to_listen_is_a_word_or_a_list_of_words() -> None:
    assert read("pause_while: call").pause_while == (Absence.CALL,)
    assert read("pause_while: [call, locked, call]").pause_while == (Absence.LOCKED, Absence.CALL)


def test_a_microphone_is_a_name_or_a_list_of_names() -> None:
    assert read("microphone: Yeti").microphones == ("Yeti",)
    assert read("microphone: [Yeti, 'Hall: 2']").microphones == ("Yeti", "Hall: 2")


def test_a_channel_is_one_of_them_or_the_mix_of_all() -> None:
    assert read("channel: mix").channel is None
    assert read("channel: 64").channel == 64


WRITTEN = "[a, '0', 1.10, 010, yes, off, 0x10, 1:30, 2026-01-02]"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{open: browser}", Open("browser")),
        ("{open: https://example.org/?a=1#b}", Open("https://example.org/?a=1#b")),
        ("{launch: firefox}", Launch(("firefox",))),
        ("{launch: [firefox, -P]}", Launch(("firefox", "-P"))),
        (f"{{run: {WRITTEN}}}", Run(("a", "0", "1.10", "010", "yes", "off", "0x10", "1:30", "2026-01-02"))),
        ("{notify: '{keyword} {score} {{x}}', timeout: 500ms}", Notify("{keyword} {score} {{x}}", 0.5)),
        ("{say: on, timeout: 1h}", Say("on", 3600.0)),
        ("{pause: true}", Pause()),
        ("{pause: 15m}", Pause(900.0)),
        ("{do: pause}", Pause()),
        ("{do: [pause]}", Pause()),
        ("{do: {open: y}}", Open("y")),
    ],
)
def test_each_action_is_understood(rule: str, expected: object) -> None:
    assert actions(rule) == (expected,)


def test_a_string_for_the_shell_is_left_as_it_is() -> None:
    command = "for f in ${HOME}/{a,b}; do echo {nothing} {; done"

    assert actions(f"{{run: '{command}', shell: true, timeout: 1m}}") == (Run((command,), True, 60.0),)
    assert actions("{run: {linux: 'a | b', windows: dir}, shell: true}") == (Run(("a | b",), True),)


def test_a_list_of_actions_keeps_its_order_and_each_its_options() -> None:
    found = actions("{do: [{say: a, timeout: 2s}, pause, {run: 'b', shell: true}, {open: b}]}")

    assert found == (Say("a", 2.0), Pause(), Run(("b",), True), Open("b"))


def test_each_system_takes_its_own_value_and_a_rule_with_none_is_off() -> None:
    rule = "{run: {linux: [a], macos: [b]}}"

    assert [actions(rule, platform) for platform in PLATFORMS] == [(Run(("a",)),), (Run(("b",)),), ()]
    assert [read(f"rules: {{go: {rule}}}", platform).rules[0].enabled for platform in PLATFORMS] == [True, True, False]
    assert actions("{pause: {windows: 2s}}", "win32") == (Pause(2.0),)
    assert actions(rule, "freebsd14") == actions(rule, "linux")


def test_an_action_without_a_value_for_this_system_is_left_out_of_the_list() -> None:
    rule = "{do: [{open: {macos: x}}, {launch: {linux: [y, z], windows: w}}]}"

    assert [actions(rule, platform) for platform in PLATFORMS] == [
        (Launch(("y", "z")),),
        (Open("x"),),
        (Launch(("w",)),),
    ]


def test_the_words_that_yaml_takes_for_truth_stay_words() -> None:
    setup = read("rules: {on: {say: yes}, off: {say: no}, yes: {say: y}, no: {say: n}, up: {say: Off}}")

    assert [(rule.keyword, rule.actions) for rule in setup.rules] == [
        ("on", (Say("yes"),)),
        ("off", (Say("no"),)),
        ("yes", (Say("y"),)),
        ("no", (Say("n"),)),
        ("up", (Say("Off"),)),
    ]


@pytest.mark.parametrize("text", ["1:30", "0x10", "2026-01-02", "1_000", "0o7", "12:30:45.5", "y", "="])
def test_nothing_is_magic_that_yaml_once_thought_was(text: str) -> None:
    assert actions(f"{{say: {text}}}") == (Say(text),)


def test_a_number_with_a_nought_before_it_is_that_number() -> None:
    setup = read("threads: 010\nrules: {go: {open: x, threshold: 1, margin: 00.5}}")

    assert (setup.threads, setup.rules[0].threshold, setup.rules[0].margin) == (10, 1.0, 0.5)
    assert type(setup.threads) is int
    assert type(setup.rules[0].margin) is float


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("300ms", 0.3), ("1.5s", 1.5), ("2 m", 120.0), ("1h", 3600.0), (".5s", 0.5), ("'0'", 0.0), ("0", 0.0)],
)
def test_durations_have_a_unit(written: str, seconds: float) -> None:
    assert read(f"rules: {{go: {{open: x, cooldown: {written}}}}}").rules[0].cooldown_s == seconds


def test_the_ends_of_each_range_are_in_it() -> None:
    low = read("hop: 20ms\nquiet: 100ms\nlongest_word: 300ms\nwarm_up: 0ms\nthreads: 1\nchannel: 1")
    high = read("hop: 1s\nquiet: 1s\nlongest_word: 3s\nwarm_up: 10s\nthreads: 64\nchannel: 64")

    assert low == Setup((), channel=1, threads=1, hop_s=0.02, quiet_s=0.1, longest_word_s=0.3, warm_up_s=0.0)
    assert high == Setup((), channel=64, threads=64, hop_s=1.0, quiet_s=1.0, longest_word_s=3.0, warm_up_s=10.0)


def test_an_alias_is_what_it_stands_for() -> None:
    setup = read("rules:\n  go: &it {do: {open: x}}\n  stop: *it\n  up: {run: &args [a, b]}\n  off: {run: *args}\n")

    assert [rule.actions for rule in setup.rules] == [(Open("x"),)] * 2 + [(Run(("a", "b")),)] * 2


def test_a_document_may_begin_and_end_as_yaml_says() -> None:
    assert read("%YAML 1.1\n---\nrules: {go: {open: x}}\n...\n") == read("rules: {go: {open: x}}")
    assert actions("!!map {say: !!str 5}") == (Say("5"),)


def test_a_model_may_hear_a_word_that_means_something_here() -> None:
    words = ("every", "do", "rules", "open", "linux")
    text = "rules: {every: {open: a}, do: {open: b}, rules: {open: c}, open: {do: {say: d}}, linux: {pause: true}}"

    assert tuple(rule.keyword for rule in parse(text, "f", lambda _: words).rules) == words
