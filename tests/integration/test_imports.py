"""What must be quick imports nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.house import House

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = ("torch", "transformers", "onnxruntime", "sounddevice", "pystray", "huggingface_hub", "scipy")

WATCHED = """
import json, sys
sys.argv = ["voicego", *sys.argv[1:]]
from voicego.cli import main
try:
    main()
except SystemExit as ended:
    code = ended.code
print("\\n" + json.dumps([int(code), sorted({name.split(".")[0] for name in sys.modules})]))
"""


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["check"], ["status"], ["pause"], ["run", "--help"]])
def test_a_quick_verb_imports_nothing_heavy(words: list[str], tmp_path: Path) -> None:
    house = House(tmp_path)
    house.write("rules: {go: {open: browser}}\n")

    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words], env=house.env, capture_output=True, text=True, timeout=60, check=True
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])

    assert code == (1 if words[0] in {"status", "pause"} else 0)
    assert "voicego" in modules
    assert [name for name in HEAVY if name in modules] == []
