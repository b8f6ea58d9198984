"""From a checked file to the `Setup` of one platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicego.config import table
from voicego.wanted import Action, ConfirmWith, Launch, Notify, Open, Pause, Rule, Run, Say, Setup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from voicego.config.blocks import Block


def resolved(file: Block, platform: str) -> Setup:
    """Resolve for a platform as `sys.platform` names it. An action that has no value for it is left out."""
    system = {"darwin": "macos", "win32": "windows"}.get(platform, "linux")
    file = _filled(file, table.FILE)
    return Setup(
        rules=tuple(_rule(word, rule, system) for word, rule in file["rules"].items()),
        microphones=file["microphone"],
        channel=file["channel"],
        model=file["model"],
        sensitivity=file["sensitivity"],
        engine=file["engine"],
        threads=file["threads"],
        hop_s=file["hop"],
        quiet_s=file["quiet"],
        longest_word_s=file["longest_word"],
        warm_up_s=file["warm_up"],
        chime=file["chime"],
        confirm_with=_confirm_with(file["confirm_with"]),
        pause_while=file["pause_while"],
        at_most=file["at_most"],
    )


def _filled(block: Block, keys: Mapping[str, table.Key]) -> Block:
    return {name: key.default for name, key in keys.items()} | block


def _confirm_with(block: Block | None) -> ConfirmWith | None:
    if block is None:
        return None
    block = _filled(block, table.CONFIRM_WITH)
    return ConfirmWith(block["model"], block["threshold"], block["idle"])


def _rule(word: str, rule: Block, system: str) -> Rule:
    rule = _filled(rule, table.RULE)
    blocks = [rule] if rule["do"] is None else rule["do"]
    actions = tuple(action for block in blocks for action in _actions(_filled(block, table.ACTION), system))
    return Rule(
        keyword=word,
        actions=actions,
        threshold=rule["threshold"],
        sensitivity=rule["sensitivity"],
        margin=rule["margin"],
        cooldown_s=rule["cooldown"],
        isolated=rule["isolated"],
        patience_s=rule["patience"],
        enabled=rule["enabled"] and bool(actions),
        confirm=rule["confirm"],
        at_most=rule["at_most"],
        ask=rule["ask"],
    )


def _actions(block: Block, system: str) -> Iterator[Action]:
    here = {kind: block[kind][system] for kind in table.ACTIONS if block[kind] and system in block[kind]}
    if "open" in here:
        yield Open(here["open"])
    if "launch" in here:
        yield Launch(here["launch"])
    if "run" in here:
        yield Run((here["run"],) if block["shell"] else here["run"], block["shell"], block["timeout"])
    if "notify" in here:
        yield Notify(here["notify"], block["timeout"])
    if "say" in here:
        yield Say(here["say"], block["timeout"])
    if "pause" in here:
        yield Pause(here["pause"])
