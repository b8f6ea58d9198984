"""From plain values with places to a `Setup`: keys, types, actions and keywords are checked, all in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicego.config import blocks, table
from voicego.config.keywords import check_keywords
from voicego.config.resolving import resolved
from voicego.config.words import as_list, found, listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from voicego.config.places import Marked, Path
    from voicego.wanted import Setup


def checked(marked: Marked, hears: Callable[[str], tuple[str, ...]], platform: str) -> Setup:
    """Check what a file says and resolve it for one platform.

    Raises:
        RulesError: every mistake in it.
    """
    data = marked.data
    if data is None:
        marked.raise_problems()
        marked.wrong((), "the file is empty; `rules:` with a rule under it is wanted, see `voicego init`")
        marked.raise_problems()
    if not isinstance(data, dict):
        marked.wrong((), f"this is {found(data)}; keys are wanted, first of all `rules:`")
        marked.raise_problems()
    if data.get("rules") is None:  # `rules:` with nothing under it, or left out: it listens for nothing
        data["rules"] = {}
    for path, rule in _rules(data):
        _check_do(marked, path, rule)
        _check_sureness(marked, path, rule)
    for path, block, known in _blocks(data):
        _check_nulls(marked, path, block, known)
    for path, action in _actions(data):
        _check_action(marked, path, action)
    file = blocks.taken(marked, _without_told(data))
    check_keywords(marked, data, hears)
    marked.raise_problems()
    return resolved(file, platform)


def _rules(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    rules = data["rules"]
    if isinstance(rules, dict):
        yield from ((("rules", word), rule) for word, rule in rules.items() if isinstance(rule, dict))


def _blocks(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any], Container[str]]]:
    """Every block of keys and the keys it may have: the file, its rules, and the actions in their lists."""
    yield (), {key: value for key, value in data.items() if key != "rules"}, table.FILE
    if isinstance(data.get("confirm_with"), dict):
        yield ("confirm_with",), data["confirm_with"], table.CONFIRM_WITH
    for path, rule in _rules(data):
        yield path, rule, table.RULE
        for place, one in _listed(path, rule):
            yield place, one, table.ACTION


def _listed(path: Path, rule: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every block in the list behind `do:`."""
    do = rule.get("do")
    if isinstance(do, list):
        yield from (((*path, "do", number), one) for number, one in enumerate(do) if isinstance(one, dict))


def _check_nulls(marked: Marked, path: Path, block: dict[str, Any], known: Container[str]) -> None:
    """Nothing behind a key is a mistake."""
    for key, value in block.items():
        if value is None and key in known:
            marked.wrong((*path, key), f'"{key}" is empty; write a value behind it, or leave the key out', key=True)
        if key in table.ACTIONS and key in known and isinstance(value, dict):
            if not value:
                marked.wrong((*path, key), f'"{key}" has no value; there are: {listed(table.SYSTEMS)}', key=True)
            for system in [system for system in table.SYSTEMS if value.get(system, "") is None]:
                marked.wrong((*path, key, system), f'"{system}" is empty; write a value behind it', key=True)


def _actions(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every block that should hold one action; a rule counts when it has no `do`."""
    for path, rule in _rules(data):
        if rule.get("do") is None:
            yield path, rule
        elif rule["do"] == []:
            yield (*path, "do"), {}
        else:
            yield from _listed(path, rule)


def _check_do(marked: Marked, path: Path, rule: dict[str, Any]) -> None:
    """Make a list of what stands behind `do:`; beside it there is room for what concerns the whole rule only."""
    do = rule.get("do")
    if do is None:
        return
    if isinstance(do, dict) or do == "pause":  # one action needs no list
        marked.lone((*path, "do"))
        rule["do"] = do = [do]
    if isinstance(do, list):
        rule["do"] = [{"pause": True} if one == "pause" else one for one in do]
    for key in [key for key in rule if key in table.ACTION]:
        hint = "move it into the list behind `do:`" if key in table.ACTIONS else "move it to its action behind `do:`"
        marked.wrong((*path, key), f'"{key}" stands beside `do:`; {hint}', key=True)


def _check_sureness(marked: Marked, path: Path, rule: dict[str, Any]) -> None:
    """A rule says how sure to be in one way."""
    both = [key for key in rule if key in {"threshold", "sensitivity"} and rule[key] is not None]
    if len(both) > 1:
        text = f'"{both[1]}" stands beside "{both[0]}"; keep one of them, each says how sure to be'
        marked.wrong((*path, both[1]), text, key=True)


def _check_action(marked: Marked, path: Path, block: dict[str, Any]) -> None:
    """Check what no key says by itself: how many actions there are, and which options go with them."""
    kinds = [key for key in block if key in table.ACTIONS]
    in_rule = len(path) == 2  # noqa: PLR2004 -- rules, word
    if not kinds and "do" not in block:
        misspelt = any(nearest(key, table.ACTIONS) for key in block if key not in table.RULE)
        misplaced = not in_rule and bool({*block} & {*table.RULE} - {*table.ACTION})
        if not misspelt and not misplaced:
            hint = f"such as {{open: browser}}; actions are {listed(table.ACTIONS)}"
            marked.wrong(
                path, f"the rule has no action; give it one, {hint}" if in_rule else f"an action is wanted, {hint}"
            )
    if len(kinds) > 1:
        hint = (
            "write them as a list behind `do:`, in their order"
            if in_rule
            else "give each a line of its own in the list"
        )
        marked.wrong((*path, kinds[1]), f"{listed(kinds)} in one place; {hint}", key=True)
    for option, of in table.OPTIONS.items():
        if option in block and kinds and not set(kinds) & set(of):
            marked.wrong((*path, option), f'"{option}" goes with {listed(of)}, not with {kinds[0]}', key=True)
    run = block.get("run")
    for place, command in _each_system((*path, "run"), run):
        if isinstance(command, str) and block.get("shell", False) is False:
            marked.wrong(place, f'"run" is one string; write {as_list(command)}, or add `shell: true`')
        if isinstance(command, list) and block.get("shell") is True:
            marked.wrong(place, '"run" is a list; with `shell: true` it must be one string')


def _each_system(path: Path, value: object) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict):
        yield from (((*path, system), one) for system, one in value.items())
    else:
        yield path, value


def _without_told(data: dict[str, Any]) -> dict[str, Any]:
    """Leave out actions beside `do:`, which are named as a problem of their own."""
    rules = data["rules"]
    if not isinstance(rules, dict):
        return data
    new = {
        word: {key: value for key, value in rule.items() if key not in table.ACTIONS}
        if isinstance(rule, dict) and isinstance(rule.get("do"), list)
        else rule
        for word, rule in rules.items()
    }
    return data | {"rules": new}
