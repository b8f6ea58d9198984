"""Each mistake in the rules is told once, where it is, with what to do."""

from __future__ import annotations

import pytest

from tests.rules_files import WORDS, problems
from voicego.config import parse
from voicego.errors import RulesError, VoicegoError

KEYS = {
    "microfone: x": '1:1: no key is called "microfone". Did you mean "microphone"?',
    "mic: x": 'Did you mean "microphone"?',
    "Rules: {go: {open: x}}": 'Did you mean "rules"?',
    "zzz: x": '1:1: no key is called "zzz". There are: microphone, channel, model, sensitivity, engine, threads,',
    "every: x": '1:1: no key is called "every". There are: microphone',
    "go: {open: x}": '1:1: no key is called "go". If it is a keyword: keywords stand under `rules:`, indented.',
    "threshold: 0.9": '1:1: "threshold" belongs to a rule; move it behind a keyword under `rules:`',
    "threshold:": '1:1: "threshold" belongs to a rule',
    "rules:\n  go: {thresold: 1, open: x}": '2:8: no key of a rule is called "thresold". Did you mean "threshold"?',
    "rules: {go: {opne: x}}": '1:14: no key of a rule is called "opne". Did you mean "open"?',
    "rules: {go: {OPEN: x}}": 'Did you mean "open"?',
    "rules: {go: {every: x, open: y}}": '1:14: no key of a rule is called "every". There are: open, launch, run,',
    "rules: {go: {open: x, chime: true}}": '1:23: "chime" concerns the whole file; move it to the top, beside `rules:`',
    "rules: {go: {open: x, model: }}": '1:23: "model" concerns the whole file',
    "rules: {go: {do: [{say: a}, {opne: x}]}}": '1:30: no key of an action is called "opne". Did you mean "open"?',
    "rules: {go: {do: {opne: x}}}": '1:19: no key of an action is called "opne"',
    "rules: {go: {do: [{open: x, cooldown: 2s}]}}": '1:29: "cooldown" belongs to the rule, not to one of its actions',
    "rules: {go: {do: [{open: x, hop: 1s}]}}": '1:29: "hop" concerns the whole file',
    "rules: {go: {do: [{open: x, sensitivity: lower}]}}": '1:29: "sensitivity" belongs to the rule, not to one of its',
    "rules: {go: {open: x, sensitvity: lower}}": '1:23: no key of a rule is called "sensitvity". Did you mean "sensi',
    "rules:\n  go: {threshold: 0.9, sensitivity: lower, open: x}": '2:24: "sensitivity" stands beside "threshold"',
    "rules: {go: {do: [{say: a}], sensitivity: lower,\n threshold: 1}}": '2:2: "threshold" stands beside "sensitivity"',
    "rules: {go: {open: {lnux: x}}}": '1:21: no system is called "lnux". Did you mean "linux"?',
    "rules: {go: {open: {darwin: x}}}": 'Did you mean "macos"?',
    "rules: {go: {open: {mac: x}}}": 'Did you mean "macos"?',
    "rules: {go: {do: [{open: {beos: x}}]}}": '1:27: no system is called "beos". There are: linux, macos, windows.',
    "rules: {go: {open: {every: x}}}": '1:21: no system is called "every". There are: linux, macos, windows',
    "rules: {go: {open: {lnux: }}}": '1:21: no system is called "lnux"',
    "rules:\n  go: {open: x}\n  go: {open: y}": '3:3: the key "go" stands here a second time; the first is in line 2',
    "hop: 1s\nrules: {}\nhop: 1s": '3:1: the key "hop" stands here a second time; the first is in line 1',
    "rules: {go: {open: x, 'open': y}}": '1:23: the key "open" stands here a second time',
    "rules:\n go: {open: {linux: x,\n  linux: y}}": '3:3: the key "linux" stands here a second time',
    f"rules: {{go: {{open: x, {'y' * 99}: 1}}}}": f'no key of a rule is called "{"y" * 39}…"',
}

