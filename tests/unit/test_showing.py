"""`voicego config show` names where each value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicego.app.showing import lines
from voicego.daemon.choices import Choices, write
from voicego.flow import Sensitivity

if TYPE_CHECKING:
    from pathlib import Path


def test_the_default_the_file_and_the_menu_are_told_apart(tmp_path: Path) -> None:
    rules, choices = tmp_path / "voicego.yaml", tmp_path / "choices.json"
    rules.write_text("threads: 2\nrules:\n  go: {open: browser}\n  stop: {notify: hush}\n")
    write(choices, Choices(microphone="Yeti", sensitivity=Sensitivity.LOWER, off=("stop",)))

    told = "\n".join(lines(rules, choices))

    assert "microphones: Yeti, default  (chosen in the menu)" in told
    assert "sensitivity: lower  (chosen in the menu)" in told
    assert "threads: 2  (your file)" in told
    assert "channel: mix  (the default)" in told
    assert "lower sensitivity)" in told
    assert "stop: switched off, chosen in the menu" in told
