"""The real daemon on a real sound server: `python benchmarks/daemon.py [--seconds 60] [--rate 48000] [--confirm] […]`.

Starts a PulseAudio server of its own whose null sink is the microphone, starts `voicego run` on it, plays a quiet room,
an ordinary hour, talk (of the files that are named, else the demo's words run together) and music for so many seconds
each, and tells the CPU time that the daemon and its children took (the sound server's recorder is one), and their
memory. Then it says “go” twenty times and tells how long after the end of each word the rule's action began, for a word
said alone and for `isolated: false`. With `--confirm` a wav2vec2-base of random weights has the last word, and this is
left out.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # for the sound server of the tests

from tests.house import House, house_in, until
from tests.soundserver import SoundServer
from tests.spoken import files_saying, spoken
from voicego.app.bench import big, sounds
from voicego.flow import SAMPLE_RATE

WORDS = 20
RULES = ("run: ['true']", "run: ['true'], isolated: false")


def family(pid: int) -> list[psutil.Process]:
    """The daemon and its children."""
    daemon = psutil.Process(pid)
    return [daemon, *daemon.children(recursive=True)]


def cpu_s(pid: int) -> float:
    """CPU seconds of all of their threads, user and system, with those of children that have ended."""
    daemon, *others = family(pid)
    return sum(daemon.cpu_times()[:4]) + sum(sum(process.cpu_times()[:2]) for process in others)


def memory(pid: int) -> str:
    """What the daemon holds, and what the others hold beside what they share with other programs."""
    daemon, *others = family(pid)
    alone = sum(process.memory_full_info().uss for process in others)
    return f"{daemon.memory_info().rss / 1e6:.0f} + {alone / 1e6:.1f} MB"


def listening(server: SoundServer, house: House, seconds: float, speech: list[Path], sink: str) -> None:
    """Tell CPU time and memory while each sound is played."""
    pid = house.status()["pid"]
    names = dict.fromkeys(("room", "hour", "talk", "music"), seconds)
    with tempfile.TemporaryDirectory() as folder:
        for sound in sounds.make(Path(folder), names, speech, None).values():
            before = cpu_s(pid)
            server.play(sound.path, sink, ahead_ms=1000)
            share = 100 * (cpu_s(pid) - before) / seconds
            print(f"{sound.name:6} {share:5.2f} % of a core, {memory(pid)}: {sound.about}", flush=True)


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


def main() -> None:
    """Measure everything."""
    words = argparse.ArgumentParser()
    words.add_argument("--seconds", type=float, default=60.0)
    words.add_argument("--rate", type=int, default=SAMPLE_RATE)
    words.add_argument("--confirm", action="store_true")
    words.add_argument("speech", type=Path, nargs="*")
    asked = words.parse_args()
    rules, sink = "rules:\n  go: {run: ['true'], cooldown: 2s}\n", "vmic"
    with tempfile.TemporaryDirectory() as folder, SoundServer() as server, house_in(Path(folder), server.env) as house:
        if asked.rate != SAMPLE_RATE:
            sink = "other"
            server.load("module-null-sink", f"sink_name={sink}", f"rate={asked.rate}")
            server.pactl("set-default-source", f"{sink}.monitor")
        if asked.confirm:
            big.write_checkpoint(house.folder / "big", ["go", "stop"])
            rules += f"confirm_with: {{model: {house.folder}/big, threshold: 0.01}}\n"
        house.write(rules)
        house.begin()
        if asked.confirm:
            until(lambda: house.status()["confirming"]["engine"], "the confirming model")
        listening(server, house, asked.seconds, asked.speech, sink)
        for rule in () if asked.confirm or sink != "vmic" else RULES:
            acting(server, house, rule)


if __name__ == "__main__":
    main()
