"""In a call: another program records from a microphone, as the sound server tells. On Linux; nothing is polled."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from voicego.absence.pactl import Pactl, Silent
from voicego.absence.recorders import ears, microphones, pid_of, process_id, recorders
from voicego.flow import Absence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

TURN_S = 0.2
"""Seconds between two looks at the list, however much changes in it."""
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds to wait for a sound server that went away; the last one again and again."""
GOOD_S = 30.0
"""Seconds that a connection must have lasted for the next loss to count as the first."""
JOIN_S = 1.0


class Call:
    """A thread that follows the list of recording streams from `start` to `stop`."""

    def __init__(
        self,
        tell: Callable[[Absence, bool], None],
        own_pids: Callable[[], frozenset[int]],
        pactl: Pactl | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember; `tell` is called on the thread with each change, first from "no call"."""
        self._tell = tell
        self._own_pids = own_pids
        self._pactl = pactl or Pactl()
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="voicego-call", daemon=True)
        self._programs: tuple[str, ...] = ()
        self._heard_by_us: set[str] = set()
        """Names of sources that we have heard: each is a microphone, though it be a loudspeaker's monitor."""
        self._trouble = ""

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End; nothing is told any more."""
        self._stopping.set()
        self._pactl.hush()
        if self._thread.is_alive():
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            began = self._clock()
            try:
                self._follow()
                self._say_trouble("no sound server answers, or it went away")
            except Silent as why:
                self._say_trouble(str(why))
            except Exception:  # the thread's one boundary
                log.exception("a surprise while looking who records")
                self._say_trouble("a surprise")
            self._found(())  # its streams went with it; a call that goes on is found when it is back
            tries = 0 if self._clock() - began >= GOOD_S else tries
            self._stopping.wait(PAUSES_S[min(tries, len(PAUSES_S) - 1)])
            tries += 1

    def _follow(self) -> None:
        """Follow one sound server to its end."""
        told = False
        with closing(self._pactl.changes()) as changes:
            for lines in changes:
                if self._stopping.is_set():
                    return
                # pactl does not say when it begins to be told. But each look of ours is a change by itself: whoever
                # looks until the first is told, and then once more, has missed none.
                if not told or b"source-output" in lines:
                    self._look()
                    self._stopping.wait(TURN_S if told else 0.0)  # meanwhile changes gather, and are one
                told = told or bool(lines)

    def _look(self) -> None:
        """Look who records now."""
        listed = ears(self._pactl.listed("source-outputs"))
        self._found(self._others(listed) if listed else ())
        self._trouble = ""

    def _others(self, listed: list[Mapping[str, Any]]) -> tuple[str, ...]:
        own, clients, sources = self._own_pids(), self._clients_of(listed), self._pactl.listed("sources")
        names = {source["index"]: source["name"] for source in sources}
        ours = [stream for stream in listed if pid_of(stream, clients) in own]
        self._heard_by_us.update(names[stream["source"]] for stream in ours if stream["source"] in names)
        if len(ours) == len(listed):
            return ()
        also = self._heard_by_us | {self._pactl.default_source()}
        return recorders(listed, microphones(sources, also), own, clients)

    def _clients_of(self, listed: list[Mapping[str, Any]]) -> dict[str, int | None]:
        """Give the clients and their processes, where a stream does not say its own."""
        if all(process_id(stream) is not None for stream in listed):
            return {}
        return {str(one["index"]): process_id(one) for one in self._pactl.listed("clients")}

    def _found(self, programs: tuple[str, ...]) -> None:
        before, self._programs = self._programs, programs
        if bool(before) is not bool(programs) and not self._stopping.is_set():
            log.info("%s", f"another program records: {', '.join(programs)}" if programs else "nobody else records")
            self._tell(Absence.CALL, bool(programs))

    def _say_trouble(self, why: str) -> None:
        if why != self._trouble and not self._stopping.is_set():
            log.warning("whether another program records cannot be told: %s", why)
        self._trouble = why
