"""The verbs of `voicego`, in the order of its help. Heavy rooms are entered only by the verb that needs them."""

from __future__ import annotations

from collections import defaultdict
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from voicego.cli.daemon import everywhere

if TYPE_CHECKING:
    from collections.abc import Sequence


ROOMS = {
    "daemon": ("run", "status", "pause", "resume", "reload", "stop", "do", "log"),
    "choose": ("choose", "wrong"),
    "monitor": ("monitor",),
    "icon": ("tray",),
    "service": ("service",),
    "doctor": ("doctor",),
    "rules": ("init", "check", "config"),
    "files": ("demo", "devices", "record", "classify", "spot"),
    "models": ("fetch", "train", "average", "evaluate", "export"),
    "bench": ("bench",),
}
"""The files beside this one and the verbs in each: only that of the asked verb is imported."""

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
    app.callback()(everywhere)
    verb = words[0] if words else ""
    for room in [room for room, verbs in ROOMS.items() if verb in verbs] or ROOMS:
        import_module(f"voicego.cli.{room}").add_to(app)
    commands = [one for one in app.registered_commands if one.callback and one.callback.__name__ == verb]
    groups = [one for one in app.registered_groups if one.name == verb]
    if commands or groups:
        app.registered_commands, app.registered_groups = commands, groups
    return app
