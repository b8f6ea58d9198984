"""A call: a second recorder on a real sound server, and all that records and is none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.house import until
from tests.pipewire import pipewire_in
from tests.soundserver import SoundServer
from voicego.absence import cannot_tell
from voicego.absence.call import Call
from voicego.absence.pactl import Pactl
from voicego.flow import Absence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def watched(env: Mapping[str, str], own: set[int] | None = None) -> Iterator[list[bool]]:
    """What is told, as it is told."""
    told: list[bool] = []

    def tell(kind: Absence, now: bool) -> None:  # noqa: FBT001 -- as it is called
        assert kind is Absence.CALL
        told.append(now)

    watcher = Call(tell, lambda: frozenset(own or ()), Pactl(env))
    watcher.start()
    try:
        yield told
    finally:
        watcher.stop()
    assert "voicego-call" not in [thread.name for thread in threading.enumerate()]


@contextmanager
def recording(server: SoundServer, source: str = "vmic.monitor", *words: str) -> Iterator[int]:
    """A second program hears a microphone; gives its process."""
    there = len(server.source_outputs())
    with running(["parec", f"--device={source}", *words], server.env) as recorder:
        until(lambda: len(server.source_outputs()) > there, "the recorder's stream")
        yield recorder.pid


@contextmanager
def running(command: list[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_another_recorder_is_a_call_for_as_long_as_it_records(sound_server: SoundServer) -> None:
    with watched(sound_server.env) as told:
        with recording(sound_server):
            until(lambda: told == [True], "the call")
        until(lambda: told == [True, False], "its end")
        with recording(sound_server), recording(sound_server):
            until(lambda: told == [True, False, True], "the next")
        until(lambda: told == [True, False, True, False], "the end of both")


def test_a_call_that_began_before_is_noticed(sound_server: SoundServer) -> None:
    with recording(sound_server), watched(sound_server.env) as told:
        until(lambda: told == [True], "the call")


def test_who_records_and_is_no_ear_is_no_call(sound_server: SoundServer) -> None:
    own: set[int] = set()
    with ExitStack() as others:
        elsewhere = sound_server.add_sink("loudspeaker")
        others.callback(sound_server.unload, elsewhere)
        others.callback(sound_server.unload, sound_server.load("module-loopback", "source=vmic.monitor"))
        own.add(others.enter_context(recording(sound_server)))
        others.enter_context(recording(sound_server, "loudspeaker.monitor"))
        others.enter_context(recording(sound_server, "vmic.monitor", "--rate=25"))
        others.enter_context(recording(sound_server, "vmic.monitor", "--property=media.name=Peak detect"))
        others.enter_context(recording(sound_server, "vmic.monitor", "--property=media.role=filter"))
        with watched(sound_server.env, own) as told:
            with recording(sound_server):
                until(lambda: told == [True], "the call beside them")
            until(lambda: told == [True, False], "its end")


def test_a_monitor_that_we_hear_ourselves_is_a_microphone(sound_server: SoundServer) -> None:
    with ExitStack() as others:
        others.callback(sound_server.unload, sound_server.add_sink("headset"))
        ours = others.enter_context(recording(sound_server, "headset.monitor"))
        with watched(sound_server.env, {ours}) as told:
            with recording(sound_server, "headset.monitor"):
                until(lambda: told == [True], "the call on our own microphone")
            until(lambda: told == [True, False], "its end")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_is_restarted_is_followed_again(how: signal.Signals) -> None:
    with SoundServer() as server, watched(server.env) as told:
        with recording(server):
            until(lambda: told == [True], "the call")
            server.stop(how)
            until(lambda: told == [True, False], "the end of the server")
        server.start()
        with recording(server):
            until(lambda: told == [True, False, True], "a call on the new one")


def test_it_ends_in_time_while_a_server_that_hangs_is_asked() -> None:
    def asking() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if child.name() == "pactl"]

    with SoundServer() as server, server.hung():
        with watched(server.env) as told:
            until(lambda: len(asking()) == 2, "a question to the server, beside the wait for its news")
        left = asking()

    assert left == []
    assert told == []


FOLLOWING = """
import threading
from voicego.absence.call import Call
Call(lambda *_: None, frozenset).start()
threading.Event().wait(60)
"""


def test_a_killed_daemon_leaves_no_tool_behind(sound_server: SoundServer) -> None:
    with running([sys.executable, "-c", FOLLOWING], sound_server.env) as daemon:
        follows = psutil.Process(daemon.pid)
        [tool] = until(
            lambda: [
                child for child in follows.children() if child.name() == "pactl" and "subscribe" in child.cmdline()
            ],
            "the tool that follows",
        )
        daemon.kill()
        daemon.wait(10)
        until(lambda: not tool.is_running() or tool.status() == psutil.STATUS_ZOMBIE, "its end")


def test_pipewire_tells_too_and_its_streams_that_name_no_process_are_known_by_their_clients() -> None:
    with tempfile.TemporaryDirectory(prefix="voicego-pw-", dir="/tmp") as folder, pipewire_in(Path(folder)) as env:
        command = ["pw-record", f"{folder}/recorded.wav"]
        with running(command, env) as ours, watched(env, {ours.pid}) as told:
            with running(command, env):
                until(lambda: told == [True], "the call")
            until(lambda: told == [True, False], "its end, while our own goes on")


def test_what_cannot_be_told_is_said(sound_server: SoundServer, tmp_path: Path) -> None:
    assert cannot_tell(Absence.CALL, sound_server.env) == ""
    assert "install it: the package pulseaudio-utils" in cannot_tell(Absence.CALL, {"PATH": str(tmp_path)})
    nobody = cannot_tell(Absence.CALL, os.environ | {"PULSE_SERVER": f"unix:{tmp_path}/none", "HOME": str(tmp_path)})
    assert nobody.startswith("pactl cannot reach a sound server: ")
