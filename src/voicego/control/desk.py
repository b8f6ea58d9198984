"""Receives the clients of the control socket, inside its event loop: hears one request, has it answered, sees them off.

Everything here runs in the loop's thread and waits for nobody longer than a limit; what may take a moment (a call of
`Controls`) runs in a thread of its own.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from voicego.control.subscriber import Subscriber
from voicego.control.verbs import answer, checked, surprise, wants
from voicego.control.wire import decode, encode, failure
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from voicego.seams import Controls

log = logging.getLogger(__name__)

ANSWER_S = 10.0
"""Seconds after which a client is told that the daemon is stuck. Not for `do`, which lasts as long as its actions."""
STALLED_S = 30.0
"""Seconds after which a subscriber that reads nothing is let go."""
MOST_CLIENTS = 300
MOST_SUBSCRIBERS = 16
MOST_DOING = 8
"""Requests of `do` at a time."""
AT_ONCE = 4
"""Other requests at a time; the rest wait their turn."""


class Desk:
    """One for each server; made inside the loop."""

    def __init__(self, controls: Controls, request_s: float) -> None:
        self._controls = controls
        self._request_s = request_s
        self._loop = asyncio.get_running_loop()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._doing = asyncio.Semaphore(MOST_DOING)
        self._subscribers = asyncio.Semaphore(MOST_SUBSCRIBERS)
        self._clients: set[asyncio.Task[Any]] = set()
        self._answering: set[asyncio.Task[Any]] = set()
        self.workers: set[threading.Thread] = set()
        """Threads that are inside a call of `Controls`."""

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Attend to one client from beginning to end; asyncio calls it for each."""
        task = asyncio.current_task()
        if task is None or _stranger(writer):
            writer.transport.abort()
            return
        self._clients.add(task)  # asyncio itself would let a running task be collected
        try:
            await self._attend(reader, writer, task)
        except (TimeoutError, OSError) as error:
            log.debug("a client of the control socket went away: %r", error)
        except asyncio.CancelledError:
            # Sent away by `close`. It ends here: Python 3.11's streams take a cancelled task for a mistake.
            log.debug("a client of the control socket was sent away")
        finally:
            self._clients.discard(task)
            self._answering.discard(task)
            writer.transport.abort()  # whoever is well has read everything by now

    async def close(self, grace_s: float) -> None:
        """Send away who waits for nothing, and the others after `grace_s`."""
        for task in self._clients - self._answering:
            task.cancel()
        if self._answering:
            await asyncio.wait(self._answering, timeout=grace_s)
        for task in self._clients:
            task.cancel()
        if self._clients:
            await asyncio.wait(self._clients)

    async def _attend(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, task: asyncio.Task[Any]
    ) -> None:
        request: dict[str, Any] = {}
        try:
            request = await self._heard(reader)
            if not request:
                return
            if checked(request) == "subscribe":
                await self._tell_events(reader, writer, wants(request))
                return
            self._answering.add(task)
            reply = await self._answered(request)
        except VoicegoError as error:
            reply = encode(failure(error))
        except OSError:
            raise
        except Exception:  # the thread's one boundary: a mistake here ends one client, not the server
            log.exception("a surprise while attending to a client")
            reply = encode(surprise(request))
        writer.write(reply)
        writer.close()
        async with asyncio.timeout(self._request_s):
            await writer.wait_closed()  # until the reply was taken

    async def _heard(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        """Return the request; an empty one when the client left without a word, as who only looks whether we live."""
        if len(self._clients) > MOST_CLIENTS:
            raise VoicegoError(f"voicego attends to {MOST_CLIENTS} others; try again in a moment")
        try:
            async with asyncio.timeout(self._request_s):
                line = await reader.readuntil(b"\n")
        except TimeoutError:
            raise VoicegoError(f"nothing was asked within {self._request_s:g} s") from None
        except asyncio.LimitOverrunError:
            raise VoicegoError("that line is too long") from None
        except asyncio.IncompleteReadError as error:
            line = error.partial
        return decode(line) if line else {}

    async def _answered(self, request: dict[str, Any]) -> bytes:
        if request["verb"] == "do":
            if self._doing.locked():
                raise VoicegoError(f"{MOST_DOING} requests of `do` are under way; wait for one of them")
            await self._doing.acquire()
            return await self._worked(request, self._doing)
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._turns.acquire()
                return await self._worked(request, self._turns)
        except TimeoutError:
            raise VoicegoError(f"voicego is stuck: no answer within {ANSWER_S:g} s; see `voicego log`") from None

    def _worked(self, request: dict[str, Any], turn: asyncio.Semaphore) -> asyncio.Future[bytes]:
        """Answer in a thread. The turn is given back when the thread ends, even when nobody waits for it any more."""
        reply: asyncio.Future[bytes] = self._loop.create_future()

        def settle(line: bytes) -> None:
            turn.release()
            self.workers.discard(thread)
            if not reply.done():
                reply.set_result(line)

        def work() -> None:
            line = answer(self._controls, request)
            with suppress(RuntimeError):  # the loop ended meanwhile
                self._loop.call_soon_threadsafe(settle, line)

        thread = threading.Thread(target=work, name=f"voicego-control-{request['verb']}", daemon=True)
        self.workers.add(thread)
        thread.start()
        return reply

    async def _tell_events(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, besides: dict[str, bool]
    ) -> None:
        if self._subscribers.locked():
            raise VoicegoError(f"{MOST_SUBSCRIBERS} others are told already what happens; end one of them")
        async with self._subscribers:
            subscriber = Subscriber(self._loop)
            unsubscribe = self._controls.subscribe(subscriber.offer, **besides)
            # A client that subscribed says no more: whatever comes is its end.
            left = asyncio.ensure_future(reader.read(1))
            left.add_done_callback(lambda _: subscriber.wake())
            try:
                writer.write(encode({"ok": True}))
                while not left.done():
                    async with asyncio.timeout(STALLED_S):
                        await writer.drain()
                    for event in await subscriber.taken():
                        writer.write(encode(event))
            finally:
                left.cancel()
                unsubscribe()


def _stranger(writer: asyncio.StreamWriter) -> bool:
    """Say whether another user is at the other end. The socket's folder keeps them out; this is the second door."""
    if sys.platform == "win32":  # the pipe's default access list lets nobody else write
        return False
    from voicego.control.unix import same_user  # noqa: PLC0415  # not there on Windows

    try:
        if same_user(writer.get_extra_info("socket")):
            return False
    except OSError:  # macOS: it is gone already
        return True
    log.warning("another user tried to use the control socket")
    return True
