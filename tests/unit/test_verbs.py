"""Which file of the command line holds which verb."""

from __future__ import annotations

from importlib import import_module

import pytest
import typer

from voicego.cli.verbs import ROOMS, app_for


def registered(app: typer.Typer) -> set[str]:
    commands = {one.name or one.callback.__name__ for one in app.registered_commands if one.callback}
    return commands | {str(one.name) for one in app.registered_groups}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_holds_the_verbs_that_the_table_says(room: str) -> None:
    app = typer.Typer()
    import_module(f"voicego.cli.{room}").add_to(app)

    assert registered(app) == set(ROOMS[room])


def test_a_verb_is_offered_alone_and_all_of_them_where_none_is_asked_for() -> None:
    every = {verb for verbs in ROOMS.values() for verb in verbs}

    assert registered(app_for(["wrong", "d1"])) == {"wrong"}
    assert registered(app_for([])) == registered(app_for(["--help"])) == registered(app_for(["nonsense"])) == every