KEYWORDS = {
    "rules: {goo: {open: x}}": '1:9: no keyword "goo"; this model hears: yes, no, up, down, left, right, on, off, stop',
    "rules:\n  hello world: {open: x}": '2:3: no keyword "hello world"; this model hears',
    "rules: {Go: {open: x}}": 'Did you mean "go"?',
    "rules: {go:x: {open: x}}": '1:9: no keyword "go:x". Write a space behind the colon: go: x',
    "rules: {go: {open:x}}": '1:14: no key of a rule is called "open:x". Write a space behind the colon: open: x',
    "rules: {_silence_: {open: x}}": '1:9: "_silence_" stands for what is no keyword; a rule cannot wait for it',
    "rules: {_unknown_: {open: x}}": '1:9: "_unknown_" stands for what is no keyword',
    "rules: {_UNKNOWN_: {open: x}}": '1:9: "_UNKNOWN_" stands for what is no keyword',
    "rules: {'': {open: x}}": '1:9: no keyword ""',
    "rules: {goo: {open: x, enabled: false}}": '1:9: no keyword "goo"',
    "rules: {}\nmodel: gone": "2:8: there is no model folder gone",
    "model: gone\nrules: {goo: {open: x}}": "1:8: there is no model folder gone",
    "model: [a]\nrules: {goo: {open: x}}": '1:8: "model" is a list; a text is wanted',
    "model: ''": '1:8: "model" is empty; a text is wanted',
    "model: ' '": '1:8: "model" is empty; a text is wanted',
    "model: 5": '"model" is 5; a text is wanted; put it in quotes: "5"',
    'model: "a\\nb"': '1:8: "model" is "a b"; write embedded, a folder, or a hub id such as owner/name',
    'model: "a\\0b"': "1:8: a zero byte",
    "model: ~no-such-user-here/x": '1:8: "model" is "~no-such-user-here/x"; there is no such user',
}

