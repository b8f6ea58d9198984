"""Started and stopped over and over: no thread, no file and no process is left."""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.faults.report import Measured, add
from tests.house import house_in, until
from tests.supervised import House as Supervised
from voicego.control.server import Server
from voicego.errors import Exit
from voicego.flow import State

if TYPE_CHECKING:
    from tests.soundserver import SoundServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

TIMES = 200


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_two_hundred_starts_and_stops_leave_nothing(tmp_path: Path) -> None:
    """Supervisor and socket are the real ones; what hears, scores and acts are stand-ins."""
    path = tmp_path / "run"
    path.mkdir(mode=0o700)
    before = set(psutil.Process().children())  # sound servers of other tests
    for number in range(TIMES + 1):
        if number == 1:  # what the first one imports stays
            gc.collect()
            threads, files = threading.active_count(), open_files()
        house = Supervised()
        server = Server(path / "voicego.sock", house.daemon)
        server.start()
        house.thread.start()
        house.until("state", state=State.LISTENING)
        house.say_go()
        house.until("detection", keyword="go")
        house.daemon.ask_to_stop()
        assert house.ends() is Exit.OK
        server.stop(5)
    until(lambda: threading.active_count() <= threads, "the end of every thread", 10)
    gc.collect()

    assert open_files() <= files
    assert list(path.iterdir()) == []
    assert set(psutil.Process().children()) <= before


@pytest.mark.parametrize("times", [3, pytest.param(20, marks=pytest.mark.faults)])
def test_the_real_program_starts_and_stops(tmp_path: Path, sound_server: SoundServer, times: int) -> None:
    left = []
    with house_in(tmp_path, sound_server.env) as house:
        house.write(f"rules:\n  go: {{{house.mark()}}}\n")
        for number in range(times):
            house.start()
            house.until_state("listening")
            assert house.process is not None
            family = [psutil.Process(house.process.pid), *psutil.Process(house.process.pid).children(recursive=True)]
            house.process.terminate() if number % 2 else house.voicego("stop")
            assert house.ended() == os.EX_OK
            left += [one for one in family if one.is_running()]
        files = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file())

    assert left == []
    assert sound_server.source_outputs() == []
    assert [file for file in files if file.startswith("run/")] in ([], ["run/voicego.lock"])
    add(
        Measured(
            f"started and stopped {times} times", "no process and no file is left", note=f"there is: {', '.join(files)}"
        )
    )
