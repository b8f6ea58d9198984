"""A look that takes too long, or breaks, is a sentence of its own and holds up nobody."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from voicego.app.doctor.check import Check, State, told, warning
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Callable


def bounded(name: str, look: Callable[[], Check], limit_s: float) -> Check:
    """Call `look` on a thread of its own and wait for it; a thread that hangs is left behind."""
    found: list[Check] = []

    def run() -> None:
        try:
            found.append(look())
        except VoicegoError as error:
            found.append(told(name, State.WARNING, error))
        except Exception as error:  # noqa: BLE001 -- the thread's one; whoever sent for a doctor gets no traceback
            why = f"{type(error).__name__}: {error}".rstrip(": ")
            found.append(
                warning(name, f"could not be looked at ({why})", "please report this with the lines around it")
            )

    thread = threading.Thread(target=run, name=f"voicego-doctor-{name}", daemon=True)
    thread.start()
    thread.join(limit_s)
    if found:
        return found[0]
    return warning(
        name, f"gave no answer within {limit_s:g} s", "something that it asks hangs; the others are named here"
    )
