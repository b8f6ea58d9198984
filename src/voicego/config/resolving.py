"""From a checked file to the `Setup` of one platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicego.flow import Action, ConfirmWith, Launch, Notify, Open, Pause, Rule, Run, Say, Setup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicego.config import table


def resolved(file: table.File, platform: str) -> Setup:
    """Resolve for a platform as `sys.platform` names it. An action that has no value for it is left out."""
    system = {"darwin": "macos", "win32": "windows"}.get(platform, "linux")
    return Setup(
        rules=tuple(_rule(word, rule, system) for word, rule in file.rules.items()),
        microphones=file.microphone,
        channel=file.channel,
        model=file.model,
        sensitivity=file.sensitivity,
        engine=file.engine,
        threads=file.threads,
        hop_s=file.hop,
        quiet_s=file.quiet,
        longest_word_s=file.longest_word,
        warm_up_s=file.warm_up,
        chime=file.chime,
        confirm_with=_confirm_with(file.confirm_with),
        pause_while=file.pause_while,
        at_most=file.at_most,
    )


def _confirm_with(block: table.ConfirmWith | None) -> ConfirmWith | None:
    return ConfirmWith(block.model, block.threshold, block.idle) if block and block.model else None


def _rule(word: str, rule: table.Rule, system: str) -> Rule:
    blocks = [rule] if rule.do is None else rule.do
    actions = tuple(action for block in blocks for action in _actions(block, system))
    return Rule(
        keyword=word,
        actions=actions,
        threshold=rule.threshold,
        sensitivity=rule.sensitivity,
        margin=rule.margin,
        cooldown_s=rule.cooldown,
        isolated=rule.isolated,
        patience_s=rule.patience,
        enabled=rule.enabled and bool(actions),
        confirm=rule.confirm,
        at_most=rule.at_most,
        ask=rule.ask,
    )


def _actions(block: table.Action, system: str) -> Iterator[Action]:
    def here(values: Any) -> Any:  # noqa: ANN401 -- the table's many types
        if values is None:
            return None
        return values.every if values.every is not None else getattr(values, system)

    if (target := here(block.open)) is not None:
        yield Open(target)
    if (application := here(block.launch)) is not None:
        yield Launch(application)
    if (command := here(block.run)) is not None:
        yield Run((command,) if block.shell else command, block.shell, block.timeout)
    if (text := here(block.notify)) is not None:
        yield Notify(text, block.timeout)
    if (speech := here(block.say)) is not None:
        yield Say(speech, block.timeout)
    if (pause := here(block.pause)) is not None:
        yield Pause(pause[1])
