"""The screen's lock, from a mocked logind and screen saver on real buses."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.buses import buses_in
from tests.house import until
from voicego.absence import cannot_tell
from voicego.absence.locked import Locked
from voicego.flow import Absence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.buses import Buses


@pytest.fixture
def buses() -> Iterator[Buses]:
    with tempfile.TemporaryDirectory(prefix="voicego-bus-", dir="/tmp") as folder, buses_in(Path(folder)) as found:
        yield found


@contextmanager
def watched(buses: Buses, grace_s: float = 10.0) -> Iterator[list[bool]]:
    """What is told, as it is told."""
    told: list[bool] = []

    def tell(kind: Absence, now: bool) -> None:  # noqa: FBT001 -- as it is called
        assert kind is Absence.LOCKED
        told.append(now)

    watcher = Locked(tell, os.environ | buses.environ, grace_s=grace_s)
    watcher.start()
    try:
        yield told
    finally:
        watcher.stop()
    assert "voicego-locked" not in [thread.name for thread in threading.enumerate()]


def test_logind_tells_of_lock_and_unlock(buses: Buses) -> None:
    buses.logind()

    with watched(buses) as told:
        buses.lock()
        until(lambda: told == [True], "the lock")
        buses.unlock()
        until(lambda: told == [True, False], "the unlock")


def test_a_screen_that_was_locked_before_is_noticed(buses: Buses) -> None:
    buses.logind()
    buses.lock()

    with watched(buses) as told:
        until(lambda: told == [True], "the lock")


def test_only_desktops_of_this_user_count_and_all_of_them_must_be_locked(buses: Buses) -> None:
    buses.logind("mine")
    buses.log_in("console", "tty")
    buses.log_in("other", uid=os.getuid() + 1)
    buses.log_in("second", "x11")

    with watched(buses) as told:
        buses.lock("second")
        buses.lock("mine")
        until(lambda: told, "the lock of both desktops")
        buses.unlock("second")
        until(lambda: told[1:], "the unlock of one")

    assert told == [True, False]


def test_a_screen_saver_tells_and_is_not_believed_any_more_once_it_is_gone(buses: Buses) -> None:
    with watched(buses) as told:
        saver = buses.screen_saver()
        buses.set_saver(active=True)
        until(lambda: told == [True], "the saver")
        buses.set_saver(active=False)
        until(lambda: told == [True, False], "its end")
        buses.set_saver(active=True)
        until(lambda: told == [True, False, True], "the saver again")
        saver.kill()
        until(lambda: told == [True, False, True, False], "the end of a killed saver")


def test_a_bus_that_goes_and_comes_back_is_heard_again(buses: Buses) -> None:
    buses.logind()

    with watched(buses) as told:
        buses.lock()
        until(lambda: told == [True], "the lock")
        buses.kill("system")
        buses.begin("system")
        buses.logind()
        until(lambda: told == [True, False], "what the new logind says")
        buses.lock()
        until(lambda: told == [True, False, True], "a lock on the new bus")


def test_a_bus_that_stays_away_does_not_keep_voicego_deaf(buses: Buses) -> None:
    buses.logind()

    with watched(buses, grace_s=0.3) as told:
        buses.lock()
        until(lambda: told == [True], "the lock")
        buses.kill("system")
        until(lambda: told == [True, False], "the end of a lost bus's word")


def test_who_hangs_on_the_bus_holds_up_nobody(buses: Buses) -> None:
    buses.logind()
    buses.mocks[0].send_signal(signal.SIGSTOP)

    with watched(buses) as told:
        buses.screen_saver()
        buses.set_saver(active=True)
        until(lambda: told == [True], "the saver, beside a logind that hangs")


def test_without_anybody_who_tells_it_says_so(buses: Buses) -> None:
    environ = os.environ | buses.environ
    nobody = cannot_tell(Absence.LOCKED, environ)
    buses.logind()
    somebody = cannot_tell(Absence.LOCKED, environ)
    buses.end()
    buses.mocks.clear()

    assert nobody == "neither logind nor a screen saver answers on the system or session bus"
    assert somebody == ""
    assert cannot_tell(Absence.LOCKED, environ) == nobody


def test_a_bus_that_refuses_is_asked_again_and_heard_once_it_does_not(
    buses: Buses, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "voicego.absence")
    buses.kill("session")
    buses.begin("session", policy='<deny send_interface="org.freedesktop.DBus" send_member="AddMatch"/>')

    with watched(buses) as told:
        until(lambda: "refuses AddMatch" in caplog.text, "the refusal")
        buses.kill("session")
        buses.begin("session")
        buses.screen_saver()
        buses.set_saver(active=True)
        until(lambda: told == [True], "the saver, on a bus that lets us listen")
