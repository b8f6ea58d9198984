"""The microphone over a real PipeWire, heard through its PulseAudio face. Skipped where there is no PipeWire."""

from __future__ import annotations

import os
import subprocess
import tempfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.house import until
from tests.pipewire import pipewire_in
from voicego.app.microphones import better_there
from voicego.hearing.microphone import Microphone, MicrophoneLost, devices, rescan
from voicego.hearing.sound_server import heard_by

if TYPE_CHECKING:
    from collections.abc import Iterator


def pactl(*words: str) -> str:
    return subprocess.run(["pactl", *words], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def desk() -> Iterator[str]:
    """A second sink beside `vmic`, in whose world this process lives; what unloads it."""
    with tempfile.TemporaryDirectory(prefix="vg-") as folder, pipewire_in(Path(folder)) as environ:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("PULSE_SERVER", raising=False)
            for name in ("XDG_RUNTIME_DIR", "HOME"):
                patch.setenv(name, environ[name])
            module = pactl("load-module", "module-null-sink", "sink_name=desk")
            until(lambda: "desk.monitor" in pactl("list", "short", "sources"), "the second sink")
            rescan()
            if "pulse" not in [device.name for device in devices()]:
                pytest.skip("ALSA does not know the sound server (package libasound2-plugins)")
            yield module
        rescan()


def test_it_stays_where_it_was_put_and_is_lost_when_that_goes(desk: str) -> None:
    microphone = Microphone(("desk.monitor", "default"))
    microphone.open()
    blocks = microphone.blocks()
    while not len(next(blocks).samples):
        pass
    (at,) = [device.number for device in devices() if device.node == "desk.monitor"]
    assert {device.host_api for device in devices() if device.node} == {"PipeWire"}
    assert heard_by(os.getpid()) == {at}

    pactl("set-default-source", "desk.monitor")
    pactl("set-default-source", "vmic.monitor")
    assert sum(len(block.samples) for block in islice(blocks, 20)) > 0
    assert heard_by(os.getpid()) == {at}, "the default was this one, and became another"

    pactl("unload-module", desk)
    with pytest.raises(MicrophoneLost):
        for _ in islice(blocks, 10_000):
            pass
    microphone.close()
    microphone.open()
    assert not better_there(("desk.monitor", "default"), microphone.name)
    assert next(microphone.blocks()) is not None
    microphone.close()