VALUES = {
    "threads: 0": '1:10: "threads" is 0; a whole number from 1 to 64',
    "threads: 65": '"threads" is 65; a whole number from 1 to 64',
    "threads: 2.0": '"threads" is 2.0; a whole number',
    "threads: true": '"threads" is true; a whole number',
    "threads: '2'": '"threads" is "2"; a whole number',
    f"threads: {'9' * 5000}": f'"threads" is {"9" * 39}…; a whole number',
    "channel: 0": '1:10: "channel" is 0; write mix, or the channel\'s number from 1',
    "channel: 65": '"channel" is 65; write mix',
    "channel: left": '"channel" is "left"; write mix',
    "channel: true": '"channel" is true; write mix',
    "channel: [1]": '"channel" is a list; write mix',
    "chime: on": '1:8: "chime" is "on"; write true or false',
    "chime: 1": '"chime" is 1; write true or false',
    "microphone: []": '1:13: "microphone" is an empty list',
    "microphone: [a, ~]": '1:13: "microphone" holds an empty place; each name must be a text',
    "microphone: [a, 5]": '"microphone" holds 5; each name must be a text, in quotes if need be',
    "microphone: [a, '']": '"microphone" holds ""; each name must be a text',
    "microphone: 05": '"microphone" is 05; a text is wanted; put it in quotes: "05"',
    "microphone: {a: b}": '"microphone" is a block of keys; a text is wanted',
    "pause_while: []": '1:14: "pause_while" is an empty list; write a word, or leave the key out',
    "pause_while: lock": '1:14: "pause_while" is "lock"; it may be locked, call. Did you mean "locked"?',
    "pause_while: [call, lock]": '1:14: "pause_while" holds "lock"; it may be locked, call. Did you mean "locked"?',
    "pause_while: [~]": '1:14: "pause_while" holds an empty place; it may be locked, call',
    "pause_while: true": '1:14: "pause_while" is true; it may be locked, call',
    "at_most: 3": '1:10: "at_most" is 3; how many in how long is wanted, such as 3 in 1m',
    "at_most: 3 per 1m": '1:10: "at_most" is "3 per 1m"; how many in how long is wanted, such as 3 in 1m',
    "at_most: [3]": '1:10: "at_most" is a list; how many in how long',
    "at_most: 3 in 5": '1:10: "at_most" is "3 in 5"; the time is 5, without a unit; write 5s',
    "at_most: 3 in 2 days": '1:10: "at_most" is "3 in 2 days"; the time is "2 days"; the unit is one of ms, s, m, h',
    "at_most: 3 in 999ms": '1:10: "at_most" is "3 in 999ms"; the time is 999ms; it may be from 1s to 24h',
    "at_most: 0 in 1m": '1:10: "at_most" is "0 in 1m"; it may be from 1 to 1000 in a time',
    "at_most: 1001 in 1m": '1:10: "at_most" is "1001 in 1m"; it may be from 1 to 1000 in a time',
    "hop: 100": '1:6: "hop" is 100, without a unit; write 100ms',
    "hop: '100'": '"hop" is 100, without a unit; write 100ms',
    "hop: 5": '"hop" is 5, without a unit; it may be from 20ms to 1s',
    "hop: 19ms": '"hop" is 19ms; it may be from 20ms to 1s',
    "hop: true": '"hop" is true; a duration is wanted, such as 300ms',
    "hop: [1s]": '"hop" is a list; a duration is wanted',
    "hop: .inf": '"hop" is .inf; a duration is wanted',
    "quiet: 3s": '"quiet" is 3s; it may be from 100ms to 1s',
    "quiet: -1s": '"quiet" is "-1s"; a duration cannot be negative',
    "quiet: -1": '"quiet" is -1; a duration cannot be negative',
    "quiet: 3 parsecs": '"quiet" is "3 parsecs"; the unit is one of ms, s, m, h',
    "quiet: 300msec": '"quiet" is "300msec"; write 300ms',
    "quiet: 1 Second": '"quiet" is "1 Second"; write 1s',
    "quiet: soon": '"quiet" is "soon"; a duration is wanted, such as 300ms',
    "quiet: 0,3s": '"quiet" is "0,3s"; a duration is wanted',
    "longest_word: 200ms": '"longest_word" is 200ms; it may be from 300ms to 3s',
    "warm_up: 11s": '"warm_up" is 11s; it may be from 0 to 10s',
    "rules: {go: {open: x, threshold: 1.5}}": '1:34: "threshold" is 1.5; a number from 0 to 1 is wanted',
    "rules: {go: {open: x, threshold: 0}}": '"threshold" is 0, which every sound reaches',
    "rules: {go: {open: x, threshold: .nan}}": '"threshold" is .nan; a number from 0 to 1',
    "rules: {go: {open: x, threshold: 90%}}": '"threshold" is "90%"; a number from 0 to 1',
    "rules: {go: {open: x, threshold: true}}": '"threshold" is true; a number from 0 to 1',
    "sensitivity: high": '1:14: "sensitivity" is "high"; it may be lower, normal, higher. Did you mean "higher"?',
    "sensitivity: low": 'Did you mean "lower"?',
    "sensitivity: Normal": 'Did you mean "normal"?',
    "sensitivity: 0.5": '1:14: "sensitivity" is 0.5; it may be lower, normal, higher',
    "sensitivity: [lower]": '"sensitivity" is a list; it may be lower, normal, higher',
    "rules:\n  go: {open: x, sensitivity: low}": '2:30: "sensitivity" is "low"; it may be lower, normal, higher. Did',
    "rules: {go: {open: x, margin: -0.1}}": '1:31: "margin" is -0.1; a number from 0 to 1',
    "rules: {go: {open: x, cooldown: 2}}": '"cooldown" is 2, without a unit; write 2s',
    "rules: {go: {open: x, cooldown: 2h}}": '"cooldown" is 2h; it may be from 0 to 1h',
    "rules: {go: {open: x, isolated: no}}": '1:33: "isolated" is "no"; write true or false',
    "rules: {go: {open: x, patience: 6s}}": '"patience" is 6s; it may be from 0 to 5s',
    "rules: {go: {open: x, enabled: 0}}": '"enabled" is 0; write true or false',
}

