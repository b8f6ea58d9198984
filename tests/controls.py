"""A stand-in for the daemon behind the control socket: remembers what was asked, answers at once or when let."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from voicego.errors import Problem, RulesError, VoicegoError
from voicego.flow import ActionRun, Outcome, State, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.flow import Absence, Sensitivity


class Daemon:
    """A `Controls` with one rule, for "go"."""

    def __init__(self) -> None:
        self.now = Status(State.LISTENING, pid=7, rules=("go",), counters={"heard": 3}, microphone="a microphone")
        self.asked: list[str] = []
        self.rules_are_broken = False
        self.surprise: Exception | None = None
        """Raised by `status`."""
        self.listeners: list[Callable[[dict[str, object]], None]] = []
        self.doing = threading.Semaphore(0)
        """Released when a `do` has begun."""
        self.let_go = threading.Event()
        """Set to let `do` end."""
        self.let_go.set()

    def status(self) -> Status:
        self.asked.append("status")
        if self.surprise:
            raise self.surprise
        return self.now

    def pause(self, for_s: float | None = None) -> Status:
        self.asked.append(f"pause {for_s}")
        self.now = replace(self.now, state=State.PAUSED, pause_reasons=("by hand",), paused_until=for_s)
        return self.now

    def resume(self) -> Status:
        self.asked.append("resume")
        self.now = replace(self.now, state=State.LISTENING, pause_reasons=(), paused_until=None)
        return self.now

    def reload(self) -> Status:
        self.asked.append("reload")
        if self.rules_are_broken:
            raise RulesError((Problem("voicego.yaml:3:1", "unknown key"), Problem("voicego.yaml:4:1", "no action")))
        return self.now

    def stop(self) -> Status:
        self.asked.append("stop")
        return replace(self.now, state=State.STOPPED)

    def do(self, keyword: str) -> tuple[ActionRun, ...]:
        self.asked.append(f"do {keyword}")
        if keyword != "go":
            raise VoicegoError(f'there is no rule for "{keyword}"')
        self.doing.release()
        self.let_go.wait(20)
        return (ActionRun("d1", keyword, "open browser", Outcome.OK, exit_code=0, seconds=0.5),)

    def microphones(self) -> dict[str, object]:
        self.asked.append("microphones")
        there = {"name": "a microphone", "host_api": "ALSA", "default": True, "in_use": True}
        return {"microphones": [there], "chosen": None, "file": ["default"]}

    def choose_microphone(self, name: str | None) -> Status:
        self.asked.append(f"microphone {name}")
        return self.now

    def choose_sensitivity(self, level: Sensitivity | None, keyword: str | None = None) -> Status:
        self.asked.append(f"sensitivity {level} {keyword}")
        return self.now

    def switch_rule(self, keyword: str, *, on: bool) -> Status:
        self.asked.append(f"rule {keyword} {on}")
        return self.now

    def choose_pause_while(self, what: Absence, *, on: bool | None) -> Status:
        self.asked.append(f"pause_while {what} {on}")
        return self.now

    def wrong(self, detection_id: str) -> Status:
        self.asked.append(f"wrong {detection_id}")
        return self.now

    def subscribe(
        self, listener: Callable[[dict[str, object]], None], *, levels: bool = False, scores: bool = False
    ) -> Callable[[], None]:
        self.asked.append(f"subscribe {levels} {scores}")
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, event: dict[str, object]) -> None:
        for listener in list(self.listeners):
            listener(event)
