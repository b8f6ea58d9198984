"""Verbs that hear: files, and the microphone for a look."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from voicego.cli import say
from voicego.cli.daemon import Config
from voicego.errors import Exit

Model = Annotated[str, typer.Option("--model", "-m", help="embedded, a folder, or a fetched hub id.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON lines instead of text.")]


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    for verb in (demo, devices, record, classify, spot):
        app.command(rich_help_panel="Hearing")(verb)


def demo(
    *, fast: Annotated[bool, typer.Option("--fast", help="As fast as it goes, not at life speed.")] = False
) -> int:
    """Play a recording through the whole of voicego to a real action, and show what happens. Needs no microphone."""
    from voicego.app import demo as demonstration

    return demonstration.show(say.line, fast=fast)


def devices() -> None:
    """List the microphones."""
    from voicego.app import microphones

    for text in microphones.listing():
        say.line(text)


def record(
    seconds: Annotated[float, typer.Argument(min=0.1, max=600, help="How long.")],
    file: Annotated[Path, typer.Argument(help="Where to: .wav, .flac or .ogg.")],
    *,
    device: Annotated[str | None, typer.Option("--device", help="Microphone by name.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    model: Model = "embedded",
) -> None:
    """Record the microphone to a file, show the level, then what the model hears in it."""
    from voicego.app import microphones

    for text in microphones.record(seconds, file, device, model, force=force):
        say.line(text)


def classify(
    files: Annotated[list[str], typer.Argument(help="Sound files, one word each.")],
    *,
    top: Annotated[int, typer.Option("--top", min=1, help="How many labels to show.")] = 3,
    as_json: AsJson = False,
    labels: Annotated[int | None, typer.Option("--labels", help="12: sum every other word into _unknown_.")] = None,
    model: Model = "embedded",
    threads: Annotated[int, typer.Option("--threads", min=1, max=64)] = 1,
) -> int:
    """Say which word each clip holds."""
    from voicego.app import clips
    from voicego.app.stream import Failed

    if labels not in {None, 12}:
        raise typer.BadParameter("only --labels 12 is known", param_hint="--labels")
    worst = Exit.OK
    for heard in clips.classify(files, model, top=top, twelve=labels is not None, threads=threads):
        if isinstance(heard, Failed):
            say.error(heard.why)
            worst = Exit.FAILED
        elif as_json:
            ranked = [{"label": label, "score": score} for label, score in heard.top]
            say.json_line({"file": heard.file, "label": heard.label, "score": heard.score, "top": ranked})
        else:
            say.line(f"{heard.file}: " + ", ".join(f"{label} {score:.2f}" for label, score in heard.top))
    return worst


def spot(
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Sound files, folders of them; - for raw 16 kHz s16le; none: the microphone."),
    ] = None,
    *,
    config: Config = None,
    as_json: AsJson = False,
    scores: Annotated[bool, typer.Option("--scores", help="Every window with all its scores.")] = False,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Without --config: embedded, a folder, or a fetched hub id.")
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="Microphone by name.")] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, max=512, help="Processes for many files; else one for each core."),
    ] = None,
) -> int:
    """Find keywords in files, exactly as the daemon would; without a file, in what the microphone hears. Never acts."""
    from voicego.app import folders, spotting
    from voicego.app.stream import Failed, Looked, Passed
    from voicego.cli.progress import bar

    worst = Exit.OK
    setup = spotting.setup_for(config, model)
    recordings = list(folders.sound_files(files or []))
    found = spotting.spot(recordings, setup, device, every_window=scores, jobs=jobs)
    with bar(recordings, wanted=not as_json) as progress, closing(found):
        for one in found:
            if isinstance(one, Passed):
                progress.passed(one.file, one.part)
                continue
            progress.make_way()
            if isinstance(one, Failed):
                silent = f"there is no sound file in {one.file}, or in a folder beneath it"
                say.error(silent if folders.is_folder(one.file) else one.why)
                progress.passed(one.file, 1.0)
                worst = Exit.FAILED
            elif as_json:
                say.json_line(asdict(one))
            elif isinstance(one, Looked):
                best = sorted(one.scores.items(), key=lambda pair: -pair[1])[:5]
                mark = "=" if one.laid else " "
                say.line(
                    f"{one.file} {one.start_s:8.2f} to {one.end_s:8.2f} {mark} "
                    + "  ".join(f"{label} {score:.2f}" for label, score in best)
                )
            else:
                say.line(f"{one.file}: {one.keyword} ({one.score:.2f}) at {one.at_s:.2f} s")
    return worst
