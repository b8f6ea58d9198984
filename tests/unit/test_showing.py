"""`voicego config show` says what the rules come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicego.app.showing import lines

if TYPE_CHECKING:
    from pathlib import Path

RULES = """\
pause_while: [call, locked]
rules:
  go: {open: browser, at_most: 3 in 1.5m}
  off: {pause: true, ask: true}
  yes: {open: x, enabled: false}
"""


def test_limits_questions_and_absences_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "voicego.yaml"
    file.write_text(RULES)
    file.chmod(0o600)

    shown = list(lines(file, tmp_path / "choices.json"))

    assert "  pause_while: locked, call  (your file)" in shown
    assert "  at_most: 5 in 10s  (the default)" in shown
    assert shown[shown.index("    open browser") - 1] == "    at most 3 in 1.5m"
    assert shown[shown.index("    pause") - 1] == '    asks first, and waits for "yes"'


def test_a_rule_that_is_off_is_shown_so_even_if_its_word_is_an_answer(tmp_path: Path) -> None:
    file = tmp_path / "voicego.yaml"
    file.write_text(RULES)
    file.chmod(0o600)

    assert "  yes: switched off" in lines(file, tmp_path / "choices.json")


def test_keys_and_values_are_written_as_the_rules_file_takes_them(tmp_path: Path) -> None:
    file = tmp_path / "voicego.yaml"
    file.write_text("microphone: Yeti\nquiet: 300ms\nchime: true\nrules: {}")
    file.chmod(0o600)

    shown = list(lines(file, tmp_path / "choices.json"))

    for line in ("microphone: Yeti", "quiet: 300ms", "chime: true"):
        assert f"  {line}  (your file)" in shown
    assert "  hop: 100ms  (the default)" in shown


def test_never_pausing_is_shown_as_none(tmp_path: Path) -> None:
    file = tmp_path / "voicego.yaml"
    file.write_text("rules: {}")
    file.chmod(0o600)

    assert "  pause_while: none  (the default)" in lines(file, tmp_path / "choices.json")
