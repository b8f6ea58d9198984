"""voicego hears and acts where there is no network at all."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import soundfile

from tests.house import House
from tests.spoken import saying, spoken
from voicego.flow import SAMPLE_RATE

if TYPE_CHECKING:
    from pathlib import Path

UNSHARE = ["unshare", "--net", "--map-root-user"]


def possible() -> bool:
    return (
        bool(shutil.which("unshare"))
        and subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.skipif(not possible(), reason="this system lets nobody make a network namespace")
def test_the_daemon_acts_in_an_empty_network_namespace(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "said.wav", spoken(1.0, saying("go"), 1.0), SAMPLE_RATE)
    house = House(tmp_path)
    house.write(f"rules:\n  go: {{{house.mark()}}}\n")

    words = [sys.executable, "-m", "voicego", "run", "--headless", "--fast", "--input", str(tmp_path / "said.wav")]
    inside = 'test "$(ls /sys/class/net)" = "" -o "$(cat /proc/net/route | wc -l)" -le 1 && exec "$@"'
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", inside, "sh", *words],
        env=house.env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert house.marks == ["go"]
