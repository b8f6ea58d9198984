"""The reference page and the schema for editors say what the reader does."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.rules_files import actions, problems, read, uncommented
from voicego.config import reference, starter, table
from voicego.config.places import read as read_yaml

SCHEMA = reference.json_schema()
KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def fits(text: str) -> bool:
    """Whether an editor with the schema would leave a rules file unmarked."""
    return _fits(read_yaml(text, "f").data, SCHEMA)


def _fits(value: Any, schema: dict[str, Any]) -> bool:  # noqa: ANN401 -- JSON
    """As much of JSON Schema as the schema uses; anything else in it is a KeyError."""
    return all(RULES[word](value, wanted, schema) for word, wanted in schema.items())


def _kind(value: object, wanted: str | list[str], _: object) -> bool:
    names = [wanted] if isinstance(wanted, str) else wanted
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, KINDS[name]) for name in names)


def _additional(value: object, allowed: bool | dict[str, Any], schema: dict[str, Any]) -> bool:  # noqa: FBT001
    if not isinstance(value, dict):
        return True
    more = [one for key, one in value.items() if key not in schema.get("properties", {})]
    return not more if isinstance(allowed, bool) else all(_fits(one, allowed) for one in more)


def _known(value: object, of: dict[str, Any], _: object) -> bool:
    return not isinstance(value, dict) or all(_fits(one, of[key]) for key, one in value.items() if key in of)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


RULES: dict[str, Any] = {
    "$schema": lambda *_: True,
    "$defs": lambda *_: True,
    "title": lambda *_: True,
    "description": lambda *_: True,
    "$ref": lambda value, name, _: _fits(value, SCHEMA["$defs"][name.removeprefix("#/$defs/")]),
    "type": _kind,
    "enum": lambda value, some, _: value in some,
    "const": lambda value, wanted, _: value == wanted and type(value) is type(wanted),
    "anyOf": lambda value, some, _: any(_fits(value, one) for one in some),
    "properties": _known,
    "additionalProperties": _additional,
    "required": lambda value, names, _: not isinstance(value, dict) or set(names) <= set(value),
    "items": lambda value, of, _: not isinstance(value, list) or all(_fits(one, of) for one in value),
    "minItems": lambda value, least, _: not isinstance(value, list) or len(value) >= least,
    "minProperties": lambda value, least, _: not isinstance(value, dict) or len(value) >= least,
    "minLength": lambda value, least, _: not isinstance(value, str) or len(value) >= least,
    "pattern": lambda value, form, _: not isinstance(value, str) or re.search(form, value) is not None,
    "minimum": lambda value, least, _: not _number(value) or value >= least,
    "exclusiveMinimum": lambda value, least, _: not _number(value) or value > least,
    "maximum": lambda value, most, _: not _number(value) or value <= most,
}


FILE = [name for name in table.FILE if name != "rules"]
RULE = [name for name in table.RULE if name not in table.ACTION]
ACTION = list(table.ACTION)


def example(name: str) -> str:
    """The example of a key, as the page shows it."""
    return (table.FILE | table.RULE)[name].example


def whole(name: str) -> str:
    """A rules file around the example of a key."""
    if name in FILE:
        return f"{example(name)}\nrules: {{}}"
    rest = {"timeout": ", say: x", "shell": ", run: x", "do": ""}.get(name, ", open: x" if name in RULE else "")
    return f"rules: {{go: {{{example(name)}{rest}}}}}"


def test_the_page_and_the_schema_on_the_disk_are_made_from_the_table() -> None:
    page, schema = reference.ROOT / reference.PAGE, reference.ROOT / reference.SCHEMA

    assert page.read_text(encoding="utf-8") == reference.reference()
    assert schema.read_text(encoding="utf-8") == json.dumps(SCHEMA, indent=2) + "\n"


@pytest.mark.parametrize("text", [starter(), uncommented(starter())], ids=["as it is", "uncommented"])
def test_the_schema_takes_the_starter_file(text: str) -> None:
    assert fits(text)


@pytest.mark.parametrize("name", [*FILE, *RULE, *ACTION])
def test_each_example_is_good_and_fits_the_schema(name: str) -> None:
    read(whole(name))

    assert example(name).startswith(f"{name}: ")
    assert fits(whole(name))


def test_the_page_has_a_row_for_each_key_with_its_default() -> None:
    page = reference.reference()
    rows = re.findall(r"(?m)^\| `(\w+)` \|", page)

    assert rows == [*FILE, *table.CONFIRM_WITH, *RULE, *ACTION]
    assert "| `quiet` | `250ms` |" in page
    assert "| `cooldown` | `1s` |" in page
    assert "| `isolated` | `true` |" in page
    assert "| `sensitivity` | `normal` |" in page
    assert "| `sensitivity` | as at the top |" in page
    assert "| `threshold` | as the model's decision table says |" in page


REFUSED = """\
microfone: x | threads: 0 | threads: '2' | channel: left | channel: 65 | chime: on | microphone: [] | model: ''
pause_while: lock | pause_while: [] | pause_while: [call, x]
hop: 100 parsecs | rules: {go: {thresold: 1, open: x}} | rules: {go: {open: x, threshold: 0}} | []
rules: {go: {open: x, threshold: 1.5}} | rules: {go: {open: {lnux: x}}} | rules: {go: {open: {}}}
rules: {go: {do: []}} | rules: {go: {do: [{opne: x}]}} | rules: {go: {run: 5}} | rules: {go: browser}
rules: {go: {pause: false}} | rules: {go: {do: [{open: x, cooldown: 1s}]}} | rules: [go]
rules: {go: {do: browser}} | rules: {go: {launch: []}} | rules: {go: {say: true}}
confirm_with: 5 | confirm_with: {} | confirm_with: {model: x, idle: soon} | confirm_with: {model: x, idel: 5m}
at_most: 3 per 1m | at_most: 3 | rules: {go: {open: x, ask: 5}} | rules: {go: {open: x, ask: ''}}
sensitivity: high | sensitivity: [lower] | rules: {go: {open: x, sensitivity: 1}}"""


@pytest.mark.parametrize("text", re.split(r" \| |\n", REFUSED))
def test_what_the_reader_refuses_an_editor_marks_too(text: str) -> None:
    assert problems(text)
    assert not fits(text)


TAKEN = (
    "{do: pause} | {do: [pause, {say: x}]} | {do: {open: x}} | {pause: {linux: 5m}} | {run: [a, 1.5]} | {pause: 1 h}"
)


@pytest.mark.parametrize("value", ["few", "{model: few}", "{model: few, threshold: 0.5, idle: 90 s}"])
def test_a_model_with_the_last_word_is_left_unmarked(value: str) -> None:
    assert read(f"confirm_with: {value}").confirm_with
    assert fits(f"confirm_with: {value}")


@pytest.mark.parametrize("rule", TAKEN.split(" | "))
def test_what_the_reader_takes_an_editor_leaves_unmarked(rule: str) -> None:
    assert actions(rule)
    assert fits(f"rules: {{go: {rule}}}")
