"""Each block of keys: every key has its place, every value is what its key takes. Alone in importing voluptuous."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from voluptuous import DictInvalid, Extra, Invalid, MultipleInvalid, Schema, SequenceTypeInvalid

from voicego.config import table, values
from voicego.config.words import found, glued, listed, nearest, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from voicego.config.places import Marked, Path

Block = dict[str, Any]
"""Checked values by their keys, those of `table`; the ones that the file leaves out are not in it."""


def taken(marked: Marked, data: dict[str, Any]) -> Block:
    """Check a whole file and note every mistake; with one there is nothing to go on with, and the block is empty."""
    try:
        return cast("Block", _FILE(data))
    except MultipleInvalid as several:
        for error in several.errors:
            _tell(marked, error)
    return {}


class _UnknownKey(Invalid):
    """A key that has no place in its block."""


def _block(keys: Mapping[str, table.Key], **blocks: object) -> Schema:
    """What voluptuous is to check in a block with these keys; `blocks` says it for those that hold blocks."""
    simple = {
        name: _for_each_system(key.take) if name in table.ACTIONS else _taken(key.take)
        for name, key in keys.items()
        if key.take
    }
    return _keys(simple | blocks)


def _keys(known: dict[Any, Any]) -> Schema:
    return Schema({**known, Extra: _unknown})


def _taken(take: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Hand on what a function of `values` says; voluptuous has a sentence of its own for each ValueError."""

    def checked(value: object) -> object:
        try:
            return None if value is None else take(value)  # nothing behind a key is told already
        except ValueError as error:
            raise Invalid(str(error)) from error

    return checked


def _for_each_system(take: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    one = _taken(take)
    each = _keys(dict.fromkeys(table.SYSTEMS, one))

    def checked(value: object) -> dict[str, Any]:
        if isinstance(value, dict):
            return cast("dict[str, Any]", each(value))
        return dict.fromkeys(table.SYSTEMS, one(value))

    return checked


def _each(of: Schema) -> Callable[[Any], list[Any]]:
    """Check a list whole; voluptuous leaves it at the first block with a mistake."""
    numbered = Schema({int: of})

    def checked(value: object) -> list[Any]:
        if value is None:  # told already
            return []
        if not isinstance(value, list):
            raise SequenceTypeInvalid("")
        return list(numbered(dict(enumerate(value))).values())

    return checked


def _or_named(block: Schema) -> Callable[[Any], Any]:
    """A block, or its `model` alone."""
    named = _taken(values.model)

    def checked(value: object) -> object:
        return block(value) if isinstance(value, dict) else {"model": named(value)}

    return checked


def _unknown(_: object) -> None:
    raise _UnknownKey("")


_FILE = _block(
    table.FILE,
    rules={str: _block(table.RULE, do=_each(_block(table.ACTION)))},
    confirm_with=_or_named(_block(table.CONFIRM_WITH)),
)


def _tell(marked: Marked, error: Invalid) -> None:
    """Say in a sentence what voluptuous found."""
    path = cast("Path", tuple(error.path))
    name = next((str(part) for part in reversed(path) if isinstance(part, str)), "")
    match error:
        case _UnknownKey():
            _unknown_key(marked, path, name, marked.at(path))
        case SequenceTypeInvalid():
            marked.wrong(path, f'"{name}" is {found(marked.at(path))}; a list of actions is wanted')
        case DictInvalid():
            wanted = "an action such as {open: browser}" if len(path) > 1 else "a block of keys"
            marked.wrong(path, f"{_called(path, name)} is {found(marked.at(path))}; {wanted} is wanted")
        case _:
            marked.wrong(path, f'"{name}" {error.msg}')


def _called(path: Path, name: str) -> str:
    if path and isinstance(path[-1], int):
        return f'number {path[-1] + 1} of "{name}"'
    return f'the rule for "{name}"' if len(path) == 2 else f'"{name}"'  # noqa: PLR2004


def _unknown_key(marked: Marked, path: Path, name: str, value: object) -> None:
    match path:
        case (_,):
            known, what = list(table.FILE), "key"
        case ("confirm_with", _):
            known, what = list(table.CONFIRM_WITH), "key of `confirm_with`"
        case ("rules", _, _):
            known, what = list(table.RULE), "key of a rule"
        case ("rules", _, "do", int(), _):
            known, what = list(table.ACTION), "key of an action"
        case _:
            known, what = list(table.SYSTEMS), "system"
    if text := _misplaced(what, name, value):
        marked.wrong(path, text, key=True)
        return
    meant = nearest(name, known)
    hint = glued(name, known) or (f'Did you mean "{meant}"?' if meant else f"There are: {listed(known)}.")
    marked.wrong(path, f"no {what} is called {quoted(name)}. {hint}", key=True)


def _misplaced(what: str, name: str, value: object) -> str:
    """Say where a key belongs that stands in the wrong block; empty if it belongs nowhere."""
    if what == "key of an action" and name in table.RULE:
        return f'"{name}" belongs to the rule, not to one of its actions; move it beside `do:`'
    if what in {"key of a rule", "key of an action"} and name in table.FILE:
        return f'"{name}" concerns the whole file; move it to the top, beside `rules:`'
    if what == "key" and name in table.RULE:
        return f'"{name}" belongs to a rule; move it behind a keyword under `rules:`'
    if what == "key" and isinstance(value, dict) and not nearest(name, ("rules",)):
        return f"no key is called {quoted(name)}. If it is a keyword: keywords stand under `rules:`, indented."
    return ""
