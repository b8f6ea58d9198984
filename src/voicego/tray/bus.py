"""The tray of the session bus: registers the icon with the panel, and again when there is another panel."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from dbus_fast import BusType, DBusError, Message, MessageType, NameFlag
from dbus_fast.aio import MessageBus

from voicego.errors import VoicegoError
from voicego.tray import dbusmenu, item

if TYPE_CHECKING:
    from collections.abc import Callable

    from voicego.tray.model import Click, View
    from voicego.tray.seams import Person

log = logging.getLogger(__name__)

ANSWER_S = 3.0


class Method(NamedTuple):
    """Something that can be called on the bus."""

    to: str
    path: str
    interface: str
    member: str


WATCHER = "org.kde.StatusNotifierWatcher"
DBUS = "org.freedesktop.DBus"
PROPERTIES = "org.freedesktop.DBus.Properties"
ADD_MATCH = Method(DBUS, "/org/freedesktop/DBus", DBUS, "AddMatch")
HAS_OWNER = Method(DBUS, "/org/freedesktop/DBus", DBUS, "NameHasOwner")
REGISTER = Method(WATCHER, "/StatusNotifierWatcher", WATCHER, "RegisterStatusNotifierItem")
OF_WATCHER = Method(WATCHER, "/StatusNotifierWatcher", PROPERTIES, "Get")
SETTING = Method(
    "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Settings", "Read"
)


class BusFace:
    """A `Face`; the thread that calls `run` owns the connection, and all that is shown goes through it."""

    def __init__(self, person: Person, *, dark: bool, beside: Callable[[], bool] = lambda: False) -> None:
        """Remember; `beside` is asked, while no panel is there, whether another kind of tray is: then `run` ends."""
        self._person = person
        self._dark = dark
        self._beside = beside
        self._view: View | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._stopped = False
        self._registered = asyncio.Event()

    def run(self) -> bool:
        """See `Face`. False: the bus went away, or another kind of tray came while this one has no panel."""
        if self._stopped:
            return True
        return asyncio.run(self._run())

    def show(self, view: View) -> None:
        """See `Face`."""
        self._view = view
        self._soon(self._take)

    def stop(self) -> None:
        """See `Face`."""
        self._stopped = True
        self._soon(lambda: self._ending.set() if self._ending else None)

    def _soon(self, change: Callable[[], object]) -> None:
        """Do something on the thread of the bus: the one way in from any other."""
        with suppress(RuntimeError):  # it has ended
            if self._loop is not None:
                self._loop.call_soon_threadsafe(change)

    async def _run(self) -> bool:
        self._ending = asyncio.Event()
        try:
            bus = await asyncio.wait_for(MessageBus(bus_type=BusType.SESSION).connect(), ANSWER_S)
        except Exception as error:
            raise VoicegoError(f"cannot talk to the desktop's message bus: {error}") from error
        try:
            self._item = item.NotifierItem(self._activated, dark=self._dark)
            self._menu = dbusmenu.DBusMenu(self._clicked, lambda is_open: self._person.opened(is_open=is_open))
            bus.export(item.PATH, self._item)
            bus.export(dbusmenu.PATH, self._menu)
            self._loop = asyncio.get_running_loop()
            self._take()
            # The name that the protocol wants; panels that refuse a plain connection want it too.
            await bus.request_name(f"org.kde.StatusNotifierItem-{os.getpid()}-1", NameFlag.DO_NOT_QUEUE)
            bus.add_message_handler(lambda message: self._noticed(bus, message))
            await self._follow_watcher(bus)
            return await self._until_the_end(bus)
        finally:
            self._loop = None
            await _leave(bus)

    async def _until_the_end(self, bus: MessageBus) -> bool:
        """Wait for `stop`, for the end of the bus, and while there is no panel for another kind of tray."""
        assert self._ending is not None  # noqa: S101 -- made before
        gone = asyncio.ensure_future(bus.wait_for_disconnect())
        gone.add_done_callback(lambda done: done.exception())  # how it ended is said here
        ended = asyncio.ensure_future(self._ending.wait())
        try:
            while not ended.done() and not gone.done():
                await asyncio.wait({gone, ended}, timeout=ANSWER_S, return_when=asyncio.FIRST_COMPLETED)
                if not self._registered.is_set() and await asyncio.to_thread(self._beside):
                    return ended.done()
            if not ended.done():
                log.warning("the desktop's message bus has gone")
            return ended.done()
        finally:
            ended.cancel()  # the other one ends when the connection does

    async def _follow_watcher(self, bus: MessageBus) -> None:
        rule = f"type='signal',sender='{DBUS}',member='NameOwnerChanged',arg0='{WATCHER}'"
        await _call(bus, ADD_MATCH, "s", rule)
        await self._register(bus)

    def _noticed(self, bus: MessageBus, message: Message) -> None:
        """Register again when the panel was started, or started anew."""
        if message.member == "NameOwnerChanged" and message.body[:1] == [WATCHER]:
            self._registered.clear()
            if message.body[2]:
                self._registering = asyncio.ensure_future(self._register(bus))
            else:
                log.info("the panel has gone; waiting for the next")

    async def _register(self, bus: MessageBus) -> None:
        try:
            await _call(bus, REGISTER, "s", _name())
        except (DBusError, TimeoutError) as error:
            log.info("no panel takes the icon yet: %s", error)
        else:
            self._registered.set()
            log.info("the icon is in the tray of the session bus")

    def _take(self) -> None:
        if self._view is not None:
            self._item.take(self._view)
            self._menu.take(self._view.menu)

    def _activated(self) -> None:
        if self._view is not None and self._view.click is not None:
            self._clicked(self._view.click)

    def _clicked(self, click: Click) -> None:
        self._person.click(click)


def _name() -> str:
    return f"org.kde.StatusNotifierItem-{os.getpid()}-1"


async def _call(bus: MessageBus, method: Method, signature: str = "", *body: object) -> list[object]:
    """Call a method and wait for its reply.

    Raises:
        DBusError: it was refused, or nobody is there.
        TimeoutError: no answer within `ANSWER_S`.
    """
    message = Message(
        destination=method.to,
        path=method.path,
        interface=method.interface,
        member=method.member,
        signature=signature,
        body=list(body),
    )
    reply = await asyncio.wait_for(bus.call(message), ANSWER_S)
    if reply.message_type is MessageType.ERROR:
        raise DBusError(reply.error_name or "", str(reply.body[0]) if reply.body else "refused")
    found: list[object] = reply.body
    return found


async def asked(method: Method, signature: str = "", *body: object) -> list[object]:
    """Connect, call one method, and leave; errors as `_call`, and OSError where there is no bus."""
    bus = await asyncio.wait_for(MessageBus(bus_type=BusType.SESSION).connect(), ANSWER_S)
    try:
        return await _call(bus, method, signature, *body)
    finally:
        await _leave(bus)


async def _leave(bus: MessageBus) -> None:
    """Disconnect, and wait until the socket is closed."""
    bus.disconnect()
    with suppress(Exception):  # how it ended is no news
        await asyncio.wait_for(bus.wait_for_disconnect(), ANSWER_S)
