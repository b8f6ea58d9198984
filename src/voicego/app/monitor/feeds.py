"""Where the monitor's events come from: the running daemon, or a listener of its own. Both tell the same ones."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from voicego.control.client import NotRunning, ask, events
from voicego.control.wire import Refused
from voicego.daemon.happenings import scores_event
from voicego.errors import VoicegoError
from voicego.flow import State
from voicego.paths import paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from voicego.flow import Detection, Scores, Setup
    from voicego.listener import Listener
    from voicego.seams import Source

Event = dict[str, Any]

CHANGES = frozenset({"state", "rules", "choices", "config error", "notice"})
"""Events after which the status says more than they do."""
LEVEL_S = 0.1
"""Least seconds between two levels."""
AGAIN_S = 1.0
"""Seconds between two looks for a daemon that is gone."""


class Feed(Protocol):
    """A source of events."""

    @property
    def closes_at_once(self) -> bool:
        """Whether `events` ends soon after `close`, or waits for a word that may never come."""
        ...

    def events(self) -> Iterator[Event]:
        """Yield what happens, first a `status`; ends with a recording, or after `close`.

        Raises:
            VoicegoError: there will be no more.
        """
        ...

    def look(self) -> Event | None:
        """Give the status now, where it may have changed without an event; from any thread."""
        ...

    def close(self) -> None:
        """End `events` as soon as it can; from any thread."""
        ...


class OfDaemon:
    """What the running voicego tells, over its ends and beginnings. While there is none, `gone` says so once."""

    closes_at_once = False

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._closed = threading.Event()

    def events(self) -> Iterator[Event]:
        """See `Feed`."""
        told_gone = False
        while not self._closed.is_set():
            why = "voicego has ended"
            try:
                yield self._status()
                told_gone = False
                yield from self._until_it_ends()
            except Refused:
                raise
            except NotRunning:
                pass
            except VoicegoError as error:
                why = str(error)
            if not told_gone:
                told_gone = True
                yield {"event": "gone", "why": why}
            self._closed.wait(AGAIN_S)

    def look(self) -> Event | None:
        """See `Feed`."""
        try:
            return self._status()
        except VoicegoError:  # its end is told by `events`
            return None

    def close(self) -> None:
        """See `Feed`. Whoever waits for the daemon's next word waits on, in a thread that ends with the process."""
        self._closed.set()

    def _until_it_ends(self) -> Iterator[Event]:
        for event in events(self._socket, levels=True, scores=True):
            yield {"time": time.time()} | event if event.get("event") == "not confirmed" else event
            if event.get("event") in CHANGES:
                yield self._status()

    def _status(self) -> Event:
        return {"event": "status", "status": ask(self._socket, "status")["status"]}


class Alone:
    """What a listener hears that does nothing: no action, no daemon."""

    closes_at_once = True

    def __init__(self, source: Source, setup: Setup) -> None:
        self._source = source
        # The last word is not asked: what is watched here is the model that listens.
        self._setup = replace(setup, confirm_with=None)
        self._thresholds: dict[str, float] = {}
        self._waiting: list[Event] = []
        self._closed = False

    def events(self) -> Iterator[Event]:
        """See `Feed`."""
        from voicego.app import hearing  # noqa: PLC0415 -- the model, for who stands alone
        from voicego.listener import Listener  # noqa: PLC0415

        yield self._status(State.LOADING)
        classifier = hearing.classifier_for(self._setup)
        decisions = hearing.decisions_for(self._setup)
        self._thresholds = {one.keyword: one.threshold for one in decisions}
        if self._closed:
            return
        self._source.open()
        try:
            yield self._status(State.LISTENING)
            listener = Listener(
                self._source, classifier, self._setup, decisions, self._detected, look_on=self._scored, watched=True
            )
            yield from self._heard(listener)
        finally:
            self._source.close()

    def look(self) -> Event | None:
        """See `Feed`."""
        return None

    def close(self) -> None:
        """See `Feed`."""
        self._closed = True
        self._source.close()

    def _heard(self, listener: Listener) -> Iterator[Event]:
        level_at = 0.0
        for _ in listener.steps():
            now = time.monotonic()
            if now - level_at >= LEVEL_S:
                level_at = now
                yield {"event": "level", "level_db": listener.level_db, "gate": listener.gate}
            waiting, self._waiting = self._waiting, []
            yield from waiting

    def _status(self, state: State) -> Event:
        return {
            "event": "status",
            "status": {
                "state": state,
                "reason": "",
                "microphone": self._source.name,
                "pid": os.getpid(),
                "rule_states": [
                    {"keyword": rule.keyword, "enabled": rule.enabled, "threshold": self._thresholds.get(rule.keyword)}
                    for rule in self._setup.rules
                ],
            },
        }

    def _detected(self, one: Detection) -> None:
        self._waiting.append(
            {"event": "detection", "id": one.id, "keyword": one.keyword, "score": one.score, "time": time.time()}
        )

    def _scored(self, scores: Scores) -> None:
        self._waiting.append(scores_event(scores, self._thresholds))


def feed_for(
    socket: Path, config: Path | None, file: str | None, device: str | None, *, alone: bool
) -> OfDaemon | Alone:
    """Choose: the running voicego, or standing alone where that was asked for, or where none runs.

    Args:
        socket: the daemon's.
        config: rules file for standing alone; None: the person's own, else every keyword of the model in the package.
        file: a recording to hear instead of the microphone, at life speed.
        device: microphone by name.
        alone: do not ask for a daemon.

    Raises:
        VoicegoError: the rules are broken, or there is no such file.
    """
    if not (alone or config or file or device) and _runs(socket):
        return OfDaemon(socket)
    from voicego.app import hearing, spotting  # noqa: PLC0415

    own = paths(os.environ).rules
    setup = spotting.setup_for(config or (own if own.exists() else None), None)
    if device:
        setup = replace(setup, microphones=(device,))
    source = hearing.recording_for(file, setup, "life") if file else hearing.microphone_for(setup)
    return Alone(source, setup)


def _runs(socket: Path) -> bool:
    try:
        ask(socket, "status")
    except NotRunning:
        return False
    return True
