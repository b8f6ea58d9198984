"""The real daemon on a real sound server, from the repository: `python benchmarks/daemon.py [SECONDS] [SPEECH]`.

Starts a PulseAudio server of its own whose null sink is the microphone, starts `voicego run` on it, plays a quiet room,
an ordinary hour, talk (the file SPEECH, else the demo's words run together) and music for SECONDS each, and tells the
CPU time that the daemon took, PortAudio's threads included, and its memory. Then it says “go” twenty times and tells
how long after the end of each word the rule's action began, for a word said alone and for `isolated: false`.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the sound server of the tests

from tests.house import House, house_in, until
from tests.soundserver import SoundServer
from tests.spoken import files_saying, spoken
from voicego.app.bench import sounds

WORDS = 20
RULES = ("run: ['true']", "run: ['true'], isolated: false")


def family(pid: int) -> list[psutil.Process]:
    """The daemon and its children."""
    daemon = psutil.Process(pid)
    return [daemon, *daemon.children(recursive=True)]


def cpu_s(processes: list[psutil.Process]) -> float:
    """CPU seconds of all of their threads, user and system."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def memory(processes: list[psutil.Process]) -> str:
    """What the first holds, and what the others hold beside what they share with other programs."""
    daemon, *others = processes
    alone = sum(process.memory_full_info().uss for process in others)
    return f"{daemon.memory_info().rss / 1e6:.0f} + {alone / 1e6:.1f} MB"


def listening(server: SoundServer, house: House, seconds: float, speech: tuple[Path, ...]) -> None:
    """Tell CPU time and memory while each sound is played."""
    processes = family(house.status()["pid"])
    names = dict.fromkeys(("room", "hour", "talk", "music"), seconds)
    with tempfile.TemporaryDirectory() as folder:
        for sound in sounds.make(Path(folder), names, speech, None).values():
            before = cpu_s(processes)
            server.play(sound.path)
            share = 100 * (cpu_s(processes) - before) / seconds
            print(f"{sound.name:6} {share:5.2f} % of a core, {memory(processes)}: {sound.about}", flush=True)


def acting(server: SoundServer, house: House, rule: str) -> None:
    """Tell the time from the end of a word to the start of the action of a rule."""
    house.write(f"at_most: 100 in 10s\nrules:\n  go: {{{rule}}}\n")
    until(lambda: house.log().count("the rules were read") >= RULES.index(rule) + 1, "the rules")
    late: list[float] = []
    voices = files_saying("go")
    with server.witness() as witness:
        for number in range(WORDS):
            since = len(witness.sound)
            done = house.status()["counters"]["actions"]
            server.play_samples(spoken(0.6, voices[number % len(voices)], 1.2, room_dbfs=None))
            found = house.status()
            if found["counters"]["actions"] == done:
                print(f"{voices[number % len(voices)].name} was not heard")
                continue
            late.append(1000 * (found["last_run"]["started_at"] - witness.last_loud_moment(since)))
    edge = sorted(late)[int(0.95 * (len(late) - 1))]
    median = statistics.median(late)
    print(f"{rule}: from word end to the action {median:.0f} ms, 95 % within {edge:.0f} ms ({len(late)})", flush=True)


def main(seconds: float, *speech: str) -> None:
    """Measure everything."""
    with tempfile.TemporaryDirectory() as folder, SoundServer() as server, house_in(Path(folder), server.env) as house:
        house.write("rules:\n  go: {run: ['true'], cooldown: 2s}\n")
        house.begin()
        listening(server, house, seconds, tuple(map(Path, speech)))
        for rule in RULES:
            acting(server, house, rule)


if __name__ == "__main__":
    _, *asked = sys.argv
    main(float(asked[0]) if asked else 60.0, *asked[1:])
