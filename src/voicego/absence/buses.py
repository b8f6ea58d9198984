"""D-Bus for who looks on: a bus that is followed from connection to connection. Alone here in importing dbus-fast."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

log = logging.getLogger(__name__)

ANSWER_S = 2.0
"""Seconds that a call may take; whoever hangs on the bus does not hang us."""
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds to wait for a bus that went away; the last one again and again."""
GRACE_S = 10.0
"""Seconds for which the last word of a lost bus still counts."""
BUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")


class NoAnswer(Exception):  # noqa: N818  # it reads as what happened
    """A call came back with an error, or not at all."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What somebody on the bus told everybody."""

    sender: str
    """Unique, such as `:1.7`; the bus itself is `org.freedesktop.DBus`."""
    path: str
    interface: str
    member: str
    body: tuple[Any, ...]


class Ear(Protocol):
    """What is to be known from one bus."""

    @property
    def rules(self) -> tuple[str, ...]:
        """Match rules of the signals that it wants."""
        ...

    async def begin(self, bus: Bus) -> None:
        """Ask how things stand; called once the signals are subscribed to."""
        ...

    async def hear(self, bus: Bus, signal: Signal) -> None:
        """Take in one signal."""
        ...

    def forget(self) -> None:
        """Know nothing any more: the bus is gone."""
        ...


class Bus:
    """One connection."""

    def __init__(self, connection: MessageBus) -> None:
        self._connection = connection

    async def call(self, to: tuple[str, str, str], member: str, signature: str = "", *body: object) -> list[Any]:
        """Call a method of destination, path and interface; nobody is started for it.

        Raises:
            NoAnswer: there was none.
        """
        from dbus_fast import DBusError, Message, MessageFlag, MessageType  # noqa: PLC0415

        destination, path, interface = to
        message = Message(
            destination=destination,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
            flags=MessageFlag.NO_AUTOSTART,
        )
        try:
            reply: Message | None = await asyncio.wait_for(self._connection.call(message), ANSWER_S)
        except (TimeoutError, OSError, EOFError, DBusError) as error:
            raise NoAnswer(f"{destination} does not answer") from error
        if reply is None or reply.message_type is not MessageType.METHOD_RETURN:
            why = reply.body[0] if reply and reply.body else "no reason given"
            raise NoAnswer(f"{destination} refuses {member}: {why}")
        return list(reply.body)


async def follow(address: str, ear: Ear, changed: Callable[[], None], name: str, grace_s: float = GRACE_S) -> None:
    """Let an ear hear a bus for as long as the task lives, over every loss; `changed` is called after all it hears."""
    loop = asyncio.get_running_loop()
    tries, known_at = 0, -grace_s
    while True:
        try:
            async with connected(address) as connection:
                log.debug("following %s", name)
                tries = 0
                await _heard(connection, ear, changed)
        except NoAnswer as why:
            log.debug("%s: %s", name, why)
        if tries == 0:
            known_at = loop.time()
        # What it said last counts for a while: a bus that is restarted is back within moments.
        left = known_at + grace_s - loop.time()
        if left <= 0:
            ear.forget()
            changed()
        pause = PAUSES_S[min(tries, len(PAUSES_S) - 1)]
        await asyncio.sleep(min(pause, left) if left > 0 else pause)
        tries += 1


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[MessageBus]:
    """Be on a bus inside.

    Raises:
        NoAnswer: there is none at that address, or it lets us not in.
    """
    from dbus_fast.aio import MessageBus  # noqa: PLC0415 -- only who follows a bus pays for it

    try:
        connection = MessageBus(bus_address=address)
        async with asyncio.timeout(ANSWER_S):
            await connection.connect()
    except Exception as error:  # its own kinds, the system's, and bare ones where a bus closes the door
        raise NoAnswer(f"no bus answers at {address} ({error!r})") from error
    try:
        yield connection
    finally:
        connection.disconnect()
        await asyncio.wait((asyncio.ensure_future(_ended(connection)),), timeout=ANSWER_S)


async def _heard(connection: MessageBus, ear: Ear, changed: Callable[[], None]) -> None:
    """Let an ear hear one connection, to its end."""
    signals: asyncio.Queue[Signal | None] = asyncio.Queue()
    ending = asyncio.ensure_future(_ended(connection))
    ending.add_done_callback(lambda _: signals.put_nowait(None))
    connection.add_message_handler(lambda message: _keep(message, signals))
    bus = Bus(connection)
    for rule in ear.rules:
        await bus.call(BUS, "AddMatch", "s", rule)
    await ear.begin(bus)
    changed()
    while (signal := await signals.get()) is not None:
        await ear.hear(bus, signal)
        changed()


async def _ended(connection: MessageBus) -> None:
    """Wait for the end of a connection, however it comes. Not to be cancelled: all who wait for it share one future."""
    with suppress(Exception):
        await connection.wait_for_disconnect()


def _keep(message: Message, signals: asyncio.Queue[Signal | None]) -> None:
    from dbus_fast import MessageType  # noqa: PLC0415

    if message.message_type is MessageType.SIGNAL:
        signals.put_nowait(
            Signal(
                message.sender or "",
                message.path or "",
                message.interface or "",
                message.member or "",
                (*message.body,),
            )
        )


def system_address(environ: Mapping[str, str]) -> str:
    """Say where the system bus is."""
    return environ.get("DBUS_SYSTEM_BUS_ADDRESS") or "unix:path=/var/run/dbus/system_bus_socket"


def session_address(environ: Mapping[str, str]) -> str:
    """Say where the session bus is, or would be: a service may run before its desktop."""
    runtime = environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    return environ.get("DBUS_SESSION_BUS_ADDRESS") or f"unix:path={runtime}/bus"
