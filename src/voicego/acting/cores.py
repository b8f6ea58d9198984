"""Core dumps: none of the daemon, whose memory holds sound; its children's as they would be without it."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def forbid() -> Callable[[int], None]:
    """Dump no core of this process from now on; return what gives a child back the limit that was.

    The hard limit stays, else nobody could. Where a child's limit cannot be set from outside (all but Linux), children
    dump none either.
    """
    if sys.platform == "win32":
        return leave
    import resource  # noqa: PLC0415 -- there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if sys.platform != "linux" or soft == 0:
        return leave

    def restore(pid: int) -> None:
        # From outside: code that runs in the child before its program does is not safe beside threads.
        with contextlib.suppress(OSError):  # it has ended already
            resource.prlimit(pid, resource.RLIMIT_CORE, (soft, hard))

    return restore


def leave(_pid: int) -> None:
    """Leave a child as it is."""
