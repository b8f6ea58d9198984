"""Verbs that start the daemon or talk to a running one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicego import __version__
from voicego.cli import say
from voicego.errors import Exit, VoicegoError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_S = 366 * 86_400.0
"""The longest pause for a while."""

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Rules file, instead of your own.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    for verb in (run, status, pause, resume, reload, stop, do, log):
        app.command(rich_help_panel="Listening")(verb)


def _version(*, wanted: bool) -> None:
    if wanted:
        say.line(f"voicego {__version__}")
        raise typer.Exit


def everywhere(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=lambda value: _version(wanted=value), is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """Take the options that stand before any verb."""


def run(
    *,
    config: Config = None,
    headless: Annotated[bool, typer.Option("--headless", help="No tray icon.")] = False,
    input_: Annotated[
        str | None,
        typer.Option(
            "--input", help="Hear a sound file instead of the microphone; - for raw 16 kHz s16le on standard input."
        ),
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="With --input: as fast as it goes, not at life speed.")] = False,
    device: Annotated[str | None, typer.Option("--device", help="Microphone by name; see `voicego devices`.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="A chattier log.")] = False,
) -> int:
    """Listen, and act by your rules, until stopped."""
    from voicego.app import running  # the whole river

    wishes = running.Wishes(config, headless, input_, fast, device, dry_run, verbose)
    return running.run(wishes, terminal=running.on_a_terminal(), tell=say.error)


def status(*, as_json: AsJson = False) -> int:
    """Show what the running voicego is doing."""
    found = ask_running("status")["status"]
    if as_json:
        say.json_line(found)
    else:
        for text in picture(found):
            say.line(text)
    return Exit.OK


def pause(
    duration: Annotated[
        str | None, typer.Argument(help="How long, such as 15m; without it until `voicego resume`.")
    ] = None,
) -> None:
    """Stop listening and close the microphone."""
    arguments = {} if duration is None else {"for_s": _seconds(duration)}
    _show_state(ask_running("pause", **arguments))


def resume() -> None:
    """Listen again."""
    _show_state(ask_running("resume"))


def reload() -> None:
    """Read the rules file again; saving it does the same."""
    _show_state(ask_running("reload"))


def stop() -> None:
    """End the running voicego."""
    path = _socket()
    ask_running("stop")
    deadline = time.monotonic() + 5.0
    while path.exists():
        if time.monotonic() > deadline:
            raise VoicegoError("voicego was told to stop and still runs; `voicego log` may say why")
        time.sleep(0.02)
    say.line("stopped")


def do(
    keyword: Annotated[str, typer.Argument(help="Keyword of a rule.")],
    *,
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")] = False,
) -> int:
    """Carry out a rule's actions now, as if its word had been heard; with or without a running voicego."""
    from voicego.app import doing

    runs = doing.do(keyword, config, dry_run=dry_run)
    for one in runs:
        detail = f": {one['detail'].strip()}" if one["detail"].strip() else ""
        say.line(f"{one['action']}: {one['outcome']} ({one['seconds']:.2f} s){detail}")
    return Exit.OK if all(one["outcome"] in {"ok", "skipped"} for one in runs) else Exit.FAILED


def log(
    *,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
) -> None:
    """Show the log."""
    from voicego.log import tail
    from voicego.paths import paths

    for text in tail(paths(os.environ).log, lines, follow=follow):
        say.line(text)


def picture(found: Mapping[str, Any]) -> list[str]:
    """Describe a status in lines for a person."""
    told_below = found["reason"] == found["config_error"]
    rows = [("state", found["state"] + (f" ({found['reason']})" if found["reason"] and not told_below else ""))]
    if found["config_error"]:
        waits = found["state"] == "config error"
        still = "voicego waits until they are mended" if waits else "the last good rules stay in use"
        rows.append(("rules are broken", f"\n{found['config_error']}\n{still}"))
    rows += [("note", text) for text in found["notices"]]
    rows += [
        ("microphone", found["microphone"] or "none open"),
        ("listens for", ", ".join(found["rules"]) or "nothing: no rule is active"),
        ("model", f"{found['model']} ({found['engine'] or 'loading'})" if found["model"] else "none"),
    ]
    if found["engine_file"]:
        rows.append(("its file", found["engine_file"]))
    if confirming := found["confirming"]:
        rows.append(("last word", _last_word(confirming, found["counters"])))
    rows += [("offer", offered(one)) for one in found["offers"]]
    if last := found["last_detection"]:
        at = time.strftime("%H:%M:%S", time.localtime(last["time"]))
        rows.append(("last heard", f"{last['keyword']} ({last['score']:.2f}) at {at}"))
    if ran := found["last_run"]:
        detail = f": {ran['detail']}" if ran["detail"] and ran["outcome"] != "ok" else ""
        rows.append(("last action", f"{ran['action']}: {ran['outcome']}{detail}"))
    counters = found["counters"]
    rows.append(
        (
            "so far",
            f"{counters['detections']} detections, {counters['actions']} actions, {found['heard_s'] / 60:.0f} min"
            + _trouble(counters),
        )
    )
    rows += [("rules", found["rules_file"]), ("log", found["log_file"]), ("process", str(found["pid"]))]
    width = max(len(name) for name, _ in rows)
    return [f"{name:>{width}}  {text}" for name, text in rows]


def offered(offer: Mapping[str, Any]) -> str:
    """Say what a person may do about a word that is often wrong."""
    return (
        f"{offer['keyword']} was wrong {offer['wrongs']} times within a day; to hear it less readily: "
        f"voicego choose sensitivity {offer['level']} {offer['keyword']}"
    )


def _trouble(counters: Mapping[str, int]) -> str:
    """Name what went wrong so far."""
    names = {
        "reconnects": "microphone lost",
        "restarts": "listening restarted",
        "windows_skipped": "windows skipped",
        "dropped_detections": "detections dropped",
        "limited": "beyond a limit",
    }
    return "".join(f", {text}: {counters[name]}" for name, text in names.items() if counters[name])


def _last_word(confirming: Mapping[str, Any], counters: Mapping[str, int]) -> str:
    """Describe the confirming model and what it did."""
    why = f": {confirming['reason']}; what needs it is not acted on" if confirming["reason"] else ""
    engine = f", {confirming['engine']}" if confirming["engine"] else ""
    done = f"{counters['confirmed']} confirmed, {counters['refused']} refused, {counters['too_late']} too late"
    lost = f", {counters['not_asked']} not asked" if counters["not_asked"] else ""
    return f"{confirming['model']} ({confirming['state']}{engine}{why}); {done}{lost}"


def _show_state(reply: Mapping[str, Any]) -> None:
    found = reply["status"]
    say.line(found["state"] + (f" ({found['reason']})" if found["reason"] else ""))


def _socket() -> Path:
    from voicego.paths import paths

    return paths(os.environ).socket


def ask_running(verb: str, **arguments: object) -> dict[str, Any]:
    """Ask the running voicego; raises as `control.client.ask`."""
    from voicego.control.client import ask

    return ask(_socket(), verb, timeout_s=6.0, **arguments)


def _seconds(duration: str) -> float:
    from voicego.config.durations import in_seconds

    if duration.isdecimal() and 0 < int(duration) <= LONGEST_S / 60:  # most people mean minutes
        ways = f"write {duration}m for minutes, {duration}s for seconds"
        raise typer.BadParameter(f"it is {duration}, without a unit; {ways}", param_hint="DURATION")
    try:
        return in_seconds(duration, 1.0, LONGEST_S)
    except ValueError as error:
        raise typer.BadParameter(f"it {error}", param_hint="DURATION") from error
