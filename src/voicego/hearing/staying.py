"""What the sound server tells while a stream of ours is open: that it moved it to another microphone, above all.

PulseAudio moves streams along when the default changes from what they hear, and elsewhere when that is unplugged: be it
into a headset. It does not ask, and nothing of it reaches PortAudio.
"""

from __future__ import annotations

import logging
import os
import subprocess
from dataclasses import dataclass
from threading import Lock, Thread
from typing import TYPE_CHECKING

from voicego.errors import VoicegoError
from voicego.hearing import sound_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

log = logging.getLogger(__name__)

END_S = 1.0

AS_IT_IS = -1
SETTLING_S = (0.3, 1.0)
"""Seconds between the looks that come before the server is relied on to tell."""

NEWS = (b" on source #", b" on server", b" on card #")
"""After these another microphone may be there, or be the default."""


@dataclass(slots=True)
class Changes:
    """What was told of all microphones."""

    listeners: int = 0
    """While there are none, nothing is told."""
    count: int = 0


CHANGES = Changes()
"""Of this process's one sound server."""


class Staying:
    """Watches over one stream, on a thread of its own that sleeps until the server tells of a change."""

    def __init__(
        self,
        number: int | None,
        moved: Callable[[], None],
        news: Callable[[], subprocess.Popen[bytes] | None] = sound_server.news,
        heard_by: Callable[[int], frozenset[int]] = sound_server.heard_by,
        changes: Changes = CHANGES,
    ) -> None:
        """Remember.

        Args:
            number: of the source that is to be heard; `AS_IT_IS`: which is heard at first; None: any.
            moved: called once, when another one is.
            news: starts what writes a line for each change.
            heard_by: asks for the numbers of the sources that a process hears.
            changes: where to count what else is told.
        """
        self._number = number
        self._moved = moved
        self._news = news
        self._heard_by = heard_by
        self._changes = changes
        self._lock = Lock()
        self._ended = False
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = Thread(target=self._watch, name="voicego-staying", daemon=True)

    def start(self) -> None:
        """Begin to watch, once the stream is open."""
        heard = self._heard() if self._number is not None else frozenset()
        if self._number == AS_IT_IS:
            self._number = next(iter(heard)) if len(heard) == 1 else None
        elif heard and self._number not in heard:
            log.warning("the sound server lets voicego hear another microphone than it asked for")
            self._number = None
        with self._lock:
            if not self._ended:
                self._thread.start()

    def stop(self) -> None:
        """Watch no more; from any thread."""
        with self._lock:
            self._ended = True
            if self._process is not None:
                self._process.kill()
        if self._thread.ident is not None:
            self._thread.join(END_S)

    def _watch(self) -> None:
        with self._lock:
            if self._ended or (process := self._news()) is None:
                return
            self._process = process
        assert process.stdout is not None  # noqa: S101 - it was asked for
        self._changes.listeners += 1
        self._changes.count += 1  # nobody told what changed before
        try:
            with process.stdout as told:
                if self._elsewhere() or self._elsewhere_soon(process):  # since it was opened
                    self._moved()
                else:
                    self._follow(told)
        finally:
            self._changes.listeners -= 1
            process.kill()
            process.wait()

    def _follow(self, told: Iterable[bytes]) -> None:
        """Until the server ends, or `stop`, or the stream was moved."""
        seen_once = False
        for line in told:
            if any(one in line for one in NEWS):
                self._changes.count += 1
            if b"'change' on source-output #" in line or not seen_once:  # before the first line, nobody told
                seen_once = True
                if self._elsewhere():
                    self._moved()
                    return

    def _elsewhere_soon(self, process: subprocess.Popen[bytes]) -> bool:
        """Look again in the first moments: what happens before the server knows that we listen, it does not tell."""
        for pause_s in SETTLING_S:
            try:
                process.wait(pause_s)
            except subprocess.TimeoutExpired:
                if self._elsewhere():
                    return True
            else:  # it was ended, or ended by itself
                return False
        return False

    def _elsewhere(self) -> bool:
        heard = frozenset() if self._number is None else self._heard()
        return bool(heard) and self._number not in heard

    def _heard(self) -> frozenset[int]:
        try:
            return self._heard_by(os.getpid()) - {sound_server.UNLINKED}
        except VoicegoError:  # that it hangs is noticed elsewhere
            return frozenset()
