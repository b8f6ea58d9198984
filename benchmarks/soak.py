"""Leave the real daemon alone for hours: `python benchmarks/soak.py HOURS [--pace fast|life] [--speech FILE …]`.

Plays quiet rooms, talk, noise, music and digital silence, minute by minute, with keywords at known places: faster than
life into `voicego run --input -`, or at life speed through a sound server of its own, in whose microphone the daemon
listens. Records memory, CPU, skipped sound and hits over time in OUT/soak-PACE.json, draws them as OUT/soak-PACE.svg
(matplotlib). Ends with 1 when memory grows by more than 1 MB (10^6 bytes) an hour after the first quarter (at most an
hour), or when fewer than 95 % of the keywords were heard. Without `--speech` the talk is that of synthetic voices.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the sound server and the voices of the tests

from tests.house import House, house_in, until
from tests.sounds import hiss
from tests.soundserver import SoundServer
from tests.spoken import SURELY, all_said, files_saying, saying, spoken
from voicego.app.bench import sounds
from voicego.app.bench.machine import described, resident_mb
from voicego.control.client import events
from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, Samples, in_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MINUTE = in_samples(60.0)
GROWS_MB, HIT_SHARE = 1.0, 0.95
WARM_UP_S = 3_600.0
LATE_S = 3.0
"""A detection belongs to a word that ended at most so long before, and at least a second after it began."""
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
KINDS = ("room", "talk", "room", "noise", "silence", "talk", "room", "music", "noise", "talk")
"""Minutes, ten in turn."""
WORDS_AT = {"room": (8.0, 38.0), "talk": (52.0,), "noise": (20.0, 48.0), "music": (55.0,), "silence": (12.0, 44.0)}
"""Seconds into a minute at which a word is said: alone, where the others have been quiet for some seconds."""
LIFE_TELLS_S, FAST_TELLS_S = 30.0, 300.0
"""Seconds of sound between two samples."""


@dataclass(frozen=True, slots=True)
class Said:
    """A keyword in the programme."""

    word: str
    ends_s: float


@dataclass(frozen=True, slots=True)
class Sample:
    """The daemon at one moment."""

    sound_s: float
    memory_mb: float
    cpu_s: float
    skipped_s: float
    said: int
    hits: int
    others: int
    """Detections that nobody meant."""


@dataclass
class Run:
    """What came of it so far."""

    pace: str
    hours: float
    samples: list[Sample] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    heard: list[tuple[str, float]] = field(default_factory=list)
    """Keyword and second of the programme."""

    def judged(self, until_s: float) -> tuple[int, int, int]:
        """Return how many words were said, were heard, and what else was."""
        left, due, hits = list(self.heard), 0, 0
        for one in self.said:
            over = one.ends_s + LATE_S <= until_s
            found = next((h for h in left if h[0] == one.word and -1.0 <= h[1] - one.ends_s <= LATE_S), None)
            if found:
                left.remove(found)
            due += over
            hits += over and found is not None
        return due, hits, len(left)

    @property
    def warm_s(self) -> float:
        return min(WARM_UP_S, 900.0 * self.hours)

    @property
    def slope_mb(self) -> float:
        """Megabytes an hour, by least squares, after the warm-up."""
        warm = [one for one in self.samples if one.sound_s >= self.warm_s]
        if len(warm) < 3:  # noqa: PLR2004
            return 0.0
        slope, _ = np.polyfit([one.sound_s / 3_600 for one in warm], [one.memory_mb for one in warm], 1)
        return float(slope)


class Programme:
    """Sound without end, a minute at a time."""

    def __init__(self, speech: list[Path], room: Samples) -> None:
        self._room = room
        self._talk = sounds.recorded(speech, 1_800.0) if speech else sentences()
        self._tune = sounds.tune_with_drums()
        self._words = [(word, spoken(saying(word), room_dbfs=None)) for word in SURELY]

    def minutes(self) -> Iterator[tuple[Samples, list[Said]]]:
        """Yield sound, and where in the programme its keywords end."""
        number = said = 0
        while True:
            kind = KINDS[number % len(KINDS)]
            sound = self._bed(kind, number)
            words = []
            for at in WORDS_AT[kind]:
                word, voice = self._words[said % len(self._words)]
                start = in_samples(at)
                sound[start : start + len(voice)] += voice
                words.append(Said(word, 60.0 * number + at + len(voice) / SAMPLE_RATE))
                said += 1
            yield np.clip(sound, -1.0, 1.0), words
            number += 1

    def _bed(self, kind: str, number: int) -> Samples:
        if kind == "silence":
            return np.zeros(MINUTE, np.float32)
        sound = np.roll(self._room, 7_919 * number).copy()
        if kind == "noise":
            sound += hiss(60.0, -42.0, seed=number)
        if kind in {"talk", "music"}:  # the last seconds are quiet
            loop = self._talk if kind == "talk" else self._tune * np.float32(0.3)
            length = in_samples(46.0)
            sound[:length] += np.resize(np.roll(loop, -length * number), length)
        return sound


def sentences() -> Samples:
    """Every sentence that a voice of the tests says, one after the other."""
    files = [file for text in all_said() if " " in text for file in files_saying(text)]
    return spoken(*(part for file in files for part in (file, 0.4)), room_dbfs=None)


def cpu_s(pid: int) -> float:
    """CPU seconds of a process, all of its threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def look(house: House, run: Run, pid: int, sound_s: float) -> None:
    """Take a sample, and tell it."""
    counters = house.status().get("counters", {})
    said, hits, others = run.judged(sound_s)
    sample = Sample(
        round(sound_s, 1),
        round(resident_mb(pid) or 0.0, 2),
        round(cpu_s(pid), 2),
        round(counters.get("skipped_samples", 0) / SAMPLE_RATE, 2),
        said,
        hits,
        others,
    )
    run.samples.append(sample)
    print(f"{sound_s / 3600:6.2f} h  {sample.memory_mb:6.1f} MB  {hits}/{said} heard, {others} besides", flush=True)


