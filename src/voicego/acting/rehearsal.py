"""A stand-in for the runner that starts nothing: for `--dry-run`, and for tests."""

from __future__ import annotations

import shlex
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from voicego.acting import refusals
from voicego.acting.desk import Ran
from voicego.flow import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Asked:
    """One start that was asked for."""

    way: str
    """`run`, `detach`, `begin` or `hand over`."""
    argv: tuple[str, ...]
    shell: bool = False
    stdin: bytes = b""
    extra: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None


class Rehearsal:
    """Notes what it is asked, and answers "would run: …", or what a test gave it for that program's name."""

    def __init__(
        self,
        answers: Mapping[str, Ran] | None = None,
        *,
        otherwise: Ran | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._answers = dict(answers or {})
        self._otherwise = otherwise
        self._clock = clock
        self._halted = False
        self.asked: deque[Asked] = deque(maxlen=256)

    def run_to_end(
        self,
        argv: Sequence[str],
        timeout_s: float,
        *,
        shell: bool = False,
        stdin: bytes = b"",
        extra: Mapping[str, str] | None = None,
    ) -> Ran:
        """See `Processes`."""
        return self._answer(Asked("run", tuple(argv), shell, stdin, dict(extra or {}), timeout_s))

    def detach(self, argv: Sequence[str]) -> Ran:
        """See `Processes`."""
        return self._answer(Asked("detach", tuple(argv)))

    def begin(self, argv: Sequence[str], kill_after_s: float, *, extra: Mapping[str, str] | None = None) -> Ran:
        """See `Processes`."""
        return self._answer(Asked("begin", tuple(argv), extra=dict(extra or {}), timeout_s=kill_after_s))

    def hand_over(self, target: str, arguments: Sequence[str] = ()) -> Ran:
        """See `Processes`."""
        return self._answer(Asked("hand over", (target, *arguments)))

    def tend(self) -> int:
        """See `Processes`."""
        return 0

    def halt(self) -> None:
        """See `Processes`."""
        self._halted = True

    def allow(self) -> None:
        """See `Processes`."""
        self._halted = False

    def _answer(self, asked: Asked) -> Ran:
        if self._halted:
            return Ran(Outcome.FAILED, "voicego is stopping", started_at=self._clock())
        self.asked.append(asked)
        answer = self._answers.get(refusals.short(asked.argv[0]), self._otherwise) or _would(asked)
        return replace(answer, started_at=self._clock())


def _would(asked: Asked) -> Ran:
    written = asked.argv[0] if asked.shell else shlex.join(asked.argv)
    return Ran(Outcome.SKIPPED, f"would run: {written}")
