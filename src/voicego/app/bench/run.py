"""The order of a bench: sounds, contenders in turn, start-up, recordings; then what was found is saved."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from voicego.app.bench import machine, picture, report, sounds, starting
from voicego.app.bench.contenders import CONTENDERS
from voicego.app.bench.figures import Figures
from voicego.app.bench.listening import Listening
from voicego.errors import VoicegoError
from voicego.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.app.bench.effort import Effort


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for."""

    out: Path
    """Folder for bench.json, bench.txt and bench.svg."""
    effort: Effort
    speech: tuple[Path, ...] = ()
    """Recordings of people who talk, in the place of the demo's words."""
    music: Path | None = None
    contenders: tuple[str, ...] = tuple(CONTENDERS)


def bench(wishes: Wishes, tell: Callable[[str], None]) -> Figures:
    """Measure everything, `tell` a line for each step, then save.

    Raises:
        VoicegoError: a recording cannot be read, a process of voicego's own failed, or the folder cannot be written.
    """
    effort = wishes.effort
    found = Figures(machine=machine.described())
    with TemporaryDirectory(prefix="voicego-bench-") as name:
        folder = Path(name)
        tell("making the sounds")
        heard = sounds.make(folder, effort.lengths_s, wishes.speech, wishes.music)
        found.heard = {sound.name: sound.about for sound in heard.values()}
        Listening(found, effort, heard, folder, tell).measure(wishes.contenders)
        starting.start(found, effort.times, folder, tell)
        starting.go_through(found, effort.times, {name: heard[name] for name in ("hour", "talk")}, tell)
    save(found, wishes.out)
    return found


def save(found: Figures, folder: Path) -> None:
    """Write the figures as JSON, as text and as a picture.

    Raises:
        VoicegoError: the folder cannot be written.
    """
    content = {
        "bench.json": json.dumps(found.as_json(), indent=2, ensure_ascii=False) + "\n",
        "bench.svg": picture.drawn(found),
        "bench.txt": "\n".join(report.lines(found)) + "\n",
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in content.items():
            write_whole(folder / name, text.encode())
    except OSError as error:
        raise VoicegoError(f"cannot write into {folder}: {error.strerror or error}; name another: --out") from error
