"""`voicego service`: start at login, and what goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicego.cli import say
from voicego.errors import Exit, VoicegoError

if TYPE_CHECKING:
    from voicego.service.services import Service
    from voicego.service.steps import Step

Headless = Annotated[bool, typer.Option("--headless", help="The daemon alone, without a tray icon.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")]


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    service = typer.Typer(no_args_is_help=True, help="Start at login: install, uninstall, start, stop, look.")
    for verb in (install, uninstall, status, start, stop, restart):
        service.command()(verb)
    app.add_typer(service, name="service", rich_help_panel="Listening")


def install(*, headless: Headless = False, dry_run: DryRun = False) -> None:
    """Start voicego at login from now on; twice does no harm."""
    chosen = _chosen(headless=headless)
    if not _change(chosen.install, dry_run=dry_run):
        say.line("it is installed already, just so")
    if chosen.remark:
        say.error(chosen.remark)
    if not dry_run:
        say.line(f"voicego starts at login from now on; start it now: voicego service start{_flag(headless=headless)}")


def uninstall(*, headless: Headless = False, dry_run: DryRun = False) -> None:
    """Start voicego at login no more, and leave nothing behind."""
    chosen = _chosen(headless=headless)
    if dry_run and chosen.look() is None:
        say.line("it is not installed; nothing would be removed")
    elif not _change((*chosen.before_uninstall, *chosen.uninstall), dry_run=dry_run):
        say.line("it was not installed")


def status(
    *,
    headless: Headless = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")] = False,
) -> int:
    """Show what is installed, and whether it starts this voicego; without --headless both kinds."""
    kinds = (True,) if headless else (False, True)
    found = [_looked_at(headless=each) for each in kinds]
    if as_json:
        say.json_line({"services": found, "running": _running()})
    else:
        for one in found:
            say.line(f"{one['name']}: {_in_words(one)}")
        running = _running()
        say.line(f"running now: {f'yes, process {running}' if running else 'no'}")
    good = any(one["installed"] for one in found) and not any(one["complaint"] for one in found)
    return Exit.OK if good else Exit.FAILED


def start(*, headless: Headless = False, dry_run: DryRun = False) -> None:
    """Start what is installed, now."""
    chosen = _installed(headless=headless, dry_run=dry_run)
    _change(chosen.start, dry_run=dry_run)


def stop(*, headless: Headless = False, dry_run: DryRun = False) -> None:
    """End it; at the next login it starts again."""
    from voicego.service.steps import StopDaemon

    steps = _installed(headless=headless, dry_run=dry_run).stop
    if not _change(steps, dry_run=dry_run) and any(isinstance(step, StopDaemon) for step in steps):
        say.line("voicego was not running")


def restart(*, headless: Headless = False, dry_run: DryRun = False) -> None:
    """End it and start it again."""
    chosen = _installed(headless=headless, dry_run=dry_run)
    _change(chosen.restart or (*chosen.stop, *chosen.start), dry_run=dry_run)


def _chosen(*, headless: bool) -> Service:
    from voicego.service import service  # other verbs need nothing of it

    return service(headless=headless)


def _installed(*, headless: bool, dry_run: bool) -> Service:
    chosen = _chosen(headless=headless)
    if not dry_run and chosen.look() is None:
        raise VoicegoError(f"nothing is installed; first: voicego service install{_flag(headless=headless)}")
    return chosen


def _change(steps: tuple[Step, ...], *, dry_run: bool) -> bool:
    """Carry out, or show; whether anything changed, or would."""
    from voicego.service import change
    from voicego.service.steps import told

    lines = tuple(map(told, steps)) if dry_run else change(steps)
    for line in lines:
        say.line(line)
    return bool(lines)


def _looked_at(*, headless: bool) -> dict[str, Any]:
    from voicego.service import complaint

    chosen = _chosen(headless=headless)
    found = chosen.look()
    return {
        "name": chosen.name,
        "headless": headless,
        "installed": found is not None,
        "where": found.where if found else "",
        "command": list(found.command) if found else [],
        "version": found.version if found else "",
        "on": found.on if found else False,
        "complaint": complaint(chosen),
    }


def _in_words(one: dict[str, Any]) -> str:
    if not one["installed"]:
        return "not installed"
    mend = f"voicego service install{_flag(headless=one['headless'])}"
    if one["complaint"]:
        return f"{one['where']}\n  {one['complaint']}; set it right: {mend}"
    if not one["on"]:
        return f"{one['where']}\n  it is switched off; switch it on: {mend}"
    return f"{one['where']}\n  starts this voicego"


def _running() -> int:
    """Tell the running daemon's process; 0 if there is none."""
    import os

    from voicego.control.client import ask
    from voicego.paths import paths

    try:
        return int(ask(paths(os.environ).socket, "status")["status"]["pid"])
    except VoicegoError:
        return 0


def _flag(*, headless: bool) -> str:
    return " --headless" if headless else ""
