"""`voicego spot`: the daemon's gate, windows and detector over files, or over what the microphone hears now."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from voicego.app import hearing, rules
from voicego.app.folders import size
from voicego.app.parallel import in_order, usable_cores
from voicego.app.stream import Failed, Found, Passed, Spotted, heard_in, heard_in_file
from voicego.app.workers import Lost
from voicego.errors import VoicegoError
from voicego.flow import Setup

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from voicego.seams import Classifier

WORTH = 4_000_000
"""Bytes of sound files for which one more process pays: it takes about as long to begin as to hear them."""


def setup_for(config: Path | None, model: str | None) -> Setup:
    """Take a rules file's setup; without one, every keyword of the model with the numbers that ship with it.

    Raises:
        VoicegoError: the rules are broken, or there is no such model.
    """
    if config is None:
        return hearing.every_keyword(model or Setup().model)
    setup = rules.read(config.expanduser().absolute())
    return replace(setup, model=model) if model else setup


def spot_file(file: str, setup: Setup) -> list[Spotted]:
    """Find every keyword in one recording; what a job on many machines calls.

    The model is loaded by the first call in a process. One core is used.

    Raises:
        VoicegoError: the file cannot be used, or not to its end, or the model cannot be loaded.
    """
    found = []
    for one in heard_in_file(_loaded(setup), setup, file, every_window=False):
        if isinstance(one, Failed):
            raise VoicegoError(one.why)
        if isinstance(one, Spotted):
            found.append(one)
    return found


def spot(
    files: Sequence[str], setup: Setup, device: str | None = None, *, every_window: bool = False, jobs: int | None = 1
) -> Generator[Found | Passed | Failed]:
    """Yield what is detected, file after file, as it is detected; with `every_window` also each window before that.

    Without files the microphone is heard until the caller closes this generator.

    Args:
        files: recordings; `-` is standard input.
        setup: what to listen for, and how.
        device: microphone by name, where there are no files.
        every_window: let windows slide over all speech, and yield each.
        jobs: processes that hear files; None: as many as there are cores to use, if the files are worth it.
    """
    if not files:
        microphone = hearing.microphone_for(replace(setup, microphones=(device,)) if device else setup)
        yield from heard_in("microphone", microphone, _loaded(setup), setup, every_window=every_window)
        return
    processes = 1 if "-" in files else min(jobs or _worth_it(files), len(files))
    if processes == 1:
        hear = _ready(setup, every_window=every_window)
        for file in files:
            yield from hear(file)
        return
    prepare = partial(_ready, replace(setup, threads=1), every_window=every_window)
    for one in in_order(prepare, files, processes, news=_is_passed):
        yield Failed(one.task, one.why) if isinstance(one, Lost) else one


def _worth_it(files: Sequence[str]) -> int:
    cores, left = usable_cores(), 0
    for file in files:
        left += size(file)
        if left >= cores * WORTH:  # an archive may be slow to look through
            return cores
    return 1 + left // WORTH


def _ready(setup: Setup, *, every_window: bool) -> Callable[[str], Iterator[Found | Passed | Failed]]:
    return partial(heard_in_file, hearing.classifier_for(setup), setup, every_window=every_window)


@lru_cache(maxsize=1)
def _loaded(setup: Setup) -> Classifier:
    return hearing.classifier_for(setup)


def _is_passed(one: Found | Passed | Failed) -> bool:
    return isinstance(one, Passed)
