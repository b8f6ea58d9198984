"""Verbs for models."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from voicego.cli import say
from voicego.errors import VoicegoError


def add_to(app: typer.Typer) -> None:
    """Register the verbs."""
    app.command(rich_help_panel="Models")(fetch)
    app.command(rich_help_panel="Models")(train)
    app.command(rich_help_panel="Models")(average)
    app.command(rich_help_panel="Models")(evaluate)
    app.command(rich_help_panel="Models")(export)


def fetch(
    model: Annotated[str, typer.Argument(help="Hub id, such as anton-l/wav2vec2-base-ft-keyword-spotting.")],
) -> None:
    """Fetch a checkpoint from the Hugging Face hub. The one verb that uses the network."""
    from voicego.spotting import hub

    hub.fetch(model, say.line)
    say.line(f"name it in your rules file: model: {model}")


def train(
    data: Annotated[
        list[Path],
        typer.Option("--data", help="Recordings: packs with an index, or one folder a word. May be repeated."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the checkpoint and the state to resume from.")],
    *,
    start: Annotated[
        str | None, typer.Option("--start", help="A model to go on from, or a fetched wav2vec2 to fine-tune.")
    ] = None,
    embedding: Annotated[
        Path | None, typer.Option("--embedding", help="embedding_model.onnx: what a new network's ears begin with.")
    ] = None,
    words: Annotated[str, typer.Option("--words", help="Own keywords, with commas between; else the ten.")] = "",
    teacher: Annotated[
        Path | None, typer.Option("--teacher", help="A teacher's model.onnx, with labels.json beside it.")
    ] = None,
    validation: Annotated[
        Path | None, typer.Option("--validation", help="List of clips that chooses the best weights.")
    ] = None,
    stride: Annotated[int, typer.Option("--stride", min=1, max=8, help="Frames of 10 ms a step.")] = 4,
    hidden: Annotated[int, typer.Option("--hidden", min=8, help="Width of the network; 4 must divide it.")] = 128,
    layers: Annotated[
        int | None, typer.Option("--layers", min=1, help="4 in a new network; with --start, more than it has.")
    ] = None,
    compiled: Annotated[
        bool, typer.Option("--compile", help="15 to 30 % less time a step; needs a C++ compiler.")
    ] = False,
    steps: Annotated[int, typer.Option("--steps", min=1)] = 8000,
    minutes: Annotated[float | None, typer.Option("--minutes", help="End by then, even if steps are left.")] = None,
    batch: Annotated[int, typer.Option("--batch", min=2)] = 128,
    learning_rate: Annotated[float, typer.Option("--learning-rate", help="Highest rate of the cycle.")] = 2.5e-3,
    teacher_weight: Annotated[
        float, typer.Option("--teacher-weight", min=0, max=1, help="The teacher's part of the loss.")
    ] = 0.5,
    reuse: Annotated[int, typer.Option("--reuse", min=1, help="Steps for each batch of sound, under other masks.")] = 1,
    silence: Annotated[float, typer.Option("--silence", min=0, max=0.5, help="Part of noise in each batch.")] = 0.1,
    harshness: Annotated[
        float, typer.Option("--harshness", min=0, max=1, help="How many windows get rooms, noise and babble.")
    ] = 1.0,
    mine: Annotated[
        bool, typer.Option("--mine", help="Show talk more often that --start takes for a keyword.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed")] = 1,
) -> None:
    """Train a small model on recordings; goes on where it was stopped."""
    if mine and start is None:
        raise VoicegoError("--mine needs --start: the model whose errors are looked for")
    if embedding is not None and start is not None:
        raise VoicegoError("--embedding begins a new network, --start goes on with another: give one of them")
    from voicego.training.network import Shape  # torch
    from voicego.training.train import TrainSettings, train  # torch

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    deep = layers or (Shape().layers if start is None else 1)  # one that is begun with keeps at least what it has
    train(
        TrainSettings(
            data=tuple(data),
            out=out,
            start=start,
            words=tuple(word.strip() for word in words.split(",") if word.strip()),
            teacher=teacher,
            validation=validation,
            shape=Shape(stride, hidden, deep, 2 * hidden)
            if embedding is None
            else Shape(1, hidden, deep, 2 * hidden, kernel=5, ears=True),
            embedding=embedding,
            compiled=compiled,
            steps=steps,
            minutes=minutes,
            batch=batch,
            learning_rate=learning_rate,
            teacher_weight=teacher_weight,
            reuse=reuse,
            silence=silence,
            harshness=harshness,
            mine=mine,
            seed=seed,
        )
    )
    say.line(f"the checkpoint is in {out / 'model'}; name it in your rules file: model: {(out / 'model').absolute()}")


def average(
    models: Annotated[
        list[str], typer.Argument(help="Two or more: a model, or the folder of a training run, for its last weights.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the checkpoint.")],
) -> None:
    """Average the weights of models that were made from each other; often better than each."""
    from voicego.training import averaging  # torch

    averaging.average(models, out)
    say.line(f"the average is in {out}; choose its thresholds with: voicego evaluate --choose --model {out}")


def evaluate(
    data: Annotated[
        list[Path], typer.Option("--data", help="Recordings, as for training; only validation speakers are heard.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for report.html and report.json.")],
    *,
    model: Annotated[str, typer.Option("--model", help="The model: embedded, a folder, or a fetched id.")] = "embedded",
    choose: Annotated[
        bool, typer.Option("--choose", help="Choose thresholds and write them into the model's decision table.")
    ] = False,
    more: Annotated[
        bool, typer.Option("--more", help="With --choose: offer other words that the model knows, if good enough.")
    ] = False,
) -> None:
    """Measure a model as voicego uses it: accuracy, misses, false accepts an hour, at every threshold."""
    from voicego.training.examine import Examination, examine  # torch

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    examine(Examination(model, tuple(data), out, choose=choose, more=more))
    say.line(f"the report is in {out / 'report.html'}")


def export(
    model: Annotated[str, typer.Argument(help="`embedded`, a folder, or the id of a fetched model.")] = "embedded",
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the files; else where voicego looks for them.")
    ] = None,
    int8: Annotated[
        bool | None, typer.Option("--int8/--no-int8", help="Keep int8 weights unmeasured; or do not try them.")
    ] = None,
    clips: Annotated[
        Path | None, typer.Option("--clips", help="List of clips that accuracy is measured on; decides on int8.")
    ] = None,
    litert: Annotated[bool, typer.Option("--litert", help="Also a model.tflite; needs the extra litert.")] = False,
) -> None:
    """Write a model as ONNX for other runtimes, compared with torch before it is kept."""
    from voicego.app import exporting

    done = exporting.export(exporting.ExportSettings(model, out, int8, clips, litert), say.line)
    for row in exporting.table(done):
        say.line(row)
    for entry in done.rows:
        if entry.dropped:
            say.line(f"{entry.file} is not kept: {entry.dropped}")
    say.line(f"the files are in {done.folder}")