ASKING = {
    "rules: {go: {open: x, ask: yess}}": '1:28: "ask" waits for "yess", which is no keyword; this model hears: yes, no',
    "rules:\n  go: {open: x, ask: Yes}": '2:22: "ask" waits for "Yes", which is no keyword; this model hears: yes, no, '
    'up, down, left, right, on, off, stop, go. Did you mean "yes"?',
    "model: few\nrules: {go: {open: x, ask: true}}": '2:28: "ask" waits for "yes", which is no keyword; this model '
    "hears: go, stop.",
    "rules: {go: {open: x, ask: _unknown_}}": '1:28: "ask" waits for "_unknown_", which is no keyword',
    "rules: {go: {open: x, ask: go}}": '1:28: "ask" waits for "go", which is what asks; name another word',
    "rules: {yes: {open: x, ask: true}}": '1:29: "ask" waits for "yes", which is what asks; name another word',
    "rules: {go: {open: x, ask: 5}}": '1:28: "ask" is 5; write true, which waits for "yes", or another word',
    "rules: {go: {open: x, ask: ''}}": '1:28: "ask" is ""; write true, which waits for "yes"',
    "rules: {go: {open: x, ask: [yes]}}": '1:28: "ask" is a list; write true',
    "rules: {go: {open: x, ask: }}": '1:23: "ask" is empty; write a value behind it',
    "rules: {go: {do: [{open: x, ask: true}]}}": '1:29: "ask" belongs to the rule, not to one of its actions',
    "ask: true": '1:1: "ask" belongs to a rule; move it behind a keyword under `rules:`',
}

CONFIRMING = {
    "confirm_with: 5": '1:15: "confirm_with" is 5; a text is wanted',
    "confirm_with: [few]": '1:15: "confirm_with" is a list; a text is wanted',
    "confirm_with: ''": '1:15: "confirm_with" is empty; a text is wanted',
    "confirm_with: gone": "1:15: there is no model folder gone",
    "confirm_with: {model: gone}": "1:23: there is no model folder gone",
    "confirm_with:": '1:1: "confirm_with" is empty; write a value behind it',
    "confirm_with: {}": '1:1: "confirm_with" names no model; write `model: owner/name` in it',
    "confirm_with: {idle: 5m}": '1:1: "confirm_with" names no model',
    "confirm_with: {model: }": '1:16: "model" is empty; write a value behind it',
    "confirm_with: {model: few, threshold: 2}": '1:39: "threshold" is 2; a number from 0 to 1',
    "confirm_with: {model: few, threshold: }": '1:28: "threshold" is empty; write a value behind it',
    "confirm_with: {model: few, idle: 5}": '1:34: "idle" is 5, without a unit; write 5s',
    "confirm_with: {model: few, idel: 5m}": '1:28: no key of `confirm_with` is called "idel". Did you mean "idle"?',
    "confirm_with: few\nrules:\n  go: {open: x}\n  up: {open: x}": '4:3: "up" cannot be confirmed, "few" hears only: '
    "go, stop. Write `confirm: false` in this rule to do without",
    "confirm_with: {model: few}\nrules: {up: {open: x, confirm: true}}": '2:9: "up" cannot be confirmed, "few" hears',
    "confirm_with: few\nrules: {goo: {open: x}}": '2:9: no keyword "goo"; this model hears: yes,',
    "rules: {go: {open: x, confirm: maybe}}": '1:32: "confirm" is "maybe"; write true or false',
    "confirm: false": '1:1: "confirm" belongs to a rule; move it behind a keyword under `rules:`',
    "rules: {go: {open: x, confirm_with: few}}": '1:23: "confirm_with" concerns the whole file; move it to the top',
}

