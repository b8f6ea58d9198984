"""The same recording, through the sound server to the daemon and as a file to `voicego spot`, is heard the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from tests.house import house_in, until
from tests.spoken import SURELY, saying, with_pauses
from voicego.flow import SAMPLE_RATE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.soundserver import SoundServer

pytestmark = pytest.mark.e2e


def test_a_recording_is_heard_by_the_daemon_as_by_spot(tmp_path: Path, sound_server: SoundServer) -> None:
    order = ["go", "stop", "left", "go", "yes", "right", "down"]
    recording = tmp_path / "said.wav"
    soundfile.write(recording, with_pauses(*map(saying, order)), SAMPLE_RATE, subtype="FLOAT")
    with house_in(tmp_path, sound_server.env) as house:
        rules = "".join(f"  {word}: {{{house.mark()}}}\n" for word in SURELY)
        house.write(f"at_most: 10 in 10s\nrules:\n{rules}")
        house.begin()
        sound_server.play(recording)
        house.until_done(len(order))
        until(lambda: len([e for e in house.heard if e["event"] == "detection"]) >= len(order), "the last event")
        live = [(event["keyword"], event["at_s"]) for event in house.heard if event["event"] == "detection"]

        done = house.voicego("spot", "--json", "--config", str(house.rules_file), str(recording))
        filed = [(found["keyword"], found["at_s"]) for found in map(json.loads, done.stdout.splitlines())]

    assert [keyword for keyword, _ in live] == [keyword for keyword, _ in filed] == order
    offsets = np.array([at for _, at in live]) - np.array([at for _, at in filed])
    assert np.ptp(offsets) < 0.05, offsets
