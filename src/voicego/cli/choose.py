"""Verbs that choose what the tray's menu chooses: here and now, without a word in the rules file."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from voicego.cli import say
from voicego.cli.daemon import AsJson, ask_running, offered
from voicego.errors import VoicegoError
from voicego.wanted import Absence, Sensitivity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

AS_IN_FILE = "file"


class Level(StrEnum):
    """A sensitivity, or the rules file's."""

    LOWER = Sensitivity.LOWER
    NORMAL = Sensitivity.NORMAL
    HIGHER = Sensitivity.HIGHER
    FILE = AS_IN_FILE


class Switch(StrEnum):
    """On or off."""

    ON = "on"
    OFF = "off"


class SwitchOrFile(StrEnum):
    """On, off, or as the rules file says."""

    ON = "on"
    OFF = "off"
    FILE = AS_IN_FILE


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    choose = typer.Typer(no_args_is_help=True, help="Choose as in the tray's menu; the rules file stays as it is.")
    for verb in (shown, microphone, sensitivity, rule, pause_while):
        choose.command("show" if verb is shown else None)(verb)
    app.add_typer(choose, name="choose", rich_help_panel="Listening")
    app.command(rich_help_panel="Listening")(wrong)


def shown(*, as_json: AsJson = False) -> None:
    """Show what was chosen, and what the rules file says."""
    found = ask_running("status")["status"]
    if as_json:
        say.json_line(found["choices"])
        return
    for text in _picture(found, ask_running("microphones")):
        say.line(text)


def microphone(
    name: Annotated[str, typer.Argument(help="Name, or a part of it; `file`: as the rules file says.")],
) -> None:
    """Hear this microphone while it is there."""
    if not name.strip():
        raise typer.BadParameter("a name is wanted, or `file`; see `voicego devices`", param_hint="name")
    found = ask_running("microphone", name=_unless_file(name))["status"]
    nothing = f"nothing yet: {found['reason']}" if found["reason"] else "nothing yet"
    say.line(f"hears: {found['microphone'] or nothing}")
    for text in found["notices"]:
        say.line(text)


def sensitivity(
    level: Annotated[Level, typer.Argument(help="`lower` errs less, `higher` misses less; `file`: as written there.")],
    keyword: Annotated[str | None, typer.Argument(help="For this word alone.")] = None,
) -> None:
    """Choose how readily words are heard."""
    found = ask_running("sensitivity", level=_unless_file(level), keyword=keyword)["status"]
    if keyword is None:
        say.line(f"sensitivity: {found['sensitivity']}")
    else:
        row = next((one for one in found["rule_states"] if one["keyword"] == keyword), None)  # its rule may have gone
        sure = "" if row is None or row["threshold"] is None else f", heard from {row['threshold']:.2f} on"
        say.line(f"{keyword}: {row['sensitivity'] if row else 'as the rules file says'}{sure}")


def rule(
    keyword: Annotated[str, typer.Argument(help="Keyword of a rule.")],
    switch: Annotated[Switch, typer.Argument(help="`on` or `off`.")],
) -> None:
    """Switch a rule off, or on again."""
    found = ask_running("rule", keyword=keyword, on=switch is Switch.ON)["status"]
    say.line(f"listens for: {', '.join(found['rules']) or 'nothing, no rule is active'}")


def pause_while(
    what: Annotated[Absence, typer.Argument(help="`locked`: the screen is locked; `call`: others hear a microphone.")],
    switch: Annotated[SwitchOrFile, typer.Argument(help="`on`, `off`, or `file`: as the rules file says.")],
) -> None:
    """Do not listen while nobody means voicego."""
    on = None if switch is SwitchOrFile.FILE else switch is SwitchOrFile.ON
    found = ask_running("pause_while", what=what, on=on)["status"]
    say.line(f"pauses while: {', '.join(found['pause_while']) or 'neither locked nor in a call'}")
    if what in found["pause_while"]:
        from voicego.absence import cannot_tell  # D-Bus, for this verb alone

        if why := cannot_tell(what):
            say.line(f"but: {why}")


def wrong(
    detection: Annotated[str | None, typer.Argument(help="Its id, as in the log; without it the last one.")] = None,
) -> None:
    """Say that a detection was none: nobody had said that word. Kept on this computer, without sound."""
    recent = ask_running("status")["status"]["recent"]
    if not recent:
        raise VoicegoError("voicego has heard no word yet, so none can have been wrong")
    one = detection or recent[0]["id"]
    found = ask_running("wrong", id=one)["status"]
    told = next(each for each in found["recent"] if each["id"] == one)
    say.line(f"noted: {told['keyword']} ({told['score']:.2f}) was wrong")
    for offer in found["offers"]:
        say.line(offered(offer))


def _unless_file(value: str) -> str | None:
    return None if value == AS_IN_FILE else str(value)


def _picture(found: Mapping[str, Any], there: Mapping[str, Any]) -> Iterator[str]:
    choices = found["choices"]

    def whence(*, chosen: bool) -> str:
        return "chosen here" if chosen else "as in the file"

    microphones = ", ".join(found["microphones_wanted"])
    yield f"microphone    {microphones} ({whence(chosen=bool(choices['microphone']))})"
    for one in there["microphones"]:
        yield f"              {'*' if one['in_use'] else '-'} {one['name']} ({one['host_api']})"
    yield f"sensitivity   {found['sensitivity']} ({whence(chosen=bool(choices['sensitivity']))})"
    for row in found["rule_states"]:
        off = "" if row["enabled"] else ", switched off here" if row["in_file"] else ", switched off in the file"
        sure = "" if row["threshold"] is None else f" from {row['threshold']:.2f} on"
        yield f"{row['keyword']:<13} {row['does']}{sure} ({whence(chosen=row['chosen'] is not None)}{off})"
    away = ", ".join(found["pause_while"]) or "neither locked nor in a call"
    yield f"pauses while  {away} ({whence(chosen=bool(choices['pause_while']))})"
