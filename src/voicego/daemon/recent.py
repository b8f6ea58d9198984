"""The last detections, what came of them, and which of them a person called wrong."""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

from voicego.errors import VoicegoError
from voicego.files import write_whole
from voicego.flow import Detection, Offer, Sensitivity, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from voicego.flow import ActionRun

log = logging.getLogger(__name__)

SHOWN = 5
ENOUGH = 3
"""Wrong detections of one word within `WITHIN_S` after which a lower sensitivity is offered."""
WITHIN_S = 86_400.0
LOWER = {Sensitivity.HIGHER: Sensitivity.NORMAL, Sensitivity.NORMAL: Sensitivity.LOWER}
LOWERED = "changed"
"""Stands for a score in the list of wrong detections: from here on the word is counted anew."""
MOST_LINES = 2_000
"""The list is cut to half of that when it grows beyond."""


class Recent:
    """The last few detections, newest first; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: deque[dict[str, Any]] = deque(maxlen=SHOWN)

    def note(self, detection: Detection, time: float) -> dict[str, Any]:
        """Add a detection of Unix time `time`; returns what an event tells of it."""
        told = {
            "id": detection.id,
            "keyword": detection.keyword,
            "score": detection.score,
            "confirmed": detection.confirmed,
            "at_s": round(seconds(detection.at), 3),
            "time": time,
        }
        with self._lock:
            self._found.appendleft({**told, "actions": [], "wrong": False})
        return told

    def ran(self, run: ActionRun) -> None:
        """Add how one of its actions ended."""
        kept = {name: getattr(run, name) for name in ("action", "outcome", "detail", "seconds")}
        with self._lock:
            for one in self._found:
                if one["id"] == run.detection_id:
                    one["actions"].append(kept)

    def wrong(self, detection_id: str) -> dict[str, Any] | None:
        """Mark a detection; returns it, or None when it was marked before.

        Raises:
            VoicegoError: it is none of those shown.
        """
        with self._lock:
            for one in self._found:
                if one["id"] == detection_id:
                    before, one["wrong"] = one["wrong"], True
                    return None if before else dict(one)
        raise VoicegoError(
            f'there is no detection "{detection_id}" among the last {SHOWN}; see `voicego status --json`'
        )

    def told(self) -> tuple[dict[str, Any], ...]:
        """Copy them for a status."""
        with self._lock:
            return tuple({**one, "actions": list(one["actions"])} for one in self._found)


class Wrongs:
    """The local list of wrong detections: a line each with Unix time, keyword and score. Never a sound."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._times: dict[str, list[float]] = {}

    def read(self) -> None:
        """Take up what was said before."""
        for line in self._lines():
            match line.split("\t"):
                case [_, keyword, what] if what == LOWERED:
                    self._times.pop(keyword, None)
                case [time, keyword, _]:
                    try:
                        self._times.setdefault(keyword, []).append(float(time))
                    except ValueError:
                        log.debug("no time in %r", line)

    def add(self, keyword: str, score: float, now: float) -> None:
        """Add one."""
        self._times.setdefault(keyword, []).append(now)
        self._write(f"{now:.0f}\t{keyword}\t{score:.3f}")

    def start_over(self, keyword: str, now: float) -> None:
        """Count a word anew: its sensitivity was changed."""
        if self._times.pop(keyword, None):
            self._write(f"{now:.0f}\t{keyword}\t{LOWERED}")

    def offers(self, sensitivities: Mapping[str, Sensitivity], now: float) -> tuple[Offer, ...]:
        """Offer a lower sensitivity where one can help: `sensitivities` holds it for those words alone."""
        counts = {word: sum(now - time < WITHIN_S for time in list(times)) for word, times in list(self._times.items())}
        return tuple(
            Offer(word, count, LOWER[sensitivities[word]])
            for word, count in counts.items()
            if count >= ENOUGH and sensitivities.get(word) in LOWER
        )

    def _lines(self) -> list[str]:
        try:
            return self._path.read_text(encoding="utf-8").splitlines() if self._path else []
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            log.warning("the list of wrong detections cannot be read: %s", error)
            return []

    def _write(self, line: str) -> None:
        if self._path is None:
            return
        lines = [*self._lines(), line]
        try:
            if len(lines) > MOST_LINES:
                write_whole(self._path, ("\n".join(lines[-MOST_LINES // 2 :]) + "\n").encode(), private=True)
                return
            with open(self._path, "a", encoding="utf-8", opener=_private) as file:
                file.write(f"{line}\n")
        except OSError as error:
            log.warning("what was wrong cannot be kept in %s: %s", self._path, error)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