def follow(house: House, run: Run, second_of: Callable[[dict[str, object]], float]) -> None:
    """Note each detection, in a thread of its own, until the daemon ends."""

    def listen() -> None:
        with suppress(VoicegoError):
            for event in events(house.socket):
                if event["event"] == "detection":
                    run.heard.append((str(event["keyword"]), second_of(event)))

    threading.Thread(target=listen, daemon=True).start()


def raw(sound: Samples) -> bytes:
    """As `--input -` and paplay take it."""
    return (sound * 32_767).astype("<i2").tobytes()


def fast(run: Run, programme: Programme, house: House, out: Path) -> None:
    """Pour the programme into standard input as fast as the daemon takes it."""
    command = [sys.executable, "-m", "voicego", "run", "--headless", "--fast", "--input", "-"]
    with subprocess.Popen(command, env=house.env, stdin=subprocess.PIPE) as daemon:
        assert daemon.stdin is not None  # noqa: S101
        until(lambda: house.status().get("state") == "listening", "listening")
        follow(house, run, lambda event: float(str(event["at_s"])))
        for number, (sound, words) in enumerate(islice(programme.minutes(), round(run.hours * 60)), 1):
            run.said += words
            daemon.stdin.write(raw(sound))
            daemon.stdin.flush()
            if number * 60 % FAST_TELLS_S == 0:
                # The pipe holds two seconds, the daemon takes two more at a time.
                until(lambda number=number: house.status()["heard_s"] >= 60 * number - 5, "the sound heard")  # type: ignore[misc]
                look(house, run, daemon.pid, 60.0 * number - 5.0)
                save(run, out)
        daemon.stdin.close()


