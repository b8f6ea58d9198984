"""`voicego demo`: a recording through the whole river to a real action, shown on the terminal as it happens."""

from __future__ import annotations

import csv
import sys
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from voicego.acting.dispatcher import Dispatcher
from voicego.app import hearing
from voicego.daemon import Daemon, Parts
from voicego.errors import Exit
from voicego.flow import Rule, Run, Setup
from voicego.listener import Deafness

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACTION = Run((sys.executable, "-m", "voicego.demo", "{keyword}"))
"""By -m: in a bundle this executable is no Python, and knows nothing else."""


def show(tell: Callable[[str], None], *, fast: bool) -> Exit:
    """Play the recording; each line tells what was said, heard or done."""
    setup = Setup(rules=(Rule("go", (ACTION,)),))
    room = files("voicego.demo")
    with as_file(room / "demo.ogg") as recording:
        tell("a recording of synthetic voices takes the place of the microphone; the one rule is for: go")
        with (room / "demo.tsv").open(encoding="utf-8") as said:
            for row in csv.DictReader(said, delimiter="\t"):
                tell(f"  said at {float(row['start_s']):5.2f} s: {row['text']}")
        tell("loading the model …")
        heard: list[str] = []

        def event(found: dict[str, object]) -> None:
            match found["event"]:
                case "detection":
                    heard.append(str(found["keyword"]))
                    tell(f"heard {found['keyword']}, {found['score']:.0%} sure, at {found['at_s']:.2f} s")
                case "action":
                    tell(f"  did: run a program: {found['outcome']}; it says: {str(found['detail']).strip()}")
                case "state" if found["state"] == "listening":
                    tell("listening")

        result = _play(recording, setup, event, fast=fast)
    tell(f"heard {len(heard)} times go, and acted; every other word was ignored" if heard else "heard nothing")
    return result if heard else Exit.FAILED


def _play(recording: Path, setup: Setup, event: Callable[[dict[str, object]], None], *, fast: bool) -> Exit:
    ears = Deafness()
    parts = Parts(
        read_rules=lambda: setup,
        classifier=hearing.classifier_for,
        decisions=hearing.decisions_for,
        source=lambda wanted: hearing.recording_for(recording, wanted, "fast" if fast else "life"),
        patient=False,
    )
    daemon = Daemon(parts, lambda it: Dispatcher(report=it.ran, ears=ears, pause=it.ask_to_pause), ears)
    daemon.subscribe(event)
    return daemon.run(setup)
