"""The loop: sound through gate, windows, classifier and detector. The same for a microphone and for a file."""

from __future__ import annotations

import itertools
import threading
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from voicego.flow import AudioBlock, Candidate, Detection, Scores, Setup, Utterance, in_samples
from voicego.hearing.gate import Gate, GateSettings
from voicego.hearing.health import Health
from voicego.hearing.windows import Windows
from voicego.seams import Haste
from voicego.spotting.detector import Detector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from voicego.flow import Notice, Window
    from voicego.seams import Classifier, Confirmer, Follower, Source
    from voicego.spotting.decision import Decision

ECHO_S = 0.5
"""Seconds of sound that stay unheard after voicego itself has spoken."""
BEHIND_S = 0.6
"""A live block longer than this waited for its reader: the machine is too slow just now, and windows are skipped."""


class Deafness:
    """The `Ears`: counts who asked for nothing to be heard."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    @property
    def now(self) -> bool:
        """Whether nothing is to be heard."""
        return self._count > 0

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """Hear nothing inside."""
        with self._lock:
            self._count += 1
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1


@dataclass(slots=True)
class Counters:
    """What the loop has done since it began."""

    heard: int = 0
    """Samples."""
    skipped: int = 0
    """Samples that were lost before they could be heard."""
    utterances: int = 0
    words_alone: int = 0
    """Utterances that could be a word said alone."""
    windows: int = 0
    """Windows scored."""
    windows_skipped: int = 0
    """Windows in running speech that were not scored, so as not to fall behind. Words said alone never are."""
    detections: int = 0

    def __add__(self, other: Counters) -> Counters:
        return Counters(**{name: n + getattr(other, name) for name, n in asdict(self).items()})


@dataclass(slots=True)
class Listener:
    """Everything between a source and the detections; one thread calls `listen`, others may call `follow_rules`."""

    source: Source
    classifier: Classifier
    setup: Setup
    decisions: tuple[Decision, ...]
    offer: Callable[[Detection], None]
    """Called with each detection; must not block."""
    ears: Deafness = field(default_factory=Deafness)
    look_on: Callable[[Scores], None] | None = None
    """Sees every window's scores; then windows slide over everything that the gate lets through."""
    watched: bool = False
    """Somebody watches the level, which is to move."""
    confirmer: Confirmer | None = None
    """Has the last word on detections whose decision says so, and offers them itself."""
    beat: Callable[[], None] = lambda: None
    """Called at least once a second."""
    note: Callable[[Notice], None] = lambda _: None
    """Called with what a person should know of the sound; must not block."""
    ids: Iterator[int] = field(default_factory=partial(itertools.count, 1))
    """Numbers of detections, unique in a run."""
    health: Health = field(default_factory=Health)
    counters: Counters = field(default_factory=Counters)
    detector: Detector = field(init=False)
    windows: Windows = field(init=False)
    _coming: tuple[Decision, ...] | None = field(init=False, default=None)
    _coming_model: Classifier | None = field(init=False, default=None)
    _deaf_until: int = field(init=False, default=0)
    _follower: Follower = field(init=False)
    _haste: Haste = field(init=False, default=Haste.AT_ONCE)

    def __post_init__(self) -> None:
        setup = self.setup
        hop = in_samples(setup.hop_s)
        self.detector = Detector(self.decisions, hop, setup.longest_word_s, setup.quiet_s, self.ids)
        gate = Gate(GateSettings(quiet_s=setup.quiet_s))
        self.windows = Windows(gate, self.classifier.window, hop, self._slides, self._wants)

    def listen(self) -> None:
        """Listen until the source ends or is closed.

        Raises:
            VoicegoError: the source was lost.
        """
        for _ in self.steps():
            pass

    def steps(self) -> Iterator[None]:
        """Do the same block by block, for a caller that has something to do in between."""
        self._begin(0)
        for block in self.source.blocks():
            for notice in self.health.hear(block):
                self.note(notice)
            self.beat()
            self._take_what_comes(block)
            self._decide(self._in_time(block, self._due(block)))
            self._hurry()
            if self.confirmer and self.windows.gate.current:
                self.confirmer.stir()
            yield
        if not self.source.live:
            self._decide(self.windows.finish())
            yield

    @property
    def level_db(self) -> float | None:
        """Level of the newest sound, in dB below full scale."""
        return self.health.level_db

    @property
    def gate(self) -> bool:
        """Whether something is heard that may be speech."""
        return self.windows.gate.current is not None

    def follow_rules(self, decisions: tuple[Decision, ...]) -> None:
        """Decide by other rules, from the next moment on in which nobody speaks."""
        self._coming = decisions

    def follow_model(self, classifier: Classifier, decisions: tuple[Decision, ...]) -> None:
        """Score with another model, from the next moment on in which nobody speaks."""
        self._coming, self._coming_model = decisions, classifier

    def _hurry(self) -> None:
        """Hear in small blocks while something is to be decided soon: not in quiet, nor in talk too long for a word."""
        current = self.windows.gate.current or self.windows.lingering
        if current is None:
            haste = Haste.OFTEN if self.watched else Haste.SELDOM
        elif self._slides(current) or current.length <= in_samples(self.setup.longest_word_s + self.setup.quiet_s):
            haste = Haste.AT_ONCE
        else:
            haste = Haste.OFTEN
        if haste is not self._haste:
            self._haste = haste
            self.source.hurry(haste)

    def _take_what_comes(self, block: AudioBlock) -> None:
        if self.windows.gate.current is not None:
            return
        if (model := self._coming_model) is not None:
            self.classifier, self._coming_model = model, None
            self.windows.resize(model.window, block.start)
            self._follower = model.follow()
        if self._coming is not None:
            self.detector.decisions, self._coming = self._coming, None

    def _in_time(self, block: AudioBlock, due: Iterable[Window]) -> Iterable[Window]:
        """Leave out what nobody waits for any more when sound comes faster than it is scored."""
        asked_for = self._haste is Haste.SELDOM
        if not self.source.live or asked_for or len(block.samples) <= in_samples(BEHIND_S):
            return due
        windows = list(due)
        last = max((at for at, window in enumerate(windows) if not window.laid), default=0)
        kept = [window for at, window in enumerate(windows) if window.laid or at == last]
        self.counters.windows_skipped += len(windows) - len(kept)
        return kept

    def _begin(self, at: int) -> None:
        live = self.source.live
        self._start_over(at, quiet_before=not live)
        self.detector.mute_until = at + (in_samples(self.setup.warm_up_s) if live else 0)

    def _due(self, block: AudioBlock) -> Iterable[Window]:
        """Windows that fall due in a block; none of what is lost, and none while voicego itself speaks."""
        end = block.start + len(block.samples)
        if block.skipped:
            self.counters.skipped += block.skipped
            self._start_over(block.start, quiet_before=False)
        if self.ears.now:
            self._deaf_until = end + in_samples(ECHO_S)
        if block.start < self._deaf_until:
            hears = min(self._deaf_until, end)
            self._start_over(hears, quiet_before=False)
            block = AudioBlock(block.samples[hears - block.start :], hears)
        self.counters.heard += len(block.samples)
        return self.windows.hear(block)

    def _start_over(self, at: int, *, quiet_before: bool) -> None:
        """Begin anew at sample `at`; windows before and after share nothing."""
        self.windows.reset(at, quiet_before=quiet_before)
        self._follower = self.classifier.follow()

    def _decide(self, windows: Iterable[Window]) -> None:
        due = list(windows)
        if not due:
            return
        self.counters.windows += len(due)
        labels = self.classifier.labels
        for window, row in zip(due, self._follower.score(due), strict=True):
            scores = Scores(labels, row, window.start, window.end, window.utterance, window.laid)
            if look_on := self.look_on:  # another thread may end it between a question and a call
                look_on(scores)
            if detection := self.detector.see(scores):
                self.counters.detections += 1
                self._pass_on(detection, window)

    def _pass_on(self, detection: Detection, window: Window) -> None:
        """Offer a detection, or let the confirmer do it."""
        decision = next(decision for decision in self.detector.decisions if decision.keyword == detection.keyword)
        if decision.confirm is None:
            self.offer(detection)
            return
        assert self.confirmer, "decisions that want a second opinion come with who gives it"  # noqa: S101
        sound = window.samples.copy()  # a view into what will be overwritten
        self.confirmer.ask(Candidate(detection, sound, decision.confirm, decision.cooldown_s))

    def _slides(self, utterance: Utterance) -> bool:
        return self.look_on is not None or self.detector.slides(utterance)

    def _wants(self, utterance: Utterance) -> bool:
        self.counters.utterances += 1
        wanted = self.detector.wants(utterance)
        self.counters.words_alone += wanted
        return wanted
