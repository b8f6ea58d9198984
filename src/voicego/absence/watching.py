"""What watches for an absence on this system, and what cannot be watched for."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from voicego.flow import Absence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Watcher(Protocol):
    """A thread that watches for one kind of absence."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End; nothing is told any more."""
        ...


@dataclass(frozen=True, slots=True)
class Watch:
    """All that watch, started and stopped together, once."""

    watchers: tuple[Watcher, ...]

    def start(self) -> None:
        """Begin to watch."""
        for one in self.watchers:
            one.start()

    def stop(self) -> None:
        """End. What was told last is for the asker to forget; nothing more is told."""
        for one in self.watchers:
            one.stop()


def watch(
    kinds: Iterable[Absence], tell: Callable[[Absence, bool], None], own_pids: Callable[[], frozenset[int]]
) -> Watch:
    """Make what watches for some kinds of absence, to be started and stopped.

    Args:
        kinds: what to watch for; what this system cannot tell is left out (see `cannot_tell`).
        tell: called from threads of the watch with each change, first when an absence begins; must not block.
        own_pids: processes that are voicego itself, and so no call.
    """
    return Watch(tuple(one for kind in sorted(kinds) for one in _watchers(kind, tell, own_pids)))


def cannot_tell(kind: Absence, environ: Mapping[str, str] = os.environ) -> str:
    """Say why this system cannot tell of an absence; an empty text if it can. Takes moments, at most some seconds."""
    if sys.platform == "win32":
        return ""
    if sys.platform == "darwin":
        if kind is Absence.LOCKED:
            return ""
        return "macOS tells that a microphone is in use, and not whether by another program than voicego"
    if kind is Absence.LOCKED:
        from voicego.absence.locked import who_tells  # noqa: PLC0415 -- asyncio and dbus-fast, where they are wanted

        return "" if who_tells(environ) else "neither logind nor a screen saver answers on the system or session bus"
    from voicego.absence.pactl import Pactl, Silent  # noqa: PLC0415

    try:
        Pactl(environ).listed("source-outputs")
    except Silent as why:
        return str(why)
    return ""


def _watchers(
    kind: Absence, tell: Callable[[Absence, bool], None], own_pids: Callable[[], frozenset[int]]
) -> Iterable[Watcher]:
    if sys.platform in {"darwin", "win32"}:
        return _glances(kind, tell)
    if kind is Absence.LOCKED:
        from voicego.absence.locked import Locked  # noqa: PLC0415

        return (Locked(tell),)
    from voicego.absence.call import Call  # noqa: PLC0415

    return (Call(tell, own_pids),)


def _glances(kind: Absence, tell: Callable[[Absence, bool], None]) -> Iterable[Watcher]:
    from voicego.absence import glances  # noqa: PLC0415

    look = getattr(glances, "screen_is_locked" if kind is Absence.LOCKED else "another_records", None)
    return (glances.Glances(kind, look, tell),) if look else ()
