"""An installation without torch, such as a Debian package: what needs it says so, and the rest does not miss it."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from tests.hub import make_checkpoint
from voicego.errors import LEFT_OUT

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT = f"""
import sys
class Gone:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {sorted(LEFT_OUT)}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name.split(".")[0])
sys.meta_path.insert(0, Gone())
from voicego.cli import main
main()
"""


def voicego(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", WITHOUT, *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("models") / "wav2vec2"
    make_checkpoint(folder)
    return str(folder)


def test_the_embedded_model_does_not_miss_torch() -> None:
    done = voicego("spot", str(files("voicego") / "demo" / "demo.ogg"))

    assert done.returncode == 0, done.stderr
    assert "go" in done.stdout.split()


def test_rules_with_a_model_for_torch_are_good_and_what_loads_it_says_what_is_missing(tmp_path: Path, big: str) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(f"model: {big}\nrules:\n  go: {{notify: heard}}\n")
    (tmp_path / "sound.wav").write_bytes(b"")

    checked = voicego("check", str(rules))
    ran = voicego("classify", "--model", big, str(tmp_path / "sound.wav"))

    assert checked.returncode == 0, checked.stderr
    assert ran.returncode == 1
    assert f"the model {big} needs torch, which this installation leaves out" in ran.stderr


def test_a_verb_that_cannot_do_without_says_so() -> None:
    done = voicego("fetch", "someone/something")

    assert done.returncode == 1
    assert done.stderr.startswith("`voicego fetch` needs huggingface_hub, which this installation leaves out")
    assert "Traceback" not in done.stderr
