"""Begin the whole process anew in its own place: the one cure for a library that never gives a thread back.

PortAudio 19.6 can loop without end in its callback's thread after an unplug (pa_linux_alsa.c: an error while it cleans
up after an error), at 90 % of a core and 50 MB of messages a second; no thread of ours can end it.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from subprocess import list2cmdline
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BEGUN = "VOICEGO_BEGUN_ANEW"
"""Unix times at which this process was begun anew, for its next life."""
MOST = 3
WITHIN_S = 600.0
"""So often, then it says `failed` instead: whoever watches over the process may know better."""


def may_begin(environ: Mapping[str, str], now: float) -> bool:
    """Whether to begin anew at Unix time `now`."""
    return len(_lately(environ, now)) < MOST


def begin(environ: Mapping[str, str], now: float) -> NoReturn:
    """Become a new process with the same number, words and standard streams. Close files and sockets before."""
    begun = ",".join(f"{time:.0f}" for time in (*_lately(environ, now), now))
    # By orig_argv, for `python -m voicego` and a console script are started differently.
    words = [sys.executable, *sys.orig_argv[1:]]
    if sys.platform == "win32":  # there they are put together unquoted, and taken apart at each blank
        words = [list2cmdline([word]) for word in words]
    os.execve(sys.executable, words, {**environ, BEGUN: begun})  # noqa: S606 -- no shell


def _lately(environ: Mapping[str, str], now: float) -> tuple[float, ...]:
    begun = (time for time in environ.get(BEGUN, "").split(",") if time.isdecimal())
    return tuple(time for time in map(float, begun) if 0 <= now - time < WITHIN_S)


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Inside, what C libraries write to standard error goes nowhere; what Python writes goes where it went.

    ALSA tells of every device that it does not find, and a PortAudio that loops would fill a disk.
    """
    if sys.stderr is None or sys.platform == "win32":
        yield
        return
    sys.stderr.flush()
    before, kept = sys.stderr, os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with os.fdopen(os.dup(kept), "w", buffering=1, encoding=before.encoding, errors="backslashreplace") as ours:
        os.dup2(nowhere, 2)
        sys.stderr = ours
        try:
            yield
        finally:
            sys.stderr = before
            os.dup2(kept, 2)
            os.close(kept)
            os.close(nowhere)
