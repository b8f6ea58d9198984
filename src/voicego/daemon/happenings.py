"""What happened, and who is told of it: counted, remembered a little, passed on. From any thread; nothing blocks."""

from __future__ import annotations

import logging
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from voicego.daemon.parts import Subscribers
from voicego.daemon.recent import Recent, Wrongs
from voicego.flow import Outcome, Unheard, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from voicego.flow import ActionRun, Detection, NotConfirmed, Notice, Scores
    from voicego.listener import Listener

log = logging.getLogger(__name__)

LEVEL_S = 0.1
"""Least seconds between two levels that a subscriber is told."""


class Happenings:
    """One for a daemon."""

    def __init__(self, clock: Callable[[], float], now: Callable[[], float], wrong_file: Path | None) -> None:
        """Remember. `clock` is monotonic, `now` Unix time; both in seconds."""
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._counters: dict[str, int] = dict.fromkeys(
            ("detections", "actions", "actions_failed", "reconnects", "restarts", "confirmed", *Unheard), 0
        )
        self._notices: dict[str, str] = {}
        self._level_at = 0.0
        self.subscribers = Subscribers()
        self.recent = Recent()
        self.wrongs = Wrongs(wrong_file)
        self.last_detection: dict[str, Any] | None = None
        self.last_run: dict[str, Any] | None = None

    @property
    def counters(self) -> dict[str, int]:
        """Copy them."""
        with self._lock:
            return dict(self._counters)

    @property
    def notices(self) -> tuple[str, ...]:
        """What a person should know now."""
        return tuple(self._notices.values())

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self._counters[name] += by

    def tell(self, event: str, **values: object) -> None:
        """Tell everybody who asked."""
        self.subscribers.tell({"event": event, **values})

    def heard(self, detection: Detection) -> dict[str, Any]:
        """A keyword was heard; returns what to tell of it, once it is known whether it was taken."""
        self.count("detections")
        self.count("confirmed", detection.confirmed is not None)
        self.last_detection = found = self.recent.note(detection, self._now())
        return found

    def not_confirmed(self, one: NotConfirmed) -> None:
        """A candidate is not acted on."""
        self.count(one.outcome)
        heard = one.detection
        self.tell("not confirmed", id=heard.id, keyword=heard.keyword, outcome=one.outcome, why=one.why)

    def ran(self, run: ActionRun) -> None:
        """An action ended."""
        self.count("actions")
        self.count("actions_failed", run.outcome in {Outcome.FAILED, Outcome.TIMED_OUT})
        self.last_run = asdict(run) | {"time": self._now()}
        self.recent.ran(run)
        self.tell("action", **self.last_run)

    def note(self, notice: Notice) -> None:
        """Show a notice, or take it back."""
        with self._lock:
            notices = dict(self._notices)
            before = notices.pop(notice.kind, None)
            if notice.holds:
                notices[notice.kind] = notice.text
            self._notices = notices  # replaced whole: a status may be read meanwhile
        if not notice.holds and before is None:
            return
        if notice.holds and before != notice.text:
            log.warning("%s", notice.text)
        self.tell("notice", text=notice.text or before, holds=notice.holds)

    def level(self, listener: Listener) -> None:
        """Sound came; tell its level now and then."""
        if self.subscribers.levels and (now := self._clock()) - self._level_at >= LEVEL_S:
            self._level_at = now
            self.subscribers.tell_level({"event": "level", "level_db": listener.level_db, "gate": listener.gate})

    def scored(self, scores: Scores, thresholds: Mapping[str, float]) -> None:
        """A window was scored while somebody looks on."""
        self.subscribers.tell_scores(scores_event(scores, thresholds))

    def wrong(self, detection_id: str) -> None:
        """A person says that a detection was none.

        Raises:
            VoicegoError: it is none of the last few.
        """
        if found := self.recent.wrong(detection_id):
            self.wrongs.add(found["keyword"], found["score"], self._now())
            log.info("%s %s: a person says that it was wrong", detection_id, found["keyword"])
            self.tell("choices")


def scores_event(scores: Scores, thresholds: Mapping[str, float]) -> dict[str, object]:
    """Make what is told of a window's scores."""
    return {
        "event": "scores",
        "start_s": round(seconds(scores.start), 3),
        "end_s": round(seconds(scores.end), 3),
        "laid": scores.laid,
        "probabilities": dict(zip(scores.labels, (round(float(p), 4) for p in scores.probabilities), strict=True)),
        "thresholds": dict(thresholds),
    }
