"""The reference page and the JSON Schema, made from the table: `python -m voicego.config.reference` writes both."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicego.config import table
from voicego.config.durations import written
from voicego.config.placeholders import PLACEHOLDERS

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[3]
PAGE, SCHEMA = Path("docs", "rules.md"), Path("config", "voicego.schema.json")

THE_LAST_WORD = """\
With `confirm_with` the small model's word is not enough. Whenever it believes that it heard a keyword, a bigger one is
asked about the same second of sound, and the rule acts only if that agrees. False triggers become rarer; an action
starts about a quarter of a second later; what either model misses is missed.

- `confirm: false` in a rule acts at once: for what is urgent, such as `stop`, and for words the bigger model lacks.
- It lives in a process of its own, loaded when listening begins. When nothing at all was heard for `idle`, it gives its
  memory back; when anything is heard, it is loaded again. From an export (`voicego export`, once) a wav2vec2-base gives
  all of it back, and is there again after 2 s; in torch it keeps half, 400 MB, and is there after half a second.
- A word that has waited for 3 s is not acted on, for by then it would surprise. Right after the start that may be the
  first word said: in torch, loading takes 6 to 13 s.
- If it cannot be loaded, or its process dies, nothing that needs it is acted on; `voicego status` and the log say why,
  and it is tried again.
- `voicego status` counts what was confirmed, refused, too late, and what it could not be asked about. `voicego spot`
  asks it in the same way, and waits for it.""".splitlines()
"""For a person who considers `confirm_with`."""


SAVED = """\
Whenever the file is saved it is read again, whichever way the editor has of saving: in place, renamed over, behind a
link, in a folder that was made anew. While it is broken, or gone, the last good rules go on working; `voicego status`
shows what is wrong at once, a notification follows after ten seconds, and another when it is mended. A word that is
being said meanwhile is not lost. It is looked at once a second, on every file system.

**The file holds commands, so nobody else may write it.** It is refused, with the command that mends it, when it belongs
to another user (the superuser excepted), when everyone may write it, or a group other than the owner's own (one that
has the owner's name and nobody else in it). The same holds for the folder that it lies in, unless that is sticky as
`/tmp` is; and, where links lead to it, for the folder of each link, and the owner of each. An access control list that
lets others write counts as a group, on Linux. On Windows, whose rights are lists, nothing of this is looked at.\
""".splitlines()
"""For a person who saves the file, and for one whose file is refused."""


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
            *_rows(table.FILE, skip=("rules",)),
            "",
            "What counts as locked and as a call for `pause_while`, and where it can be told, is in",
            "[pause-while.md](pause-while.md).",
            "",
            "## Saving it, and who may",
            "",
            *SAVED,
            "",
            "## The last word",
            "",
            *THE_LAST_WORD,
            "",
            *_rows(table.CONFIRM_WITH),
            "",
            "## A rule",
            "",
            "Under `rules:` stands a keyword; behind it one action (`go: {open: browser}`), or several behind `do:`.",
            "",
            *_rows(table.RULE, skip=tuple(table.ACTION)),
            "",
            "How limits are counted, and how a rule asks, is in [actions.md](actions.md#how-often).",
            "",
            "## An action",
            "",
            "One of the first six, with its options. Any of the six may have a value for each system:",
            '`run: {linux: [wmctrl, -s, "0"], macos: [open, -a, Finder]}`; on a system without one the action is left',
            "out, and a rule without any action left is off. What each does exactly is in [actions.md](actions.md).",
            "",
            *_rows(table.ACTION),
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
        "properties": {name: _schema(name, key) for name, key in table.ACTION.items()},
    }
    one_or_more = {"anyOf": [{"$ref": "#/$defs/action"}, {"const": "pause"}]}
    do = {
        "description": table.RULE["do"].meaning,
        "anyOf": [one_or_more, {"type": "array", "items": one_or_more, "minItems": 1}],
    }
    properties = {name: _schema(name, key) for name, key in table.RULE.items() if name != "do"}
    rule = {"type": "object", "additionalProperties": False, "properties": properties | {"do": do}}
    file = {name: _schema(name, key) for name, key in table.FILE.items() if name != "rules"}
    confirm = {
        "type": "object",
        "additionalProperties": False,
        "required": ["model"],
        "properties": {name: _schema(name, key) for name, key in table.CONFIRM_WITH.items()},
    }
    file["confirm_with"] = {
        "description": table.FILE["confirm_with"].meaning,
        "anyOf": [table.TextSchema, confirm],
    }
    rules = {
        "description": table.FILE["rules"].meaning,
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


def _schema(name: str, key: table.Key) -> dict[str, Any]:
    if name not in table.ACTIONS:
        return {"description": key.meaning, **key.schema}
    systems = {
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": dict.fromkeys(table.SYSTEMS, key.schema),
    }
    return {"description": key.meaning, "anyOf": [key.schema, systems]}


def _rows(keys: Mapping[str, table.Key], skip: tuple[str, ...] = ()) -> list[str]:
    rows = ["| key | default | example | meaning |", "|---|---|---|---|"]
    for name, key in keys.items():
        if name not in skip:
            rows.append(f"| `{name}` | {_default(key)} | `{key.example}` | {key.meaning} |")
    return rows


def _default(key: table.Key) -> str:
    if key.shown:
        return f"`{key.shown}`" if " " not in key.shown else key.shown
    if key.default is None:
        return ""
    if isinstance(key.default, bool):
        return f"`{str(key.default).lower()}`"
    if isinstance(key.default, float) and key.schema is table.Duration:
        return f"`{written(key.default)}`"
    return f"`{key.default}`"


def main() -> None:
    """Write both files."""
    (ROOT / PAGE).write_text(reference(), encoding="utf-8")
    (ROOT / SCHEMA).write_text(json.dumps(json_schema(), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
