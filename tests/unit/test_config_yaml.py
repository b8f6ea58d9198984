"""What is no YAML, or YAML of a kind that rules are not written in, is told in a sentence and costs little."""

from __future__ import annotations

import pytest

from tests.rules_files import problems, read
from voicego.config import parse
from voicego.flow import Open, Rule

NO_RULES = {
    "": "1:1: the file is empty; `rules:` with a rule under it is wanted, see `voicego init`",
    "\n\n": "1:1: the file is empty",
    "# only a comment\n": "1:1: the file is empty",
    "~": "1:1: the file is empty",
    "- a\n- b": "1:1: this is a list; keys are wanted, first of all `rules:`",
    "# one\n\n  go": '3:3: this is "go"; keys are wanted',
    "12": "1:1: this is 12; keys are wanted",
    "rules: 5": '1:8: "rules" is 5; a block of keys is wanted',
    "rules: [go]": '1:8: "rules" is a list; a block of keys is wanted',
    "rules:\n  go\n": '2:3: "rules" is "go"; a block of keys is wanted',
    "rules: {}\n---\nrules: {}": "3:1: a second document begins here; rules are one document, without `---`",
    "rules: {}\n---\n": "3:1: a second document begins here",
}

BROKEN = {
    "rules:\n\tgo: 1": "2:1: a tab; indent with spaces",
    "rules:\n  go:\n  \topen: x": "3:3: a tab; indent with spaces",
    "rules:\n  go: x\t: y: z": "2:9: this is no YAML: a second `:` in one line",
    "rules: {go: {open: b: c}}": "1:21: this is no YAML: a `,` or `}` is missing",
    "rules:\n  go: {open: [a b}": "this is no YAML: a `,` or `]` is missing",
    "rules: go: x": "1:10: this is no YAML: a second `:` in one line, or a wrong indentation",
    "rules:\n  go:\n    open: x\n   say: y": "4:4: this is no YAML: a key, `]`, `}` or quote is missing before this",
    'rules: {go: {open: "x}}': "this is no YAML: a quote is opened and never closed",
    "rules:\n  go: {open: x}\n  stop\n": "this is no YAML: a `:` is missing after a key",
    "rules: {go: {open: *x}}": "1:20: this is no YAML: no `&` further up has this name; quote a text that begins with",
    "rules: {go: &a {open: x}, stop: &a {open: y}}": "1:33: this is no YAML: `&name` marks something a second time",
    "%YAML 9.9\n---\nrules: {}": "1:1: this is no YAML: ",
    "rules: {go: {open: @x}}": "1:20: this is no YAML: found character that cannot start any token",
}

NOT_HERE = {
    "rules: &a {go: {open: x}, stop: *a}": "1:8: an alias that stands inside its own anchor",
    "rules: {go: &a {do: [*a]}}": "1:13: an alias that stands inside its own anchor",
    "rules: {go: &a {open: x}, stop: {<<: *a, cooldown: 2s}}": "1:34: `<<` is not understood here; write the keys out",
    "rules: {go: {open: !!python/name:os.system x}}": "1:20: the tag python/name:os.system is not understood here",
    "rules: {go: {say: !!binary aGk=}}": "1:19: the tag binary is not understood here",
    "rules: {go: {open: !mine x}}": "1:20: the tag !mine is not understood here",
    "rules: !mine {go: {open: x}}": "1:8: the tag !mine is not understood here",
    "rules: {go: {run: !!set {a, b}}}": "1:19: the tag set is not understood here",
    "rules: {go: {run: !!python/tuple [a, b]}}": "1:19: the tag python/tuple is not understood here",
    "rules: {!mine go: {open: x}}": "1:9: the tag !mine is not understood here",
    "!!python/object/apply:os.system [x]": "1:1: the tag python/object/apply:os.system is not understood here",
    "rules: {go: {!mine open: x}}": "1:14: the tag !mine is not understood here",
    "rules: {go: {[open]: x}}": "1:14: a key must be a word",
    "rules: {[a]: 1}": "1:9: a key must be a word",
    "rules: {? {a: b} : 1}": "1:11: a key must be a word",
}

NO_TEXT = {
    "a\0b": "1:2: this is no text, it holds zero bytes",
    "rules: {}\n# é\0": "2:4: this is no text, it holds zero bytes",
    "rules: {}\n# éé\x07": "2:5: a character that cannot be printed; delete it",
    "a: \ud800": "1:4: a character that cannot be printed",
    "a: \ufffe": "1:4: a character that cannot be printed",
    "rules:\r\n  go: {open: 'é\x1b[0m'}\r\n": "2:16: a character that cannot be printed",
}


@pytest.mark.parametrize(
    ("text", "told"),
    [pair for kind in (NO_RULES, BROKEN, NOT_HERE, NO_TEXT) for pair in kind.items()],
    ids=lambda value: ascii(value[:40]),
)
def test_what_cannot_be_read_is_told_where_it_breaks(text: str, told: str) -> None:
    found = problems(text)

    assert told in found[0]
    assert found[0].startswith("f:" + told if told[0].isdigit() else "f:")
    assert len(found) == 1


def test_places_are_counted_in_characters() -> None:
    (found,) = problems("rules:\n  go: {open: 'ключ 🎤', opne: x}")

    assert found.startswith("f:2:24: ")


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "{a: " * 100_000, "- " * 100_000, "? " * 100_000, "a: [" + "[" * 10_000 + "]" * 10_000 + "]"],
    ids=lambda text: text[:4],
)
def test_blocks_deep_inside_each_other_are_refused_before_the_stack_is_full(text: str) -> None:
    (found,) = problems(text)

    assert "more than 60 blocks inside each other" in found


def test_depth_counts_through_aliases_too() -> None:
    lines = ["a0: &a0 [x]", *(f"a{k}: &a{k} {'[' * 40}*a{k - 1}{']' * 40}" for k in range(1, 100))]

    (found,) = problems("\n".join(lines))

    assert "more than 60 blocks inside each other" in found


def test_sixty_blocks_are_not_too_many() -> None:
    assert "no key is called" in problems(f"a: {'[' * 59}{']' * 59}")[0]
    assert "more than 60" in problems(f"a: {'[' * 60}{']' * 60}")[0]


def test_aliases_that_multiply_are_refused_before_they_fill_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)]

    (found,) = problems("\n".join(lines))

    assert "more than 100,000 values, aliases counted as often as used" in found


def test_aliases_of_a_long_text_are_refused_too() -> None:
    text = f"rules: {{go: {{run: [&a {'x' * 100_000}, {', '.join(['*a'] * 1000)}]}}}}"

    (found,) = problems(text)

    assert "more than 100,000 values" in found


def test_a_thousand_rules_are_read_and_a_thousand_mistakes_are_told() -> None:
    words = tuple(f"word{number}" for number in range(1000))
    good = "rules:\n" + "".join(f"  {word}: {{do: [{{run: [a, b]}}, {{say: c}}]}}\n" for word in words)

    assert len(parse(good, "f", lambda _: words).rules) == 1000
    assert len(problems(good)) == 1000


def test_what_is_well_written_but_rare_is_understood() -> None:
    text = '"rules":\n  ? go\n  : open: |-\n      x\n  stop: {"open":"y"}   # why\n'

    assert read(text).rules == (Rule("go", (Open("x"),)), Rule("stop", (Open("y"),)))
