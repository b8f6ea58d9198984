from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.stand_ins import LevelClassifier
from voicego.app import rules as room
from voicego.app.doctor import rules
from voicego.app.doctor.check import Check, State
from voicego.errors import VoicegoError
from voicego.flow import ConfirmWith, Setup

if TYPE_CHECKING:
    from pathlib import Path

    from voicego.seams import Classifier


def of_rules(folder: Path, text: str) -> Check:
    file = folder / "voicego.yaml"
    file.write_text(text)
    return rules.rules(file, partial(room.read, file))


def test_good_rules_are_counted(tmp_path: Path) -> None:
    check = of_rules(tmp_path, "rules:\n  go: {open: browser}\n  stop: {pause: true, enabled: false}\n")

    assert (check.state, check.found) == (State.OK, f"{tmp_path}/voicego.yaml: 1 of 2 rules switched on")


def test_rules_that_listen_for_nothing_are_a_warning(tmp_path: Path) -> None:
    assert of_rules(tmp_path, "rules: {}\n").state is State.WARNING


def test_no_rules_yet_is_a_warning_that_names_init(tmp_path: Path) -> None:
    check = rules.rules(tmp_path / "voicego.yaml", partial(room.read, tmp_path / "voicego.yaml"))

    assert check.state is State.WARNING
    assert "voicego init" in check.advice


def test_broken_rules_are_a_problem_with_line_and_column_of_three(tmp_path: Path) -> None:
    check = of_rules(tmp_path, "rules:\n  goo: {open: browser}\n  stpo: {run: x}\n  up: {opn: x}\n  go: {}\n")

    assert check.state is State.PROBLEM
    assert f'{tmp_path}/voicego.yaml:2:3: no keyword "goo"' in check.found
    assert f"{tmp_path}/voicego.yaml:3:15: " in check.found
    assert check.found.endswith("; and 2 more")


def test_what_broken_rules_hold_is_not_quoted(tmp_path: Path) -> None:
    key = of_rules(tmp_path, "rules:\n  'https://me:secret@home/?a=b': {open: browser}\n")
    command = of_rules(tmp_path, "rules:\n  go: {run: curl https://me:secret@home/}\n")

    assert '"(left out)"' in key.found
    assert '"run" is one string' in command.found
    assert "secret" not in f"{key} {command}"


def test_the_embedded_model_is_there_with_its_size() -> None:
    check = rules.model(Setup())

    assert check.state is State.OK
    assert check.found.startswith("embedded: 37 classes, ")


def test_a_model_that_is_not_there_is_a_problem_with_advice() -> None:
    gone = rules.model(Setup(model="some/one"))
    big_gone = rules.model(Setup(confirm_with=ConfirmWith("some/one")))

    assert (gone.state, big_gone.state) == (State.PROBLEM, State.PROBLEM)
    assert "voicego fetch some/one" in f"{gone.found} {gone.advice}"


def test_the_embedded_model_hears_the_word_of_the_demo() -> None:
    check = rules.classification(Setup(), rules.demo_word)

    assert check.state is State.OK
    assert 'is heard as "go"' in check.found


def test_a_model_that_hears_another_word_or_does_not_load_is_a_problem() -> None:
    def broken(_: Setup) -> Classifier:
        raise VoicegoError("the model is damaged")

    deaf = rules.classification(Setup(), rules.demo_word, lambda _: LevelClassifier(loud="stop"))
    not_loaded = rules.classification(Setup(), rules.demo_word, broken)

    assert (deaf.state, not_loaded.state) == (State.PROBLEM, State.PROBLEM)
    assert 'is heard as "stop"' in deaf.found
    assert not_loaded.found == "the model is damaged"
