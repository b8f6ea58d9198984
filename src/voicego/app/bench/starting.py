"""Real commands, from their start on: a daemon until it listens, verbs beside it, `voicego spot` through recordings."""

from __future__ import annotations

from collections import defaultdict
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from voicego.app.bench.figures import Spread
from voicego.app.bench.machine import resident_mb
from voicego.app.bench.processes import daemon, timed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from voicego.app.bench.figures import Figures
    from voicego.app.bench.sounds import Sound

VERBS = ("--help", "check", "status")
A_WORD_S = 3.0
"""Seconds of the demo after which a word was scored, so that the daemon holds all that it ever will."""
DAEMON = "voicego run"


def start(found: Figures, times: int, folder: Path, tell: Callable[[str], None]) -> None:
    """Measure how long a daemon takes to listen, its memory, and how long verbs take beside it.

    Raises:
        VoicegoError: one of them failed.
    """
    starts: list[float] = []
    memory: list[float] = []
    verbs: dict[str, list[float]] = defaultdict(list)
    with as_file(files("voicego.demo") / "demo.ogg") as recording:
        for number in range(times):
            tell(f"starting a daemon, {number + 1} of {times}")
            with daemon(folder, recording) as one:
                starts.append(one.start_s)
                for verb in VERBS * 2:
                    verbs[verb].append(timed((verb,), one.environ)[0])
                one.wait_until_heard(A_WORD_S)
                if (now := resident_mb(one.pid)) is not None:
                    memory.append(now)
    found.start_s[DAEMON] = Spread.of(starts)
    found.verbs_s = {verb: Spread.of(took) for verb, took in verbs.items()}
    if memory:
        found.memory_mb[DAEMON] = Spread.of(memory)


def go_through(found: Figures, times: int, sounds: Mapping[str, Sound], tell: Callable[[str], None]) -> None:
    """Measure how fast `voicego spot` finds keywords in whole recordings, on all cores, its start included.

    Raises:
        VoicegoError: it failed.
    """
    spent: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for number in range(times):
        tell(f"going through recordings, {number + 1} of {times}")
        for name, sound in sounds.items():
            spent[name].append(timed(("spot", "--json", str(sound.path))))
    for name, both in spent.items():
        found.files[name] = {
            "hours a minute": Spread.of([sounds[name].seconds / 60 / wall for wall, _ in both]),
            "wall seconds": Spread.of([wall for wall, _ in both]),
            "CPU seconds": Spread.of([cpu for _, cpu in both]),
        }
