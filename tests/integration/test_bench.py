"""A bench from end to end: real processes, as short as can be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from voicego.app.bench.effort import Effort
from voicego.app.bench.processes import worker
from voicego.app.bench.run import Wishes, bench
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from pathlib import Path

SHORTEST = Effort(
    rounds=2,
    heard_s={"room": 1.0, "hour": 2.0, "talk": 2.0, "music": 1.0},
    constant_s={},
    shifts=1,
    files_s=2.0,
    left_out=frozenset({"the plain loop"}),
    times=1,
)
OPEN_WAKE_WORD = """
class Model:
    def __init__(self, wakeword_models, inference_framework):
        print("a library that is chatty")
    def predict(self, frame):
        assert (frame.dtype, frame.shape) == ("int16", (1280,))
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One other program that is installed, as a stand-in, and one that is not; installed or not on this machine."""
    folder = tmp_path / "packages"
    (folder / "openwakeword").mkdir(parents=True)
    (folder / "openwakeword" / "__init__.py").touch()
    (folder / "openwakeword" / "model.py").write_text(OPEN_WAKE_WORD)
    (folder / "pocketsphinx.py").write_text("raise ImportError('it is not here')\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return folder


@pytest.mark.usefixtures("packages")
def test_a_bench_measures_everything_it_names(tmp_path: Path) -> None:
    out = tmp_path / "out"
    steps: list[str] = []

    contenders = ("voicego", "openWakeWord", "pocketsphinx", "the plain loop")
    found = bench(Wishes(out, SHORTEST, contenders=contenders), steps.append)

    assert found.absent == {
        "pocketsphinx": "it is not here; `pip install pocketsphinx` brings it",
        "the plain loop": "it takes too long for --quick",
    }
    assert list(found.cpu) == ["voicego", "openWakeWord"]
    assert all(list(row) == ["room", "hour", "talk", "music"] for row in found.cpu.values())
    assert all(spread.times == 2 and spread.least > 0 for row in found.cpu.values() for spread in row.values())
    assert found.counted["openWakeWord"]["hour"] == {"frames": 25}
    assert 31_000 < found.counted["voicego"]["talk"]["heard"] <= 32_000
    assert found.delay_ms["voicego"]["sound"].times == 3  # the demo says go, stop, go
    assert set(found.start_s) == {"voicego", "openWakeWord", "voicego run"}
    assert found.verbs_s.keys() == {"--help", "check", "status"}
    assert found.files["hour"]["hours a minute"].least > 0
    assert json.loads((out / "bench.json").read_text())["machine"]["voicego"]
    assert "listening, round 2 of 2" in steps


@pytest.mark.usefixtures("packages")
def test_a_contender_that_breaks_down_is_told_with_its_last_words(tmp_path: Path) -> None:
    with (
        worker("openWakeWord", tmp_path) as one,
        pytest.raises(VoicegoError, match=r"openWakeWord ended while it was measured: .*nowhere\.wav"),
    ):
        one.ask({"ask": "hear", "path": str(tmp_path / "nowhere.wav"), "seconds": 1.0})
