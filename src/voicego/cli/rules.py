"""Verbs for the rules file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from voicego.cli import say
from voicego.cli.daemon import Config
from voicego.errors import Exit


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    app.command(rich_help_panel="Rules")(init)
    app.command(rich_help_panel="Rules")(check)
    config = typer.Typer(no_args_is_help=True, help="Find, edit or show the rules file.")
    config.command()(path)
    config.command()(edit)
    config.command()(show)
    app.add_typer(config, name="config", rich_help_panel="Rules")


def _file(config: Path | None) -> Path:
    from voicego.paths import paths

    return (config or paths(os.environ).rules).expanduser().absolute()


def init(
    *,
    config: Config = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: write the rules, and what is named here.")
    ] = False,
    microphone: Annotated[
        str | None, typer.Option("--microphone", help="Microphone by name, instead of asking; see `voicego devices`.")
    ] = None,
    test: Annotated[
        bool | None, typer.Option("--test/--no-test", help="Ask for a word, and show what was heard.")
    ] = None,
    login: Annotated[bool | None, typer.Option("--login/--no-login", help="Start voicego at login.")] = None,
) -> int:
    """Begin: starter rules, a microphone with a level bar, one word for a proof, a start at login if you like."""
    from voicego.app import first_run
    from voicego.app.ear import Ear
    from voicego.cli import screen

    wishes = first_run.Wishes(_file(config), force, microphone, test, login)
    terminal = screen.Pipe() if yes or not screen.on_a_terminal() else screen.Terminal()
    with Ear() as ear:
        return first_run.first_run(wishes, terminal, ear, _at_login, running=_runs)


def _runs() -> bool:
    from voicego.control.client import ask
    from voicego.errors import VoicegoError
    from voicego.paths import paths

    try:
        return bool(ask(paths(os.environ).socket, "status", timeout_s=1.0))
    except VoicegoError:
        return False


def _at_login() -> list[str]:
    from voicego import service

    chosen = service.service(headless=False)
    changed = service.change(chosen.install)
    remark = [chosen.remark] if chosen.remark else []
    return [*changed, *remark, f"voicego starts at login{'' if changed else ' already'}; start it now: voicego run"]


def check(
    files: Annotated[list[Path] | None, typer.Argument(help="Rules files; without one, your own.")] = None,
    *,
    config: Config = None,
) -> int:
    """Check rules: every mistake with file, line and column."""
    from voicego.app import rules
    from voicego.errors import RulesError

    worst = Exit.OK
    for file in (*(files or ()), *((config,) if config else ())) or (_file(None),):
        try:
            setup = rules.read(file)
        except RulesError as error:
            say.error(str(error))
            worst = error.exit_code
        else:
            active = [rule.keyword for rule in setup.rules if rule.enabled]
            say.line(f"{file}: good; listens for {', '.join(active) or 'nothing, no rule is active'}")
    return worst


def path(
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Every place of voicego's, and the variable that moves it.")
    ] = False,
) -> None:
    """Show where the rules file is."""
    from voicego.paths import paths

    places = paths(os.environ)
    if not every:
        say.line(str(places.rules))
        return
    for what, place, variable in (
        ("rules", places.rules, "VOICEGO_CONFIG"),
        ("last good rules", places.last_good, "VOICEGO_STATE_DIR"),
        ("choices", places.choices, "VOICEGO_STATE_DIR"),
        ("called wrong", places.wrong, "VOICEGO_STATE_DIR"),
        ("exports", places.exports, "VOICEGO_DATA_DIR"),
        ("log", places.log, "VOICEGO_LOG_DIR"),
        ("the tray's log", places.tray_log, "VOICEGO_LOG_DIR"),
        ("lock", places.lock, "VOICEGO_RUNTIME_DIR"),
        ("socket", places.socket, "VOICEGO_RUNTIME_DIR"),
    ):
        say.line(f"{what:<15} {place}  ({variable})")


def edit(*, config: Config = None) -> int:
    """Open the rules file in your editor, then check it."""
    import click

    from voicego.app import rules

    file = _file(config)
    if rules.begin(file):
        say.line(f"wrote the starter rules to {file}")
    click.edit(filename=str(file))
    return check(config=file)


def show(*, config: Config = None) -> None:
    """Show every value in use, and where it comes from."""
    from voicego.app import showing
    from voicego.paths import paths

    for text in showing.lines(_file(config), paths(os.environ).choices):
        say.line(text)
