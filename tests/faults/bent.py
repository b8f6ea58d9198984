"""The real program, bent in one place: `python bent.py clock FILE run …` or `python bent.py stuck FILE run …`.

`clock`: FILE holds two numbers, by how many seconds the clock on the wall and that of the boot are off. `stuck`: as
long as FILE is there, the model does not come back; with `soon-stuck` that is noticed after two seconds. `held`:
the same with a stream of PortAudio that is to be closed. `loading`: the same with a model that is to be loaded, and the
supervisor loses its patience after three seconds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voicego.flow import Samples, Setup
    from voicego.seams import Classifier, Follower


def bend_clock(file: Path) -> None:
    """Let the clocks of this process be off; before anything else is imported that keeps one of them."""
    wall, any_clock = time.time, time.clock_gettime

    def off(number: int) -> float:
        return float(file.read_text().split()[number])

    def clock(which: int) -> float:
        return any_clock(which) + (off(1) if which == time.CLOCK_BOOTTIME else 0.0)

    time.time = lambda: wall() + off(0)
    time.clock_gettime = clock


def wait_while(file: Path) -> None:
    """Hang."""
    while file.exists():
        time.sleep(0.05)


class Stuck:
    """A follower that waits while a file is there."""

    def __init__(self, real: Follower, file: Path) -> None:
        self._real = real
        self._file = file

    def score(self, windows: Any) -> Samples:  # noqa: ANN401 -- as the real one
        wait_while(self._file)
        return self._real.score(windows)


def bend_model(file: Path) -> None:
    """Let the model hang while a file is there."""
    from voicego.app import hearing  # noqa: PLC0415 -- after the choice of what to bend

    real = hearing.classifier_for

    def classifier_for(setup: Setup) -> Classifier:
        model = real(setup)
        follow = model.follow

        def stuck_follow() -> Follower:
            wait_while(file)
            return Stuck(follow(), file)

        model.follow = stuck_follow  # type: ignore[method-assign]
        return model

    hearing.classifier_for = classifier_for


def bend_loading(file: Path) -> None:
    """Let no model be loaded while a file is there."""
    from voicego.app import hearing  # noqa: PLC0415
    from voicego.daemon import models  # noqa: PLC0415

    real = hearing.classifier_for

    def classifier_for(setup: Setup) -> Classifier:
        wait_while(file)
        return real(setup)

    hearing.classifier_for = classifier_for
    models.LOADING_S = 3.0


def bend_sound_system(file: Path) -> None:
    """Let PortAudio never come back from closing a stream, as it does when its thread hangs or spins."""
    from voicego.hearing.portaudio import PortAudio  # noqa: PLC0415

    real = PortAudio.close

    def close(self: PortAudio, stream: object) -> None:
        with self._alone:
            wait_while(file)
            real(self, stream)

    PortAudio.close = close  # type: ignore[method-assign]


def bend_model_soon(file: Path) -> None:
    """The same, and the supervisor loses its patience sooner."""
    from voicego.daemon import watching  # noqa: PLC0415

    watching.STUCK_S = 2.0
    bend_model(file)


if __name__ == "__main__":
    _, _what, _file, *sys.argv[1:] = sys.argv
    ways = {
        "clock": bend_clock,
        "stuck": bend_model,
        "soon-stuck": bend_model_soon,
        "held": bend_sound_system,
        "loading": bend_loading,
    }
    ways[_what](Path(_file))
    from voicego.cli import main

    main()
