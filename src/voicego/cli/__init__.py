"""The command line: `main` is where every error ends as a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from voicego.errors import LEFT_OUT, Exit, LeftOut, VoicegoError

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130
"""What shells report after Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code."""
    sys.exit(_run(arguments))


def tray() -> None:
    """Run a verb without a console, `tray` if none is named: what the desktop starts at login."""
    words = sys.argv[1:]
    sys.exit(_run(words if words and not words[0].startswith("-") else ["tray", *words]))


def _run(arguments: Sequence[str] | None) -> int:  # noqa: PLR0911 -- one for each way to end
    import typer  # noqa: PLC0415 -- `import voicego.cli` stays cheap

    from voicego.cli.verbs import command_line  # noqa: PLC0415

    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        return int(command_line()(args=words, standalone_mode=False, prog_name="voicego") or 0)
    except VoicegoError as error:
        _say(str(error))
        return int(error.exit_code)
    except typer.Exit as ended:
        return ended.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except ModuleNotFoundError as error:
        if error.name not in LEFT_OUT:
            return _surprised(error)
        _say(str(LeftOut(error.name, f"`voicego {words[0]}`")))
        return Exit.FAILED
    except BrokenPipeError:  # `voicego log | head`
        # Python flushes standard output once more at its end; there is nobody left to read it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except Exception as error:  # noqa: BLE001 -- the one place that catches everything, so that a person gets a sentence
        # Typer brings its own copy of click or uses click itself, by its version: its errors are known by their shape.
        if hasattr(error, "show") and hasattr(error, "exit_code"):
            error.show()
            return int(error.exit_code)
        return _surprised(error)


def _surprised(error: Exception) -> int:
    import logging  # noqa: PLC0415

    from voicego.log import start_logging  # noqa: PLC0415
    from voicego.paths import paths  # noqa: PLC0415

    path = start_logging(paths(os.environ).log)
    logging.getLogger("voicego").critical("a surprise in `voicego %s`", " ".join(sys.argv[1:]), exc_info=error)
    where = f"; the log tells more: {path}" if path else ""
    _say(f"something unexpected happened ({type(error).__name__}: {error}){where}")
    return Exit.SURPRISE


def _say(sentence: str) -> None:
    if sys.stderr is not None:  # there is none under pythonw
        print(sentence, file=sys.stderr)  # noqa: T201 -- this is what a person reads
