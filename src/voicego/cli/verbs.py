"""The verbs of `voicego`, in the order of its help. Heavy rooms are entered only by the verb that needs them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from voicego.cli.daemon import everywhere

if TYPE_CHECKING:
    from typer.models import CommandInfo, TyperInfo


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
"""The files beside this one and the verbs in each, in the order of the help."""

SHORT = 200
"""Characters of a verb's first sentence: all of it."""


class Made(Mapping[str, Any]):
    """Each verb as a command of typer's, made when it is asked for.

    Typer builds every parameter of every verb before it looks at the words, which takes longer than most verbs do.
    """

    def __getitem__(self, verb: str) -> Any:  # noqa: ANN401 -- typer's, or click's
        for room, verbs in ROOMS.items():
            if verb in verbs:
                app = app_of(room)
                app.callback()(everywhere)  # so that typer makes a group of it, were it one verb alone
                wanted = registered(app)[verb]
                app.registered_commands = [one for one in app.registered_commands if one is wanted]
                app.registered_groups = [one for one in app.registered_groups if one is wanted]
                return get_command(app).commands[verb]  # type: ignore[attr-defined]
        raise KeyError(verb)

    def __iter__(self) -> Iterator[str]:
        return (verb for verbs in ROOMS.values() for verb in verbs)

    def __len__(self) -> int:
        return sum(map(len, ROOMS.values()))


class Verbs(TyperGroup):
    """Knows all verbs by name, and lists them beneath headings, in plain text: rich's help takes 0.15 s to import."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 -- whatever typer hands over
        super().__init__(**settings)
        self.commands = Made()  # type: ignore[assignment]  # nobody adds to it

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002 -- typer's, or click's
        """Name them without making them."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401, ARG002 -- typer's, or click's
        """Write the headings and what stands beneath them."""
        sections: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for room, verbs in ROOMS.items():
            infos = registered(app_of(room))
            for verb in verbs:
                told = TyperCommand(verb, help=meaning(infos[verb])).get_short_help_str(SHORT)
                sections[str(infos[verb].rich_help_panel)].append((verb, told))
        for heading, rows in sections.items():
            with formatter.section(heading):
                formatter.write_dl(rows)


def command_line() -> typer.Typer:
    """Make the command line."""
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
    return app


def app_of(room: str) -> typer.Typer:
    """Import one of the files and let it register its verbs."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    import_module(f"voicego.cli.{room}").add_to(app)
    return app


def registered(app: typer.Typer) -> dict[str, CommandInfo | TyperInfo]:
    """What was registered, by its verb."""
    commands = {one.name or one.callback.__name__: one for one in app.registered_commands if one.callback}
    return commands | {str(one.name): one for one in app.registered_groups}


def meaning(info: CommandInfo | TyperInfo) -> str | None:
    """What a verb says of itself: its docstring; of a group, its own help."""
    of = getattr(info, "typer_instance", None)
    return of.info.help if of else info.callback.__doc__
