"""Actions that are written wrongly are told once, where they are, with what to do."""

from __future__ import annotations

import pytest

from tests.rules_files import problems

MISTAKES = {
    "rules: {go: {}}": "1:13: the rule has no action; give it one, such as {open: browser}; actions are open, launch,",
    "rules: {go: {threshold: 0.5}}": "1:13: the rule has no action",
    "rules: {go: {timeout: 2s}}": "1:13: the rule has no action",
    "rules: {go: browser}": '1:13: the rule for "go" is "browser"; an action such as {open: browser} is wanted',
    "rules: {go: [browser]}": '1:13: the rule for "go" is a list; an action such as',
    "rules: {go: 5}": '1:13: the rule for "go" is 5; an action such as',
    "rules: {go: {open: x, notify: y}}": "1:23: open, notify in one place; write them as a list behind `do:`",
    "rules: {go: {do: [{say: a}, {open: x, run: [y]}]}}": "1:39: open, run in one place; give each a line of its own",
    "rules: {go: {do: {open: x, say: y}}}": "1:28: open, say in one place; give each a line of its own",
    "rules: {go: {do: []}}": "1:18: an action is wanted, such as {open: browser}",
    "rules: {go: {do: [{}]}}": "1:19: an action is wanted, such as {open: browser}",
    "rules: {go: {do: {}}}": "1:18: an action is wanted, such as {open: browser}",
    "rules: {go: {do: [{timeout: 1s}]}}": "1:19: an action is wanted",
    "rules: {go: {do: [x]}}": '1:19: number 1 of "do" is "x"; an action such as',
    "rules: {go: {do: [pause, ~]}}": '1:26: number 2 of "do" is empty; an action such as',
    "rules: {go: {do: [[pause]]}}": '1:19: number 1 of "do" is a list; an action such as',
    "rules: {go: {do: browser}}": '1:18: "do" is "browser"; a list of actions is wanted',
    "rules: {go: {do: 5}}": '1:18: "do" is 5; a list of actions is wanted',
    "rules: {go: {do: [{open: x}], open: y}}": '1:31: "open" stands beside `do:`; move it into the list',
    "rules: {go: {do: [{run: [x]}], timeout: 1s}}": '1:32: "timeout" stands beside `do:`; move it to its action',
    "rules: {go: {open: x, timeout: 2s}}": '1:23: "timeout" goes with run, notify, say, not with open',
    "rules: {go: {launch: x, shell: true}}": '1:25: "shell" goes with run, not with launch',
    "rules: {go: {do: [{pause: true, timeout: 2s}]}}": '1:33: "timeout" goes with run, notify, say, not with pause',
    "rules: {go: {say: x, timeout: 99ms}}": '1:31: "timeout" is 99ms; it may be from 100ms to 1h',
    "rules: {go: {run: playerctl pause}}": '1:19: "run" is one string; write a list, [playerctl, pause], or add',
    "rules: {go: {run: a b, shell: false}}": '1:19: "run" is one string; write a list, [a, b], or add `shell: true`',
    "rules: {go: {run: 'echo {keyword} -n'}}": '1:19: "run" is one string; write a list, [echo, "{keyword}", -n], or',
    "rules: {go: {run: say 'two words' true}}": '1:19: "run" is one string; write a list, [say, "two words", "true"]',
    "rules: {go: {run: a b c d e f g}}": '1:19: "run" is one string; write a list, [a, b, c, d, e, f, …], or',
    'rules: {go: {run: say "it}}': '1:19: "run" is one string; write a list, such as [playerctl, pause], or',
    "rules: {go: {run: a b, shell: yes}}": '1:31: "shell" is "yes"; write true or false',
    "rules: {go: {run: {linux: [a], macos: b}}}": '1:39: "run" is one string; write a list, [b]',
    "rules: {go: {run: [a], shell: true}}": '1:19: "run" is a list; with `shell: true` it must be one string',
    "rules: {go: {run: {linux: a, macos: [b]}, shell: true}}": '1:37: "run" is a list; with `shell: true`',
    "rules: {go: {run: [a, [b]]}}": '1:19: "run" holds a list; each argument must be a text',
    "rules: {go: {run: [a, true]}}": '1:19: "run" holds true; each argument must be a text, in quotes if need be',
    "rules: {go: {run: [a, ~]}}": '1:19: "run" holds an empty place; each argument must be a text',
    "rules: {go: {run: []}}": '1:19: "run" is an empty list; a list is wanted, such as [playerctl, pause]',
    "rules: {go: {run: ['', a]}}": '1:19: "run" begins with an empty text; the program comes first',
    "rules: {go: {run: 5}}": '1:19: "run" is 5; a list is wanted, such as [playerctl, pause]',
    "rules: {go: {run: '', shell: true}}": '1:19: "run" is empty; a text is wanted',
    'rules: {go: {run: [a, "b\\0"]}}': "1:23: a zero byte; no program takes one",
    "rules: {go: {launch: 5}}": '1:22: "launch" is 5; a text is wanted; put it in quotes: "5"',
    "rules: {go: {launch: []}}": '1:22: "launch" is an empty list',
    "rules: {go: {open: [x]}}": '1:20: "open" is a list; a text is wanted',
    "rules: {go: {say: true}}": '1:19: "say" is true; a text is wanted; put it in quotes: "true"',
    "rules: {go: {notify: 1.10}}": '1:22: "notify" is 1.10; a text is wanted; put it in quotes: "1.10"',
    "rules: {go: {notify: '{scroe}'}}": '1:22: "notify" has an unknown placeholder {scroe}; there are {keyword},',
    "rules: {go: {say: '{scroe}'}}": "Did you mean {score}?",
    "rules: {go: {open: 'x/{}'}}": "unknown placeholder {}; there are {keyword}, {score}, {time}. Write {{ and }} for",
    "rules: {go: {run: [a, '{0}']}}": '1:19: "run" has an unknown placeholder {0}',
    "rules: {go: {launch: '{x}'}}": '1:22: "launch" has an unknown placeholder {x}',
    "rules: {go: {notify: '{'}}": '1:22: "notify" has a single brace; write {{ or }}',
    "rules: {go: {notify: '}'}}": '1:22: "notify" has a single brace',
    "rules: {go: {notify: '{score:.2f}'}}": '1:22: "notify" writes more than a name between braces; write just {score}',
    "rules: {go: {notify: '{score!r}'}}": "write just {score}",
    "rules: {go: {pause: false}}": '1:21: "pause" is false; write true, or how long, such as 15m',
    "rules: {go: {pause: on}}": '1:21: "pause" is "on"; write true, or how long, such as 15m',
    "rules: {go: {pause: [1s]}}": '1:21: "pause" is a list; write true, or how long',
    "rules: {go: {pause: {linux: false}}}": '1:29: "linux" is false; write true, or how long',
    "rules: {go: {pause: 15}}": '1:21: "pause" is 15, without a unit; write 15s',
    "rules: {go: {pause: 10ms}}": '1:21: "pause" is 10ms; it may be from 1s to 168h',
}


@pytest.mark.parametrize(("text", "told"), MISTAKES.items(), ids=lambda value: value[:50])
def test_a_mistake_in_an_action_is_told_once_where_it_is(text: str, told: str) -> None:
    (found,) = problems(text)

    assert told in found
    assert found.startswith("f:" + told if told[0].isdigit() else "f:1:")


def test_a_value_for_one_system_is_told_at_that_system() -> None:
    found = problems("rules:\n  go:\n    do:\n    - open:\n        linux: x\n        macos: 5\n        windows: '{'\n")

    assert [line[:7] for line in found] == ["f:6:16:", "f:7:18:"]
