"""What the supervisor is given, and what it watches over."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from voicego.daemon.manager import Manager
from voicego.daemon.watching import boot_clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voicego.confirming.stage import SecondStage
    from voicego.errors import VoicegoError
    from voicego.flow import Absence, NotConfirmed, Rule, Setup
    from voicego.hearing.choosing import Device
    from voicego.seams import Classifier, Source
    from voicego.spotting.decision import Decision

JOIN_S = 1.0
"""Seconds that a thread is given to end."""


@dataclass(frozen=True, slots=True)
class Parts:
    """How the supervisor comes by what it watches over."""

    read_rules: Callable[[], Setup]
    """As the file says, without what was chosen. Raises RulesError."""
    classifier: Callable[[Setup], Classifier]
    """Loads; takes seconds. Raises VoicegoError."""
    decisions: Callable[[Setup], tuple[Decision, ...]]
    source: Callable[[Setup], Source]
    second_stage: Callable[[Setup, Callable[[NotConfirmed], None]], SecondStage | None] = lambda *_: None
    """Makes what has the last word, where a setup asks for one; it reports what is not acted on."""
    wished: Callable[[Setup], Setup] = lambda setup: setup
    """Puts the command line above everything else."""
    better: Callable[[tuple[str, ...], str], bool] = lambda *_: False
    """Whether a microphone that stands earlier in the list than the one in use is there; may take seconds."""
    microphones: Callable[[], tuple[Device, ...]] = tuple
    """Lists what can be listened to; may take a second. Raises VoicegoError."""
    absence: Callable[[frozenset[Absence], Callable[[Absence, bool], None]], Watch | None] = lambda *_: None
    """Makes what tells when nobody means voicego."""
    describe: Callable[[Rule], str] = lambda rule: rule.keyword
    """What a rule does, in the words of a person."""
    may_begin_again: Callable[[], bool] = lambda: False
    """Whether the whole process may begin anew in its own place."""
    keep: Callable[[], None] = lambda: None
    """Called when the rules file proved good."""
    choices_file: Path | None = None
    """None: nothing is chosen, and nothing is kept."""
    wrong_file: Path | None = None
    manager: Manager = field(default_factory=lambda: Manager({}, 0))
    rules_file: Path | None = None
    log_file: Path | None = None
    lasting: bool = True
    """A surprise does not end it: it listens until it is told to stop. Not so a recording, which is heard once."""
    patient: bool = True
    """Nobody is there to mend what is wrong: wait for it to be mended instead of ending."""
    waits_for: Callable[[VoicegoError], bool] = lambda _: True
    """Whether a microphone that could not be opened at the start may yet come; else the daemon ends."""
    clock: Callable[[], float] = time.monotonic
    outside: Callable[[], float] = boot_clock
    """Goes on while the computer sleeps."""
    now: Callable[[], float] = time.time


class Watch(Protocol):
    """Something that looks on in a thread of its own."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End."""
        ...


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who wants to know, and what besides."""

    listener: Callable[[dict[str, object]], None]
    levels: bool = False
    scores: bool = False


@dataclass(slots=True)
class Subscribers:
    """Who wants to know what happens; from any thread."""

    _all: tuple[Subscription, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def levels(self) -> bool:
        """Whether anybody wants levels."""
        return any(one.levels for one in self._all)

    @property
    def scores(self) -> bool:
        """Whether anybody wants scores."""
        return any(one.scores for one in self._all)

    def tell(self, event: dict[str, object]) -> None:
        """Call each with an event; none of them may block."""
        for one in self._all:
            one.listener(event)

    def tell_level(self, event: dict[str, object]) -> None:
        """Call those that want levels."""
        for one in self._all:
            if one.levels:
                one.listener(event)

    def tell_scores(self, event: dict[str, object]) -> None:
        """Call those that want scores."""
        for one in self._all:
            if one.scores:
                one.listener(event)

    def add(self, subscription: Subscription) -> Callable[[], None]:
        """Tell one more, until what is returned is called."""
        with self._lock:
            self._all = (*self._all, subscription)

        def end() -> None:
            with self._lock:
                self._all = tuple(one for one in self._all if one is not subscription)

        return end
