"""Sound of one device as it comes, at its own rate: what PortAudio and the sound server's recorder both give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from voicego.hearing.ring import Fresh

LONGEST_S = 1.0
"""Most sound that is given at once, after the reader was held up."""


class Stream(Protocol):
    """One thread reads; any thread may end it."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        ...

    def read(self, wait_s: float, least_s: float) -> Fresh:
        """Give what came since the last call, at most `LONGEST_S`; it is good until the next call.

        Waits until there is about `least_s` of sound, but no longer than `wait_s`. What came before the end can still
        be read afterwards.
        """
        ...

    def end(self) -> None:
        """Let nobody wait any more."""
        ...

    def close(self) -> None:
        """End it, and give the device back; comes back within about a second whatever hangs."""
        ...
