"""The verbs of `voicego`, in the order of its help. Heavy rooms are entered only by the verb that needs them."""

from __future__ import annotations

import typer

from voicego.cli import daemon, files, models, rules

app = typer.Typer(
    name="voicego",
    help="Private, offline voice commands: say a word, and a rule you wrote acts. Nothing leaves this computer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(daemon.everywhere)
for room in (daemon, rules, files, models):
    room.add_to(app)
