"""The events that wait for one subscriber: a bounded queue that drops, counts, and says so."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from contextlib import suppress

WAITING = 256
"""Events kept for a subscriber that is slow to read."""


class Subscriber:
    """Takes events from any thread, gives them to one coroutine."""

    def __init__(self, loop: asyncio.AbstractEventLoop, waiting: int = WAITING) -> None:
        self._loop = loop
        self._most = waiting
        self._lock = threading.Lock()
        self._events: deque[dict[str, object]] = deque()
        self._dropped = 0
        self._woken = False
        self._wake = asyncio.Event()

    def offer(self, event: dict[str, object]) -> None:
        """Queue an event, or count it when too many wait; never blocks."""
        with self._lock:
            if len(self._events) >= self._most:
                self._dropped += 1
                return
            self._events.append(event)
            if self._woken:  # one call waits in the loop already, however many events there are
                return
            self._woken = True
        self.wake()

    def wake(self) -> None:
        """Let `taken` return, with or without events; safe from any thread."""
        with suppress(RuntimeError):  # the loop ended
            self._loop.call_soon_threadsafe(self._wake.set)

    async def taken(self) -> list[dict[str, object]]:
        """Wait, then take what there is; the count of what was dropped comes last, where it is missing."""
        await self._wake.wait()
        self._wake.clear()
        with self._lock:
            events = list(self._events)
            if self._dropped:
                events.append({"event": "dropped", "count": self._dropped})
            self._events.clear()
            self._dropped = 0
            self._woken = False
        return events
