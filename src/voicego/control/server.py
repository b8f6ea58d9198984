"""The daemon's end of the control socket: a thread with an event loop, in which a `Desk` receives the clients."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING

from voicego.control.desk import MOST_CLIENTS, Desk
from voicego.control.wire import LONGEST_LINE
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from voicego.seams import Controls

log = logging.getLogger(__name__)


class Server:
    """Answers at `path` for `controls`, which is called from threads of the server's own."""

    def __init__(self, path: Path, controls: Controls, *, request_s: float = 2.0) -> None:
        """Remember; `request_s` is how long a client may take to say what it wants, and again to read the reply."""
        self._path = path
        self._controls = controls
        self._request_s = request_s
        self._thread: threading.Thread | None = None
        self._inode: tuple[int, int] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._give_up = 0.0
        self._workers: set[threading.Thread] = set()

    def start(self) -> None:
        """Make the socket and begin to answer. Only for whoever holds the lock (`lock.single_instance`).

        Raises:
            VoicegoError: the socket cannot be made.
        """
        listener = self._listen()
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(listener, started), name="voicego-control", daemon=True)
        self._thread.start()
        started.result()

    @property
    def alive(self) -> bool:
        """Whether somebody would be answered."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self, timeout_s: float = 1.0) -> None:
        """End within `timeout_s`, in which answers under way may be finished. Not from inside a call of `Controls`."""
        if self._thread is None:
            return
        self._give_up = time.monotonic() + timeout_s
        with suppress(RuntimeError):  # it ended by itself
            if self._loop is not None and self._ending is not None:
                self._loop.call_soon_threadsafe(self._ending.set)
        self._await(self._thread)
        for worker in list(self._workers):
            self._await(worker)
        self._thread = None

    def _await(self, thread: threading.Thread) -> None:
        thread.join(max(0.1, self._give_up - time.monotonic()))
        if thread.is_alive():
            log.warning("the thread %s did not end", thread.name)

    def _run(self, listener: socket.socket | None, started: Future[None]) -> None:
        try:
            asyncio.run(self._serve(listener, started))
        except Exception as error:
            if started.done():
                log.exception("the control socket ended by surprise")
            else:
                started.set_exception(error)
        finally:
            self._unlink()

    async def _serve(self, listener: socket.socket | None, started: Future[None]) -> None:
        desk = Desk(self._controls, self._request_s)
        self._workers = desk.workers
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        if sys.platform == "win32":
            server = await _serve_pipe(self._path, desk)
        else:
            server = await asyncio.start_unix_server(desk.meet, sock=listener, limit=LONGEST_LINE, backlog=MOST_CLIENTS)
        started.set_result(None)
        await self._ending.wait()
        server.close()
        self._unlink()
        # A tenth is kept for taking leave of those whose answer does not come.
        await desk.close(grace_s=max(0.0, (self._give_up - time.monotonic()) * 0.9))

    def _listen(self) -> socket.socket | None:
        if sys.platform == "win32":
            return None
        from voicego.control import unix  # noqa: PLC0415  # not there on Windows

        listener = unix.listen(self._path, backlog=MOST_CLIENTS)
        found = self._path.stat()
        self._inode = (found.st_dev, found.st_ino)
        return listener

    def _unlink(self) -> None:
        """Remove the socket, unless it is another's by now."""
        with suppress(OSError):
            found = self._path.lstat()
            if (found.st_dev, found.st_ino) == self._inode:
                self._path.unlink()


if sys.platform == "win32":

    async def _serve_pipe(path: Path, desk: Desk) -> asyncio.windows_events.PipeServer:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, asyncio.ProactorEventLoop):
            raise VoicegoError("the control pipe needs Windows' own event loop")

        def client() -> asyncio.StreamReaderProtocol:
            return asyncio.StreamReaderProtocol(asyncio.StreamReader(LONGEST_LINE, loop), desk.meet, loop)

        try:
            [server] = await loop.start_serving_pipe(client, str(path))
        except OSError as error:
            raise VoicegoError(f"cannot make the control pipe {path}: {error.strerror or error}") from error
        return server
