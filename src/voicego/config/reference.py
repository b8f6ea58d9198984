"""The reference page and the JSON Schema, made from the table: `python -m voicego.config.reference` writes both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicego.config import table
from voicego.config.durations import written
from voicego.config.placeholders import PLACEHOLDERS

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

ROOT = Path(__file__).parents[3]
PAGE, SCHEMA = Path("docs", "rules.md"), Path("config", "voicego.schema.json")


def reference() -> str:
    """Write the page."""
    placeholders = "; ".join(f"`{{{name}}}` is {meaning}" for name, meaning in PLACEHOLDERS.items())
    return "\n".join(
        [
            "# The rules file",
            "",
            "Made from the table in `src/voicego/config/table.py`; every key, its default and an example.",
            "`voicego check` names every mistake with line and column, `voicego config show` what is in use and why.",
            "Durations are written `300ms`, `1.5s`, `2m`, `1h`. `on`, `off`, `yes`, `no` are words, not true or false.",
            "",
            "## The file",
            "",
            *_rows(table.File, skip=("rules",)),
            "",
            "## A rule",
            "",
            "Under `rules:` stands a keyword; behind it one action (`go: {open: browser}`), or several behind `do:`.",
            "",
            *_rows(table.Rule, skip=tuple(table.Action.model_fields)),
            "",
            "## An action",
            "",
            "One of the first six, with its options. Any of the six may have a value for each system:",
            '`run: {linux: [wmctrl, -s, "0"], macos: [open, -a, Finder]}`; on a system without one the action is left',
            "out, and a rule without any action left is off. What each does exactly is in [actions.md](actions.md).",
            "",
            *_rows(table.Action),
            "",
            f"In texts and arguments, {placeholders}; `{{{{` and `}}}}` are plain braces.",
            "A string for the shell gets them as variables, never as text that the shell reads again.",
            "",
        ]
    )


def json_schema() -> dict[str, Any]:
    """Make the schema for editors, JSON Schema 2020-12."""
    action = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _schema(name, field) for name, field in table.Action.model_fields.items()},
    }
    one_or_more = {"anyOf": [{"$ref": "#/$defs/action"}, {"const": "pause"}]}
    do = {
        "description": table.Rule.model_fields["do"].description,
        "anyOf": [one_or_more, {"type": "array", "items": one_or_more, "minItems": 1}],
    }
    properties = {name: _schema(name, field) for name, field in table.Rule.model_fields.items() if name != "do"}
    rule = {"type": "object", "additionalProperties": False, "properties": properties | {"do": do}}
    file = {name: _schema(name, field) for name, field in table.File.model_fields.items() if name != "rules"}
    rules = {
        "description": table.File.model_fields["rules"].description,
        "type": ["object", "null"],
        "additionalProperties": {"$ref": "#/$defs/rule"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "voicego rules",
        "type": "object",
        "additionalProperties": False,
        "properties": file | {"rules": rules},
        "$defs": {"action": action, "rule": rule},
    }


def _extra(field: FieldInfo) -> dict[str, Any]:
    return field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}


def _schema(name: str, field: FieldInfo) -> dict[str, Any]:
    plain = _extra(field)["schema"]
    if name not in table.ACTIONS:
        return {"description": field.description, **plain}
    systems = {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": dict.fromkeys(table.SYSTEMS, plain),
    }
    return {"description": field.description, "anyOf": [plain, systems]}


def _rows(model: type[BaseModel], skip: tuple[str, ...] = ()) -> list[str]:
    rows = ["| key | default | example | meaning |", "|---|---|---|---|"]
    for name, field in model.model_fields.items():
        if name not in skip:
            rows.append(f"| `{name}` | {_default(field)} | `{_extra(field)['example']}` | {field.description} |")
    return rows


def _default(field: FieldInfo) -> str:
    if shown := _extra(field)["shown"]:
        return f"`{shown}`" if " " not in shown else shown
    if field.default is None:
        return ""
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    if _extra(field)["schema"] is table.Duration:
        return f"`{written(field.default)}`"
    return f"`{field.default}`"


def main() -> None:
    """Write both files."""
    (ROOT / PAGE).write_text(reference(), encoding="utf-8")
    (ROOT / SCHEMA).write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
