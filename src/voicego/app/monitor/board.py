"""What the monitor shows, brought up to date event by event. Pure: no clock, no terminal."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voicego.flow import State

if TYPE_CHECKING:
    from collections.abc import Mapping

HOLDS_S = 1.5
"""Seconds for which a score is shown after the last window: then nothing is being judged."""
BEST_S = 4.0
"""Seconds for which the highest score is marked."""
LOUDEST_S = 1.5
"""Seconds for which the highest level is marked."""
KEPT = 50
"""Detections kept."""


@dataclass(slots=True)
class Gauge:
    """One keyword's score against its threshold."""

    keyword: str
    threshold: float | None = None
    score: float = 0.0
    at: float | None = None
    """When it was scored."""
    laid: bool = False
    """The score is of a window laid over an ended utterance, which decides on a word said alone."""
    best: float = 0.0
    best_at: float | None = None

    def scored(self, score: float, now: float, *, laid: bool) -> None:
        """Take in the newest score."""
        self.score, self.at, self.laid = score, now, laid
        if score >= self.best or self.best_at is None or now - self.best_at > BEST_S:
            self.best, self.best_at = score, now

    def shown(self, now: float) -> float:
        """Score to show."""
        return self.score if self.at is not None and now - self.at <= HOLDS_S else 0.0

    def best_shown(self, now: float) -> float:
        """Highest score of the last seconds."""
        return self.best if self.best_at is not None and now - self.best_at <= BEST_S else 0.0


@dataclass(slots=True)
class Found:
    """A detection and what came of it."""

    id: str
    """Empty once its daemon has ended."""
    keyword: str
    score: float | None
    time: float | None
    """Unix."""
    confirmed: float | None = None
    refused: str = ""
    """Why it is not acted on."""
    actions: list[Mapping[str, Any]] = field(default_factory=list)
    """Each with `action`, `outcome`, `detail`, `seconds`."""


@dataclass(slots=True)
class Board:
    """All that is known now."""

    state: str = State.STARTING
    reason: str = ""
    gone: str = ""
    """Why there is no daemon to tell anything; empty while there is one."""
    microphone: str = ""
    problem: str = ""
    """First line of what is wrong with the rules."""
    notices: tuple[str, ...] = ()
    level_db: float | None = None
    loudest_db: float | None = None
    gate: bool = False
    gauges: dict[str, Gauge] = field(default_factory=dict)
    found: deque[Found] = field(default_factory=lambda: deque(maxlen=KEPT))
    """Newest first."""
    missed: int = 0
    """Events that came too fast to be told."""
    _loudest_at: float = 0.0

    def take(self, event: Mapping[str, Any], now: float) -> None:
        """Take in one event, at `now` in seconds of any clock that runs on; one that is unknown changes nothing."""
        match event:
            case {"event": "status", "status": status}:
                self._status(status)
            case {"event": "state", "state": state, "reason": reason}:
                self._state(state, reason)
            case {"event": "level", "level_db": level, "gate": gate}:
                self._level(level, now, gate=gate)
            case {"event": "scores"}:
                self._scored(event, now)
            case {"event": "detection" | "not confirmed"}:
                self._detected(event)
            case {"event": "action"}:
                self._acted(event)
            case {"event": "dropped", "count": count}:
                self.missed += count
            case {"event": "gone", "why": why}:
                self._gone(why)

    def _status(self, status: Mapping[str, Any]) -> None:
        self.gone = ""
        self._state(status["state"], status.get("reason", ""))
        self.microphone = status.get("microphone", "")
        self.problem = next(iter(status.get("config_error", "").splitlines()), "")
        self.notices = tuple(status.get("notices", ()))
        active = [rule for rule in status.get("rule_states", ()) if rule["enabled"]]
        before = self.gauges
        self.gauges = {rule["keyword"]: before.get(rule["keyword"], Gauge(rule["keyword"])) for rule in active}
        for rule in active:
            if rule["threshold"] is not None:
                self.gauges[rule["keyword"]].threshold = rule["threshold"]
        known = {one.id for one in self.found}
        for recent in reversed(status.get("recent", ())):
            if recent["id"] not in known:
                self._detected(recent)

    def _gone(self, why: str) -> None:
        self._state("", "")
        self.gone, self.problem, self.notices = why, "", ()
        for one in self.found:
            one.id = ""  # the next daemon counts anew

    def _state(self, state: str, reason: str) -> None:
        self.state, self.reason = state, reason
        if state != State.LISTENING:
            self.level_db = self.loudest_db = None
            self.gate = False

    def _level(self, level: float | None, now: float, *, gate: bool) -> None:
        self.level_db, self.gate = level, gate
        if level is None:
            return
        if self.loudest_db is None or level >= self.loudest_db or now - self._loudest_at > LOUDEST_S:
            self.loudest_db, self._loudest_at = level, now

    def _scored(self, event: Mapping[str, Any], now: float) -> None:
        for keyword, threshold in event["thresholds"].items():
            gauge = self.gauges.setdefault(keyword, Gauge(keyword))
            gauge.threshold = threshold
            gauge.scored(event["probabilities"].get(keyword, 0.0), now, laid=event["laid"])

    def _detected(self, one: Mapping[str, Any]) -> None:
        found = Found(one["id"], one["keyword"], one.get("score"), one.get("time"), one.get("confirmed"))
        found.refused = one.get("why") or one.get("outcome", "")
        if not one.get("taken", True):
            found.refused = "too many words in a short time"
        found.actions.extend(one.get("actions", ()))
        self.found.appendleft(found)

    def _acted(self, event: Mapping[str, Any]) -> None:
        for one in self.found:
            if one.id == event["detection_id"]:
                one.actions.append(event)
