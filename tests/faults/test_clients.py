"""Two hundred clients at once, and garbage on the socket: hearing does not suffer."""

from __future__ import annotations

import random
import socket
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.faults.report import Measured, add
from tests.faults.survivor import waited
from voicego.control.client import ask

if TYPE_CHECKING:
    from tests.faults.survivor import Survivor

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

CLIENTS = 200


def dial(survivor: Survivor) -> socket.socket:
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel.settimeout(10)
    channel.connect(str(survivor.house.socket))
    return channel


def test_two_hundred_clients_at_once(survivor: Survivor) -> None:
    daemon = psutil.Process(survivor.pid)
    files, threads = daemon.num_fds(), daemon.num_threads()
    began, answered = time.monotonic(), 0
    with ExitStack() as crowd:
        channels = [crowd.enter_context(dial(survivor)) for _ in range(CLIENTS)]
        for channel in channels:
            with suppress(OSError):
                channel.sendall(b'{"verb": "status"}\n')
        for channel in channels:
            with suppress(OSError):
                answered += b'"status"' in channel.recv(1_000_000)
        took = time.monotonic() - began
        most = daemon.num_threads()
        lost = survivor.words_until_it_acts()  # while all of them stay on the line
    tidy = waited(lambda: daemon.num_fds() <= files and daemon.num_threads() <= threads, 20)

    assert ask(survivor.house.socket, "status")["status"]["state"] == "listening"
    assert tidy, f"{daemon.num_fds()} files of {files} before, {daemon.num_threads()} threads of {threads}"
    assert answered > 0
    add(
        Measured(
            f"{CLIENTS} control clients at once",
            "hears on; those that are too many are sent away; nothing is left of them",
            recover_s=took,
            lost=lost,
            note=f"{answered} answered at once, {most} threads at most; the time is that of all answers",
        )
    )


GARBAGE = (
    b"\n" * 10_000,
    b"\0" * 100_000,
    b"{" * 50_000 + b"\n",
    b'{"verb": "status"',
    b'{"verb": 7}\n{"verb": null}\n[]\n"x"\n7\n',
    b'{"verb": "pause", "for_s": "ever"}\n{"verb": "pause", "for_s": -1}\n{"verb": "pause", "for_s": 1e999}\n',
    b'{"verb": "do", "keyword": {"go": 1}}\n{"verb": "do"}\n{"verb": "stop", "x": 1}garbage\n',
    b'{"verb": "\xff\xfe"}\n\xc3\x28\n',
    b"GET / HTTP/1.1\r\nHost: voicego\r\n\r\n",
    b'{"verb": "subscribe", "levels": "yes", "scores": 3}\n',
)


def test_garbage_on_the_socket(survivor: Survivor) -> None:
    chance = random.Random(0)  # noqa: S311 -- the same garbage each time
    daemon = psutil.Process(survivor.pid)
    files = daemon.num_fds()
    for garbage in (*GARBAGE, *(chance.randbytes(chance.randrange(1, 5_000)) for _ in range(100))):
        with dial(survivor) as channel, suppress(OSError):
            channel.sendall(garbage)
            channel.shutdown(socket.SHUT_WR)
            channel.recv(65_536)
    for _ in range(100):  # and those who leave at once
        dial(survivor).close()
    tidy = waited(lambda: daemon.num_fds() <= files, 20)
    lost = survivor.words_until_it_acts()

    assert tidy, f"{daemon.num_fds()} files of {files} before"
    assert survivor.house.status()["state"] == "listening"
    add(Measured("garbage on the control socket", "refused; hears on", lost=lost))
