"""The verbs of `voicego`, in the order of its help. Heavy rooms are entered only by the verb that needs them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from voicego.cli import bench, choose, daemon, doctor, files, icon, models, monitor, rules, service

if TYPE_CHECKING:
    from collections.abc import Sequence


SHORT = 200
"""Characters of a verb's first sentence: all of it."""


class Verbs(TyperGroup):
    """Lists the verbs beneath a heading for each room, in plain text: rich's help alone takes 0.15 s to import."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 -- typer's, or click's
        """Write the headings and what stands beneath them."""
        sections: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for name, verb in self.commands.items():
            sections[getattr(verb, "rich_help_panel", "Commands")].append((name, verb.get_short_help_str(SHORT)))
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def app_for(words: Sequence[str]) -> typer.Typer:
    """Make the command line for these words: where they begin with a verb, with that one alone.

    Typer builds every parameter of every verb before it looks at the words, which takes longer than most verbs do.
    """
    app = typer.Typer(
        name="voicego",
        cls=Verbs,
        help="Private, offline voice commands: say a word, and a rule you wrote acts. Nothing leaves this computer.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(daemon.everywhere)
    for room in (daemon, choose, monitor, icon, service, doctor, rules, files, models, bench):
        room.add_to(app)
    verb = words[0] if words else ""
    commands = [one for one in app.registered_commands if one.callback and one.callback.__name__ == verb]
    groups = [one for one in app.registered_groups if one.name == verb]
    if commands or groups:
        app.registered_commands, app.registered_groups = commands, groups
    return app