def life(run: Run, programme: Programme, house: House, server: SoundServer, out: Path) -> None:
    """Play the programme in the room that the daemon hears."""
    house.begin()
    assert house.process is not None  # noqa: S101
    # A long buffer: what stutters on a busy machine would be the player, not the daemon.
    command = ["paplay", "--raw", "--rate=16000", "--format=s16le", "--channels=1", "--latency-msec=2000"]
    with subprocess.Popen([*command, "--device=vmic"], env=server.env, stdin=subprocess.PIPE) as player:
        assert player.stdin is not None  # noqa: S101
        began = time.time()
        follow(house, run, lambda event: float(str(event["time"])) - began)
        tells = LIFE_TELLS_S
        for sound, words in islice(programme.minutes(), round(run.hours * 60)):
            run.said += words
            for second in np.split(sound, 60):
                player.stdin.write(raw(second))
                player.stdin.flush()
                if time.time() - began >= tells:
                    tells += LIFE_TELLS_S
                    look(house, run, house.process.pid, time.time() - began)
                    save(run, out)
        player.stdin.close()


def save(run: Run, out: Path) -> None:
    """Write all that is known by now."""
    told = asdict(run) | {"slope_mb_per_hour": round(run.slope_mb, 3), "machine": described()}
    (out / f"soak-{run.pace}.json").write_text(json.dumps(told), encoding="utf-8")


def draw(run: Run, out: Path) -> None:
    """Draw memory, CPU, skipped sound and hits over time."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    hours = [one.sound_s / 3_600 for one in run.samples]
    pairs = list(zip(run.samples, run.samples[1:], strict=False))
    cpu = [100 * (b.cpu_s - a.cpu_s) / max(1e-9, b.sound_s - a.sound_s) for a, b in pairs]
    missed = [float(one.said - one.hits) for one in run.samples]
    panels: tuple[tuple[str, list[float], list[float]], ...] = (
        ("memory, MB", hours, [one.memory_mb for one in run.samples]),
        ("CPU, % of a core" if run.pace == "life" else "CPU, % of life speed", hours[1:], cpu),
        ("skipped, s", hours, [one.skipped_s for one in run.samples]),
        (f"words missed, of {run.samples[-1].said}", hours, missed),
    )
    plt.rcParams["svg.hashsalt"] = "voicego"
    figure, axes = plt.subplots(4, 1, sharex=True, figsize=(7, 7), layout="constrained")
    for axis, (name, x, y) in zip(axes, panels, strict=True):
        axis.plot(x, y, linewidth=1)
        top = 1.1 * max([1.0, *y])
        axis.set_ylim(bottom=-0.03 * top, top=top)  # a line along zero is to be seen
        axis.set_ylabel(name)
        axis.grid(alpha=0.3)
    axes[0].set_title(f"{run.samples[-1].sound_s / 3600:.1f} h of sound, {run.pace}: {run.slope_mb:+.2f} MB an hour")
    axes[-1].set_xlabel("hours of sound")
    figure.savefig(out / f"soak-{run.pace}.svg", metadata={"Date": None})


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hours", type=float, help="of sound")
    parser.add_argument("--pace", choices=("fast", "life"), default="fast")
    parser.add_argument("--speech", type=Path, nargs="*", default=[], help="recordings of talk")
    parser.add_argument("--out", type=Path, default=Path("build"), help="folder for figures and picture")
    wishes = parser.parse_args()
    wishes.out.mkdir(parents=True, exist_ok=True)
    run = Run(wishes.pace, wishes.hours)
    programme = Programme(wishes.speech, sounds.quiet_room(60.0))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(SoundServer()) if wishes.pace == "life" else None
        house = stack.enter_context(house_in(folder, server.env if server else dict(os.environ)))
        house.write("rules:\n" + "".join(f"  {word}: {{run: ['true']}}\n" for word in SURELY))
        if server:
            life(run, programme, house, server, wishes.out)
        else:
            fast(run, programme, house, wishes.out)
    save(run, wishes.out)
    draw(run, wishes.out)
    last = run.samples[-1]
    print(
        f"{run.pace}: {last.sound_s / 3600:.2f} h, memory {run.samples[0].memory_mb:.1f} to {last.memory_mb:.1f} MB, "
        f"{run.slope_mb:+.2f} MB an hour after {run.warm_s / 60:.0f} min; {last.hits} of {last.said} words heard, "
        f"{last.others} besides, {last.skipped_s:.1f} s skipped"
    )
    return int(run.slope_mb > GROWS_MB or last.hits < HIT_SHARE * last.said)


if __name__ == "__main__":
    sys.exit(main())
