"""The screen is locked, as logind and screen savers tell on the two buses of a free desktop.

Only facts count: logind's `LockedHint`, which GNOME, KDE and others set, and a screen saver's word that it is active.
logind's signal `Lock` is a wish, and where a locker sets no hint nothing would ever tell that it was unlocked again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from voicego.absence.buses import (
    BUS,
    GRACE_S,
    Bus,
    NoAnswer,
    Signal,
    connected,
    follow,
    session_address,
    system_address,
)
from voicego.flow import Absence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

JOIN_S = 1.0
LOGIND = "org.freedesktop.login1"
MANAGER = (LOGIND, "/org/freedesktop/login1", f"{LOGIND}.Manager")
PROPERTIES = "org.freedesktop.DBus.Properties"
SAVERS = {
    "org.freedesktop.ScreenSaver": "/org/freedesktop/ScreenSaver",
    "org.gnome.ScreenSaver": "/org/gnome/ScreenSaver",
    "org.cinnamon.ScreenSaver": "/org/cinnamon/ScreenSaver",
    "org.mate.ScreenSaver": "/org/mate/ScreenSaver",
    "org.xfce.ScreenSaver": "/org/xfce/ScreenSaver",
}
"""Names, which are those of their interfaces too, and where each is asked."""
DESKTOPS = frozenset({"x11", "wayland", "mir"})
"""Types of sessions that have a screen to lock."""


class Logind:
    """What logind knows of this user's desktop sessions."""

    rules = (
        f"type='signal',sender='{LOGIND}',interface='{PROPERTIES}',path_namespace='/org/freedesktop/login1/session'",
        f"type='signal',sender='{LOGIND}',interface='{LOGIND}.Manager',member='SessionNew'",
        f"type='signal',sender='{LOGIND}',interface='{LOGIND}.Manager',member='SessionRemoved'",
        f"type='signal',sender='{BUS[0]}',interface='{BUS[2]}',member='NameOwnerChanged',arg0='{LOGIND}'",
    )

    def __init__(self, user: int) -> None:
        self._user = user
        self.locked = False
        """Every desktop session of the user is locked, and there is one."""

    async def begin(self, bus: Bus) -> None:
        """Ask for every session."""
        try:
            [sessions] = await bus.call(MANAGER, "ListSessions")
            hints = [await self._hint(bus, path) for _, user, _, _, path in sessions if user == self._user]
        except NoAnswer as why:
            log.debug("%s", why)
            hints = []
        known = [hint for hint in hints if hint is not None]
        self.locked = bool(known) and all(known)

    async def hear(self, bus: Bus, _: Signal) -> None:
        """Ask again: a signal does not tell of the other sessions."""
        await self.begin(bus)

    def forget(self) -> None:
        """Know nothing."""
        self.locked = False

    async def _hint(self, bus: Bus, path: str) -> bool | None:
        """Whether a session is locked; None if it has no screen, or just ended."""
        try:
            [found] = await bus.call((LOGIND, path, PROPERTIES), "GetAll", "s", f"{LOGIND}.Session")
        except NoAnswer:
            return None
        session = {name: value.value for name, value in found.items()}
        if session.get("Type") not in DESKTOPS or session.get("State") == "closing":
            return None
        return bool(session.get("LockedHint"))


class Savers:
    """What the screen savers on the session bus say."""

    rules = (
        *(f"type='signal',interface='{name}',member='ActiveChanged'" for name in SAVERS),
        *(
            f"type='signal',sender='{BUS[0]}',interface='{BUS[2]}',member='NameOwnerChanged',arg0='{name}'"
            for name in SAVERS
        ),
    )

    def __init__(self) -> None:
        self._active: dict[str, str] = {}
        """Name of an active one, and who owns it."""

    @property
    def locked(self) -> bool:
        """One of them is active."""
        return bool(self._active)

    async def begin(self, bus: Bus) -> None:
        """Ask each that is there."""
        self._active.clear()
        for name in SAVERS:
            await self._ask(bus, name)

    async def hear(self, bus: Bus, signal: Signal) -> None:
        """Believe a saver; notice when one comes or goes."""
        match signal:
            case Signal(sender=sender, interface=name, member="ActiveChanged", body=(bool(active),)) if name in SAVERS:
                if active:
                    self._active[name] = sender
                elif self._active.get(name, sender) == sender:
                    self._active.pop(name, None)
            case Signal(member="NameOwnerChanged", body=(str(name), _, owner)) if name in SAVERS:
                self._active.pop(name, None)
                if owner:
                    await self._ask(bus, name)
            case _:
                pass

    def forget(self) -> None:
        """Know nothing."""
        self._active.clear()

    async def _ask(self, bus: Bus, name: str) -> None:
        with suppress(NoAnswer):  # not there, or, as GNOME's own keeper of that name, it does not tell
            [owner] = await bus.call(BUS, "GetNameOwner", "s", name)
            [active] = await bus.call((name, SAVERS[name], name), "GetActive")
            if active:
                self._active[name] = owner


class Locked:
    """A thread that follows both buses from `start` to `stop`."""

    def __init__(
        self,
        tell: Callable[[Absence, bool], None],
        environ: Mapping[str, str] = os.environ,
        *,
        grace_s: float = GRACE_S,
    ) -> None:
        """Remember; `tell` is called on the thread with each change, first from "not locked"."""
        self._grace_s = grace_s
        self._tell = tell
        self._environ = environ
        self._logind = Logind(os.getuid())
        self._savers = Savers()
        self._told = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="voicego-locked", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """End; nothing is told any more."""
        self._stopping.set()
        if self._loop and self._stop:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread.is_alive():
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._follow())
        except Exception:  # the thread's one boundary
            log.exception("a surprise while following the screen's lock; whether it is locked cannot be told any more")
            self._changed(locked=False)

    async def _follow(self) -> None:
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if self._stopping.is_set():
            return
        both = asyncio.gather(
            follow(system_address(self._environ), self._logind, self._look, "the system bus", self._grace_s),
            follow(session_address(self._environ), self._savers, self._look, "the session bus", self._grace_s),
        )
        stopped = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait((both, stopped), return_when=asyncio.FIRST_COMPLETED)
            if both.done():
                await both
        finally:
            stopped.cancel()
            both.cancel()
            with suppress(asyncio.CancelledError):
                await both

    def _look(self) -> None:
        self._changed(locked=self._logind.locked or self._savers.locked)

    def _changed(self, *, locked: bool) -> None:
        if locked is not self._told and not self._stopping.is_set():
            self._told = locked
            log.info("the screen is %s", "locked" if locked else "unlocked")
            self._tell(Absence.LOCKED, locked)


def who_tells(environ: Mapping[str, str] = os.environ) -> str:
    """Name who on the buses knows of a lock; nobody, an empty text. Takes moments, at most some seconds."""
    return asyncio.run(_who_tells(environ))


async def _who_tells(environ: Mapping[str, str]) -> str:
    asked: list[tuple[str, list[str]]] = [
        (system_address(environ), [LOGIND]),
        (session_address(environ), list(SAVERS)),
    ]
    found: list[str] = []
    for address, names in asked:
        with suppress(NoAnswer):
            async with connected(address) as connection:
                found += [name for name in names if await _is_there(Bus(connection), name)]
    return ", ".join(found)


async def _is_there(bus: Bus, name: str) -> bool:
    answer: list[Any] = await bus.call(BUS, "NameHasOwner", "s", name)
    return bool(answer[0])
