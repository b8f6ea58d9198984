"""The rules file, and the model that it names."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from voicego.app import hearing
from voicego.app.clips import one_window
from voicego.app.doctor.check import Check, State, ok, problem, told, warning
from voicego.app.doctor.private import quoted
from voicego.errors import RulesError, VoicegoError
from voicego.flow import Samples, in_samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voicego.flow import Setup
    from voicego.seams import Classifier
    from voicego.spotting.checkpoint import Checkpoint

SHOWN = 3
"""Mistakes that are named; `voicego check` names all."""

DEMO = "go"
DEMO_S = (3.3, 4.5)
"""Seconds of the demo's recording between which a voice says it."""


def rules(path: Path, read: Callable[[], Setup]) -> Check:
    """Look at the rules file."""
    if not path.exists():
        return warning("rules", f"there is no file {path} yet", "voicego init writes one to begin with")
    try:
        setup = read()
    except RulesError as error:
        # What comes after a semicolon is advice, and may repeat the whole command.
        told = (f"{one.where}: {one.text.partition('; ')[0]}" for one in error.problems[:SHOWN])
        named = "; ".join(map(quoted, told))
        more = len(error.problems) - SHOWN
        return problem(
            "rules", f"{named}{f'; and {more} more' if more > 0 else ''}", "voicego check names every mistake"
        )
    active = sum(rule.enabled for rule in setup.rules)
    found = f"{path}: {active} of {len(setup.rules)} rules switched on"
    return ok("rules", found) if active else warning("rules", found, "voicego listens for nothing; see docs/rules.md")


def model(setup: Setup, find: Callable[[str], Checkpoint] = hearing.checkpoint_of) -> Check:
    """Look whether the files of the models are there that the rules name."""
    names = [setup.model, *([setup.confirm_with.model] if setup.confirm_with else [])]
    found = []
    for name in names:
        try:
            checkpoint = find(name)
        except VoicegoError as error:
            return told("model", State.PROBLEM, error)
        size = sum(file.stat().st_size for file in checkpoint.folder.iterdir() if file.is_file())
        found.append(f"{name}: {len(checkpoint.labels)} classes, {size / 1e6:.1f} MB")
    return ok("model", "; ".join(found))


def classification(
    setup: Setup, sound: Callable[[], Samples], load: Callable[[Setup], Classifier] = hearing.classifier_for
) -> Check:
    """Let the model hear a word of the demo."""
    began = time.monotonic()
    try:
        classifier = load(setup)
    except VoicegoError as error:
        return told("classification", State.PROBLEM, error)
    loaded_s, began = time.monotonic() - began, time.monotonic()
    scores = classifier.score(one_window(sound(), classifier.window)[np.newaxis])[0]
    best = int(np.argmax(scores))
    found = f'the demo\'s "{DEMO}" is heard as "{classifier.labels[best]}" ({scores[best]:.2f}) by {classifier.engine}'
    found += f", loaded in {loaded_s:.1f} s, heard in {1000 * (time.monotonic() - began):.0f} ms"
    if DEMO not in classifier.labels:
        return ok("classification", f"{found}; this model has no such word")
    if classifier.labels[best] != DEMO:
        return problem("classification", found, "the model is damaged, or is no good: install voicego anew")
    return ok("classification", found)


def demo_word() -> Samples:
    """Take the word from the demo's recording."""
    from importlib.resources import as_file, files  # noqa: PLC0415

    from voicego.hearing.recording import read_clip  # noqa: PLC0415 -- the file library

    with as_file(files("voicego.demo") / "demo.ogg") as recording:
        return read_clip(recording)[in_samples(DEMO_S[0]) : in_samples(DEMO_S[1])]
