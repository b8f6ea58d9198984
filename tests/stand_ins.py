"""Stand-ins for what hears, scores and acts, which tests drive by hand."""

from __future__ import annotations

import queue
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from voicego.confirming.child import Ready, Scored
from voicego.flow import ActionRun, AudioBlock, Detection, Outcome, Rule, Samples
from voicego.spotting.frames import Stacked

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from voicego.confirming.child import Message
    from voicego.errors import VoicegoError
    from voicego.flow import Rate
    from voicego.seams import Haste


@dataclass
class HandSource:
    """A `Source` that hears what a test hands it."""

    live: bool = True
    name: str = "a hand"
    refuses: Exception | None = None
    hanging: threading.Event | None = None
    """Opening comes back when it is set."""
    opened: int = 0
    closed: int = 0
    _waiting: queue.SimpleQueue[AudioBlock | VoicegoError | None] = field(default_factory=queue.SimpleQueue)
    _at: int = 0
    hastes: list[Haste] = field(default_factory=list)
    """What its reader asked for, one after the other."""

    def open(self) -> None:
        if self.hanging:
            self.hanging.wait()
        if self.refuses:
            raise self.refuses
        self.opened += 1

    def hear(self, samples: Samples, skipped: int = 0) -> None:
        self._at += skipped
        self._waiting.put(AudioBlock(samples, self._at, skipped))
        self._at += len(samples)

    def lose(self, error: VoicegoError) -> None:
        self._waiting.put(error)

    def end(self) -> None:
        self._waiting.put(None)

    def blocks(self) -> Iterator[AudioBlock]:
        while True:
            match self._waiting.get():
                case None:
                    return
                case AudioBlock() as block:
                    yield block
                case error:
                    raise error

    def hurry(self, haste: Haste) -> None:
        self.hastes.append(haste)

    def close(self) -> None:
        self.closed += 1
        self._waiting.put(None)


class LevelClassifier:
    """A `Classifier` that calls loud windows "go" and the others silence."""

    labels = ("go", "stop", "_silence_", "_unknown_")
    window = 16_000
    engine = "level"
    file = ""

    def __init__(self, *, loud: str = "go") -> None:
        self.loud = self.labels.index(loud)
        self.batches: list[int] = []

    def follow(self) -> Stacked:
        return Stacked(self.score)

    def score(self, windows: Samples) -> Samples:
        self.batches.append(len(windows))
        rows = np.full((len(windows), 4), 0.02, np.float32)
        level = np.sqrt(np.mean(windows**2, axis=1))
        rows[np.arange(len(windows)), np.where(level > 0.003, self.loud, 2)] = 0.94
        return rows


@dataclass
class NotingActor:
    """A dispatcher that notes what it was offered."""

    report: Callable[[ActionRun], None] = lambda _: None
    offered: list[tuple[Detection, Rule | None]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    dropped: int = 0
    chimes: int = 0
    told: list[str] = field(default_factory=list)
    asks: bool = False
    limited: int = 0
    overall: Rate | None = None

    def start(self) -> None:
        self.done.append("start")

    def offer(self, detection: Detection, rule: Rule | None) -> bool:
        self.offered.append((detection, rule))
        self.report(ActionRun(detection.id, detection.keyword, "noted", Outcome.OK))
        return True

    def do(self, rule: Rule) -> tuple[ActionRun, ...]:
        self.done.append(f"do {rule.keyword}")
        return ()

    def limit(self, overall: Rate) -> None:
        self.overall = overall

    def chime(self) -> None:
        self.chimes += 1

    def tell(self, text: str) -> None:
        self.told.append(text)

    def drain(self, timeout_s: float) -> bool:
        self.done.append(f"drain {timeout_s:g}")
        return True

    def stop(self, timeout_s: float) -> bool:
        self.done.append(f"stop {timeout_s:g}")
        return True


@dataclass
class HandProcess:
    """The big model's process, which says what a test tells it to, or `says` by itself how sure it is of "go"."""

    tell: Callable[[Message], None]
    refuses: str = ""
    says: float | None = None
    pid: int = 4711
    engine: str = "by hand"
    asked: list[Samples] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    ends: int = 0

    def start(self) -> None:
        if self.refuses:
            raise OSError(12, self.refuses)
        if self.says is not None:
            self.load()

    def load(self) -> None:
        self.tell(Ready(LevelClassifier.labels, self.engine, "no file"))

    def score(self, window: Samples) -> None:
        self.asked.append(window)
        if self.says is not None:
            self.answer(self.says)

    def rest(self) -> None:
        self.told.append("rest")

    def wake(self) -> None:
        self.told.append("wake")
        if self.says is not None:
            self.load()

    def answer(self, go: float) -> None:
        self.tell(Scored((go, 0.0, 0.0, 1.0 - go)))

    def end(self) -> None:
        self.ends += 1
