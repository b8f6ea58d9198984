"""What the supervisor is given, and what it watches over."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from voicego.confirming.stage import SecondStage
    from voicego.errors import VoicegoError
    from voicego.flow import NotConfirmed, Setup
    from voicego.listener import Listener
    from voicego.seams import Classifier, Source
    from voicego.spotting.decision import Decision

JOIN_S = 1.0
"""Seconds that a thread is given to end."""


@dataclass(frozen=True, slots=True)
class Parts:
    """How the supervisor comes by what it watches over."""

    read_rules: Callable[[], Setup]
    """Raises RulesError."""
    classifier: Callable[[Setup], Classifier]
    """Loads; takes seconds. Raises VoicegoError."""
    decisions: Callable[[Setup], tuple[Decision, ...]]
    source: Callable[[Setup], Source]
    second_stage: Callable[[Setup, Callable[[NotConfirmed], None]], SecondStage | None] = lambda *_: None
    """Makes what has the last word, where a setup asks for one; it reports what is not acted on."""
    keep: Callable[[], None] = lambda: None
    """Called when the rules file proved good."""
    rules_file: Path | None = None
    log_file: Path | None = None
    patient: bool = True
    """Nobody is there to mend what is wrong: wait for it to be mended instead of ending."""
    waits_for: Callable[[VoicegoError], bool] = lambda _: True
    """Whether a microphone that could not be opened at the start may yet come; else the daemon ends."""
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time


@dataclass(slots=True)
class Session:
    """A listener and the thread that it runs in."""

    listener: Listener
    thread: threading.Thread

    def end(self) -> bool:
        """Close the source and wait; whether the thread ended."""
        self.listener.source.close()
        if self.thread is not threading.current_thread():
            self.thread.join(JOIN_S)
        return not self.thread.is_alive()


@dataclass(slots=True)
class Subscribers:
    """Who wants to know what happens; from any thread."""

    _listeners: list[Callable[[dict[str, object]], None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, event: dict[str, object]) -> None:
        """Call each with an event; none of them may block."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(event)

    def add(self, listener: Callable[[dict[str, object]], None]) -> Callable[[], None]:
        """Tell one more, until what is returned is called."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock, suppress(ValueError):
                self._listeners.remove(listener)

        return end
