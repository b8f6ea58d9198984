"""`pause`: voicego's own, carried out by whoever owns the ears."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from voicego.acting.desk import Ran
from voicego.errors import VoicegoError
from voicego.flow import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.flow import Pause


def carry_out(action: Pause, pause: Callable[[float | None], None], clock: Callable[[], float] = time.monotonic) -> Ran:
    """Ask for the pause; the asking never blocks, and may be refused where nobody listens."""
    started_at = clock()
    try:
        pause(action.for_s)
    except VoicegoError as error:
        return Ran(Outcome.FAILED, str(error), started_at=started_at)
    return Ran(Outcome.OK, started_at=started_at, seconds=clock() - started_at)


def length(for_s: float) -> str:
    """As a person says it: `90 s`, `10 min`, `2 h`."""
    for unit, size in (("h", 3600), ("min", 60)):
        if for_s >= size and for_s % size == 0:
            return f"{for_s / size:g} {unit}"
    return f"{for_s:g} s"
