"""A real daemon on a real sound server, to which things happen: say "go", see whether it still acts, take the time."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import soundfile

from tests.house import House, house_in, until
from tests.soundserver import SoundServer
from tests.spoken import saying, spoken
from voicego.flow import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

BENT = Path(__file__).parent / "bent.py"

OFTEN = "at_most: 100 in 10s\n"
"""For rules files: the limit on actions is not what is tested."""
CLOCKS = "0 0"
"""What `bent.py clock` reads while no clock is off."""

LOOK_S = 0.02
"""Between two looks at the daemon: what is measured is no finer."""
BEFORE_S, AFTER_S = 0.4, 0.6
"""Quiet around a word that is said, in seconds: a little more than it takes to count as said alone."""
ACT_S = 2.5
"""An action that is to come has come by then, on a busy machine too."""


@dataclass
class Survivor:
    """A daemon, and the room that it hears."""

    house: House
    server: SoundServer

    def say(self, word: str = "go", sink: str = "vmic") -> None:
        """Say a word on its own. Where there is no such sink, nobody hears it, as in life."""
        file = self.house.folder / f"{word}.wav"
        if not file.exists():
            sound = spoken(BEFORE_S, saying(word), AFTER_S)
            soundfile.write(file, sound, SAMPLE_RATE, subtype="FLOAT")
        command = ["paplay", f"--device={sink}", "--latency-msec=100", str(file)]
        subprocess.run(command, env=self.server.env, check=False, timeout=60, capture_output=True)

    def words_until_it_acts(self, word: str = "go", sink: str = "vmic", at_most: int = 10) -> int:
        """Say a word until its rule acts; returns how often it was said in vain."""
        for lost in range(at_most):
            before = self.house.marks.count(word)
            self.say(word, sink)
            if waited(lambda before=before: self.house.marks.count(word) > before, ACT_S):  # type: ignore[misc]
                return lost
        raise AssertionError(f'"{word}" was said {at_most} times in vain; {self.house.status()}\n{self.house.log()}')

    def seconds_until(
        self, true: Callable[[dict[str, Any]], Any], what: str, since: float, wait_s: float = 60
    ) -> float:
        """Look at the status until it fits; returns the seconds from `since`, by the monotonic clock, to then."""
        deadline = time.monotonic() + wait_s
        while not true(found := self.house.status()):
            assert time.monotonic() < deadline, f"never came: {what}; {found}\n{self.house.log()}"
            assert self.house.process is None or self.house.process.poll() is None, f"it ended: {self.house.told}"
            time.sleep(LOOK_S)
        return time.monotonic() - since

    def seconds_until_state(self, state: str, since: float, wait_s: float = 60) -> float:
        """Return the seconds from `since` until it is in a state."""
        return self.seconds_until(lambda found: found.get("state") == state, f"the state {state}", since, wait_s)

    def is_awake(self) -> None:
        """Wait until sound comes again, and the null sink keeps time."""
        until(lambda: self.house.status().get("state") == "listening", "listening")
        self.house.until_awake()

    @property
    def pid(self) -> int:
        pid: int = self.house.status()["pid"]
        return pid


def waited(true: Callable[[], Any], wait_s: float) -> bool:
    """Whether something came true in time."""
    deadline = time.monotonic() + wait_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(LOOK_S)
    return True


@contextmanager
def survivor_in(
    folder: Path,
    rules: Callable[[House], str] | None = None,
    environ: Mapping[str, str] | None = None,
    bent: tuple[str, ...] = (),
    under: tuple[str, ...] = (),
) -> Iterator[Survivor]:
    """Start a daemon in a room of its own.

    `rules` writes the file, by default a mark for "go"; `bent` has words for `bent.py`, which bends the program;
    `under` runs it.
    """
    with SoundServer() as server, house_in(folder, server.env | dict(environ or {})) as house:
        if bent:
            house.program = (str(BENT), *bent)
        house.under = under
        house.write(rules(house) if rules else f"{OFTEN}rules:\n  go: {{{house.mark()}}}\n")
        house.begin()
        yield Survivor(house, server)