NOTHING = {
    "model:\nrules: {}": '1:1: "model" is empty; write a value behind it, or leave the key out',
    "rules: {go: {open: x, threshold: }}": '1:23: "threshold" is empty; write a value',
    "sensitivity:": '1:1: "sensitivity" is empty; write a value',
    "rules: {go: {open: x, threshold: 1, sensitivity: }}": '1:37: "sensitivity" is empty; write a value',
    "rules: {go: {open: ~}}": '1:14: "open" is empty; write a value behind it',
    "rules: {go: {do: }}": '1:14: "do" is empty',
    "rules: {go: {do: {open: }}}": '1:19: "open" is empty',
    "rules: {go: {do: [{say: x, timeout: null}]}}": '1:28: "timeout" is empty',
    "rules: {go: {open: {}}}": '1:14: "open" has no value; there are: linux, macos, windows',
    "rules: {go: {open: {linux: }}}": '1:21: "linux" is empty',
    "rules: {go: {open: ''}}": '1:20: "open" is empty; a text is wanted',
    "rules: {go: }": '1:13: the rule for "go" is empty; an action such as {open: browser} is wanted',
}


@pytest.mark.parametrize(
    ("text", "told"),
    [pair for kind in (KEYS, KEYWORDS, VALUES, ASKING, CONFIRMING, NOTHING) for pair in kind.items()],
    ids=lambda value: value[:40].replace("\n", " "),
)
def test_a_mistake_is_told_once_where_it_is_with_what_to_do(text: str, told: str) -> None:
    (found,) = problems(text)

    assert told in found
    assert found.startswith("f:" + told if told[0].isdigit() else "f:1:")


TEN = """\
microfone: Yeti
threads: 99
hop: 7
rules:
  goo: {open: browser}
  stop: {thresold: 0.9, run: [a]}
  left: {threshold: 1.5, open: b}
  up: {do: [{run: [a, "{scroe}"]}]}
  up: {open: x}
  off: browser
"""
PLACES = [(1, 1), (2, 10), (3, 6), (5, 3), (6, 10), (7, 21), (8, 19), (9, 3), (10, 8)]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    found = problems(TEN + "  on: {open: x, notify: y}\n")

    words = ("microphone", "64", "20ms", "hears", "threshold", "0 to 1", "{scroe}", "line 8", '"browser"', "list")
    assert [line.split(": ")[0] for line in found] == [f"f:{line}:{column}" for line, column in [*PLACES, (11, 17)]]
    assert all(word in line for word, line in zip(words, found, strict=True))


def test_a_mistake_under_a_word_that_means_something_here_is_told_as_any_other() -> None:
    text = "rules: {every: {thresold: 1, open: x}, open: {every: x, say: y}, do: {do: [{every: x, say: 5}]}}"

    with pytest.raises(RulesError) as caught:
        parse(text, "f", lambda _: ("every", "open", "do"))

    assert [line.split(". ")[0] for line in str(caught.value).split("\n")] == [
        'f:1:17: no key of a rule is called "thresold"',
        'f:1:47: no key of a rule is called "every"',
        'f:1:77: no key of an action is called "every"',
        'f:1:92: "say" is 5; a text is wanted; put it in quotes: "5"',
    ]


def test_two_mistakes_in_one_rule_are_two_lines() -> None:
    assert [line[:7] for line in problems("rules: {go: {cooldown: 1}}")] == ["f:1:13:", "f:1:24:"]


def test_a_mistake_behind_an_alias_is_told_once_where_it_is_written() -> None:
    (found,) = problems("rules:\n  go: &it\n    opne: x\n  stop: *it\n  up: *it\n")

    assert found.startswith("f:3:5: no key of a rule")


def test_the_model_that_is_named_is_asked_and_without_one_the_embedded() -> None:
    asked: list[str] = []

    def hears(model: str) -> tuple[str, ...]:
        asked.append(model)
        return WORDS

    parse("rules: {}", "f", hears)
    parse("model: some/one", "f", hears)

    assert asked == ["embedded", "some/one"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (VoicegoError("it has no labels"), "f:2:8: it has no labels"),
        (OSError(36, "File name too long", "x"), "f:2:8: the model cannot be read: File name too long"),
    ],
)
def test_a_model_that_cannot_be_asked_is_a_mistake_in_its_line(error: Exception, told: str) -> None:
    def hears(_: str) -> tuple[str, ...]:
        raise error

    with pytest.raises(RulesError) as caught:
        parse("rules: {goo: {open: x}}\nmodel: x", "f", hears)

    assert str(caught.value) == told
