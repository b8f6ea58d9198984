"""Contenders hear each sound in turn, round by round, so that what disturbs the machine disturbs all of them."""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from voicego.app.bench.figures import Spread
from voicego.app.bench.processes import Absent, worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from voicego.app.bench.effort import Effort
    from voicego.app.bench.figures import Figures
    from voicego.app.bench.processes import Worker
    from voicego.app.bench.sounds import Sound


@dataclass(frozen=True, slots=True)
class Listening:
    """Fills in CPU time, memory, start and voicego's delay."""

    found: Figures
    effort: Effort
    sounds: Mapping[str, Sound]
    folder: Path
    """For what the contenders write."""
    tell: Callable[[str], None]

    def measure(self, names: Sequence[str]) -> None:
        """Measure contenders by their names; those that are not installed are noted as absent.

        Raises:
            VoicegoError: one of them ended while it was measured.
        """
        with ExitStack() as processes:
            workers = list(self._started(names, processes))
            shares: dict[tuple[str, str], list[float]] = defaultdict(list)
            for number in range(self.effort.rounds):
                self.tell(f"listening, round {number + 1} of {self.effort.rounds}")
                for sound in self.sounds.values():
                    for one in workers:
                        shares[one.name, sound.name].append(self._share(one, sound))
            for one in workers:
                self.found.cpu[one.name] = {name: Spread.of(shares[one.name, name]) for name in self.sounds}
                if one.name.startswith("voicego"):
                    self._delays(one)

    def _started(self, names: Sequence[str], processes: ExitStack) -> Iterator[Worker]:
        for name in names:
            if name in self.effort.left_out:
                self.found.absent[name] = "it takes too long for --quick"
                continue
            self.tell(f"starting {name}")
            try:
                one = processes.enter_context(worker(name, self.folder))
            except Absent as error:
                self.found.absent[name] = str(error)
                continue
            self.found.about[name] = one.about
            self.found.start_s[name] = Spread.of([one.start_s])
            yield one

    def _share(self, one: Worker, sound: Sound) -> float:
        """Percent of a core that one hearing took; notes what it counted and how large the process is now."""
        seconds = self.effort.seconds(one.name, sound.name)
        answer = one.ask({"ask": "hear", "path": str(sound.path), "seconds": seconds})
        self.found.counted.setdefault(one.name, {})[sound.name] = answer["counted"]
        if answer["resident_mb"] is not None:
            self.found.memory_mb[one.name] = Spread.of([answer["resident_mb"]])
        share: float = 100 * answer["cpu_s"] / seconds
        return share

    def _delays(self, one: Worker) -> None:
        """From a word's end to its detection: the words of the demo, cut into blocks in several ways."""
        with as_file(files("voicego.demo") / "demo.ogg") as path:
            question = {"ask": "delays", "path": str(path), "shifts": self.effort.shifts}
            waits = one.ask(question)["delays"]
        if waits:
            self.found.delay_ms[one.name] = {
                "sound": Spread.of([sound for _, sound, _ in waits]),
                "computation": Spread.of([compute for _, _, compute in waits]),
                "together": Spread.of([sound + compute for _, sound, compute in waits]),
            }
