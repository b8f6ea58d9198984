"""Which file of the command line holds which verb, and that only what is asked for is made."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

import pytest
import typer

from voicego.cli.verbs import ROOMS, Made, command_line, registered

COUNTED = """
import json, sys
import typer.main
from voicego.cli import main

made, make = [], typer.main.get_command_from_info
typer.main.get_command_from_info = lambda command_info, **told: (
    made.append(command_info.name or command_info.callback.__name__), make(command_info, **told))[1]
sys.argv = ["voicego", *sys.argv[1:]]
try:
    main()
finally:
    print("\\n" + json.dumps(made))
"""


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_holds_the_verbs_that_the_table_says(room: str) -> None:
    app = typer.Typer()
    import_module(f"voicego.cli.{room}").add_to(app)

    assert set(registered(app)) == set(ROOMS[room])


def test_the_command_line_knows_every_verb_and_makes_each() -> None:
    verbs = Made()

    assert list(verbs) == [verb for room in ROOMS.values() for verb in room]
    assert len(verbs) == len(list(verbs))
    assert {verb: verbs[verb].name for verb in verbs} == {verb: verb for verb in verbs}
    assert "nonsense" not in verbs


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (["--help"], []),
        (["--version"], []),
        (["nonsense"], []),
        (["status", "--help"], ["status"]),
        (["config", "path"], ["path", "edit", "show"]),
    ],
)
def test_no_verb_is_made_but_the_one_that_is_asked_for(words: list[str], made: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, *words], capture_output=True, text=True, timeout=60, check=False
    )

    assert json.loads(done.stdout.splitlines()[-1]) == made


def test_the_help_tells_every_verb_and_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    command_line()(args=["--help"], standalone_mode=False)
    told = capsys.readouterr().out

    for verb in Made():
        assert f"\n  {verb} " in told
    assert "Check rules: every mistake with file, line and column." in told
    assert "Find, edit or show the rules file." in told
    assert [line for line in told.splitlines() if line.endswith(":")] == [
        "Options:",
        "Listening:",
        "Rules:",
        "Hearing:",
        "Models:",
    ]


def test_a_verb_that_is_nearly_right_is_guessed() -> None:
    with pytest.raises(Exception, match=r"No such command 'chek'\. Did you mean 'check'"):
        command_line()(args=["chek"], standalone_mode=False)
