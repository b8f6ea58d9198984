"""`voicego run`: one daemon, its lock, its socket, its diary, its rules."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from voicego import absence
from voicego.acting import cores
from voicego.acting.describe import describe
from voicego.acting.dispatcher import Dispatcher, desk_here
from voicego.app import again, hearing, microphones, rules
from voicego.app.icon import Icon, has_screen
from voicego.confirming.child import Child, command_for
from voicego.confirming.stage import SecondStage
from voicego.control.server import Server
from voicego.daemon import Daemon, Manager, Parts
from voicego.errors import Exit, RulesError, VoicegoError
from voicego.hearing.choosing import NoMicrophone, NoSuchMicrophone
from voicego.listener import Deafness
from voicego.lock import single_instance
from voicego.log import start_logging
from voicego.paths import Paths, make_folders, paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

    from voicego.flow import Absence, NotConfirmed, Setup
    from voicego.seams import Source

log = logging.getLogger(__name__)

STOP_S = 0.5
"""Seconds that the socket and the watch are given to end."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for."""

    config: Path | None = None
    headless: bool = False
    """No tray."""
    input: str | None = None
    """A recording instead of the microphone, or `-`."""
    fast: bool = False
    """The recording as fast as it goes."""
    device: str | None = None
    """A microphone by name, instead of the file's."""
    dry_run: bool = False
    verbose: bool = False


def on_a_terminal() -> bool:
    """Whether a person sees what this process writes."""
    return any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))


def run(wishes: Wishes, *, terminal: bool, tell: Callable[[str], None]) -> Exit:
    """Run a daemon to its end. `tell` shows a sentence to whoever started it.

    Raises:
        VoicegoError: it cannot start; RulesError when the rules are broken and a person is there to mend them.
    """
    places = paths(os.environ)
    make_folders(places)
    rules_file = (wishes.config or places.rules).expanduser().absolute()
    with ExitStack() as stack:
        stack.enter_context(single_instance(places.lock))
        if not wishes.verbose:
            stack.enter_context(again.quiet_libraries())
        if wishes.config is None and rules.begin(rules_file):
            tell(f"wrote the starter rules to {rules_file}; `voicego init` helps to choose a microphone")
        before = rules.picture(rules_file)
        setup, config_error = _first_rules(rules_file, places, wishes, terminal=terminal)
        if config_error:
            meanwhile = "the last good rules stand in" if setup else "voicego waits until they are mended"
            tell(f"{config_error}\n{meanwhile}")
        log_file = start_logging(
            places.log, verbose=wishes.verbose, to_terminal=terminal or wishes.dry_run, errors_told=True
        )
        ears, born = Deafness(), cores.forbid()
        daemon = Daemon(
            _parts(rules_file, places, wishes, patient=not terminal and wishes.input is None, log_file=log_file),
            lambda daemon: Dispatcher(
                report=daemon.ran,
                ears=ears,
                pause=daemon.ask_to_pause,
                note=daemon.note,
                unlimited=wishes.input not in {None, "-"},  # who comes by a pipe may speak just now
                dry_run=wishes.dry_run,
                desk=desk_here(born=born),
            ),
            ears,
        )
        watch = rules.Watch(rules_file, daemon.ask_to_reload, before)
        server = Server(places.socket, daemon)
        icon = Icon(os.environ)
        server.start()
        try:
            with _signals(daemon):
                watch.start()
                if not wishes.headless and wishes.input is None and has_screen(os.environ):
                    icon.start()
                ended = daemon.run(setup, config_error)
        finally:
            watch.stop(STOP_S)
            server.stop(STOP_S)
            icon.stop()
    if daemon.again:
        born(os.getpid())  # else what the next life starts would have the daemon's limit for its own
        again.begin(os.environ, time.time())
    return ended


def _first_rules(path: Path, places: Paths, wishes: Wishes, *, terminal: bool) -> tuple[Setup | None, str]:
    """Read the rules; where nobody is there to mend them, the last good ones stand in.

    A file that was named for this run is none of the person's own: the last good rules are not its.
    """
    try:
        setup = rules.read(path)
    except RulesError as error:
        if terminal or wishes.input is not None:
            raise
        return None if wishes.config else rules.last_good(places.last_good), str(error)
    _keep(path, places, wishes)
    return setup, ""


def _keep(path: Path, places: Paths, wishes: Wishes) -> None:
    if wishes.config is None:
        rules.keep(path, places.last_good)


def _as_wished(setup: Setup, wishes: Wishes) -> Setup:
    """The command line beats everything else."""
    return replace(setup, microphones=(wishes.device,)) if wishes.device else setup


def _parts(rules_file: Path, places: Paths, wishes: Wishes, *, patient: bool, log_file: Path | None) -> Parts:
    def source(setup: Setup) -> Source:
        if wishes.input is None:
            return hearing.microphone_for(setup)
        return hearing.recording_for(wishes.input, setup, "fast" if wishes.fast or wishes.input == "-" else "life")

    live = wishes.input is None
    return Parts(
        read_rules=lambda: rules.read(rules_file),
        classifier=hearing.classifier_for,
        decisions=hearing.decisions_for,
        source=source,
        second_stage=_second_stage,
        wished=lambda setup: _as_wished(setup, wishes),
        better=microphones.better_there,
        microphones=microphones.listed,
        absence=_absence if live else lambda *_: None,
        describe=lambda rule: ", ".join(describe(action) for action in rule.actions),
        may_begin_again=lambda: again.may_begin(os.environ, time.time()),
        keep=lambda: _keep(rules_file, places, wishes),
        choices_file=places.choices if live else None,
        wrong_file=places.wrong if live else None,
        manager=Manager(os.environ, os.getpid()),
        rules_file=rules_file,
        log_file=log_file,
        lasting=live,
        patient=patient,
        waits_for=lambda error: patient or _may_come(error, wishes),
    )


def _absence(kinds: frozenset[Absence], tell: Callable[[Absence, bool], None]) -> absence.Watch:
    """Make what tells when nobody means voicego."""
    return absence.watch(kinds, tell, lambda: frozenset({os.getpid()}))


def _second_stage(setup: Setup, report: Callable[[NotConfirmed], None]) -> SecondStage | None:
    """Make the stage that has the last word, where the rules ask for one."""
    big = setup.confirm_with
    return SecondStage(big, partial(Child, command_for(big, setup.engine, setup.threads)), report) if big else None


def _may_come(error: VoicegoError, wishes: Wishes) -> bool:
    """Whether to wait for a microphone while a person looks on: not for a name that they have just mistyped."""
    return isinstance(error, NoMicrophone) and not (wishes.device and isinstance(error, NoSuchMicrophone))


@contextmanager
def _signals(daemon: Daemon) -> Iterator[None]:
    """Stop cleanly at Ctrl-C and SIGTERM."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        daemon.ask_to_stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
