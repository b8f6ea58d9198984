"""Every look of `voicego doctor`, in order; each bounded in time and rid of what is private."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from voicego.acting.desk import Desk, this_system
from voicego.acting.runner import Runner
from voicego.app.doctor import desktop, places, program, rules, sound
from voicego.app.doctor.bounded import bounded
from voicego.app.doctor.private import home, secrets
from voicego.app.ear import Ear
from voicego.errors import RulesError, VoicegoError
from voicego.flow import Absence, Setup
from voicego.lock import holder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from voicego.app.doctor.check import Check
    from voicego.paths import Paths

SOON_S = 5.0
"""Seconds for a look that asks nobody slow."""
SOUND_S = 12.0
OTHERS_S = 30.0
"""The same where another voicego is asked for its version."""
LOADING_S = 90.0
"""The same for loading a model: a big one, on a slow disk."""


@dataclass
class Patient:
    """What several looks need, found out once, by the first that asks."""

    places: Paths
    rules_file: Path

    def status(self) -> Mapping[str, Any]:
        """Ask the running voicego; raises as `control.client.ask`."""
        from voicego.control.client import ask  # noqa: PLC0415 -- only a doctor asks

        found: Mapping[str, Any] = ask(self.places.socket, "status", timeout_s=2.0)["status"]
        return found

    @cached_property
    def status_or_none(self) -> Mapping[str, Any] | None:
        """The same, None where nobody answers."""
        try:
            return self.status()
        except VoicegoError:
            return None

    def read(self) -> Setup:
        """Read the rules as they stand in the file; raises RulesError."""
        from voicego.app import rules as room  # noqa: PLC0415

        return room.read(self.rules_file)

    @cached_property
    def setup(self) -> Setup:
        """The rules with what was chosen in the menu; what is in use without a file where that is missing or broken."""
        from voicego.daemon import choices  # noqa: PLC0415

        try:
            setup = self.read()
        except RulesError:
            setup = Setup()
        return choices.applied(choices.read(self.places.choices), setup)

    @property
    def microphones(self) -> tuple[str, ...]:
        """Names of those that are to be heard, the best first."""
        wanted = (self.status_or_none or {}).get("microphones_wanted") or self.setup.microphones
        return tuple(map(str, wanted))


@dataclass(frozen=True, slots=True)
class Look:
    """One look to take."""

    name: str
    take: Callable[[], Check]
    limit_s: float = SOON_S


def examine(patient: Patient, environ: Mapping[str, str]) -> Iterator[Check]:
    """Take every look, one after the other; none of them raises, and none hangs."""
    hidden = secrets()
    with Ear() as ear:
        for look in looks(patient, ear, environ):
            yield hidden.of(bounded(look.name, look.take, look.limit_s))


def looks(patient: Patient, ear: Ear, environ: Mapping[str, str]) -> tuple[Look, ...]:
    """Name every look, in the order in which a person would ask: is it there, does it hear, does it act."""
    desk = Desk(this_system(), Runner(environ, home()), environ, home())
    return (
        Look("system", lambda: program.system(environ)),
        Look("python", program.python),
        Look("packages", program.packages),
        Look("running", lambda: places.running(patient.status)),
        Look("lock", lambda: places.lock(patient.places, patient.status, holder)),
        Look("rules", lambda: rules.rules(patient.rules_file, patient.read)),
        Look("model", lambda: rules.model(patient.setup)),
        Look("classification", lambda: rules.classification(patient.setup, rules.demo_word), LOADING_S),
        Look("portaudio", lambda: sound.portaudio(ear), SOUND_S),
        Look("microphones", lambda: sound.microphones(ear, patient.microphones), SOUND_S),
        Look("sound", lambda: _sound(patient, ear), SOUND_S),
        Look("tray", partial(_tray, environ)),
        Look("notifications", lambda: desktop.notifications(desk, partial(on_the_session_bus, environ))),
        Look("browser", lambda: desktop.opener(desk, patient.setup)),
        Look("login", _login, OTHERS_S),
        Look("pause_while", partial(_absence, patient)),
        Look("log", lambda: places.log(patient.places.log)),
        Look("disk", lambda: places.disk(patient.places)),
    )


def _sound(patient: Patient, ear: Ear) -> Check:
    return sound.sound(ear, patient.microphones, patient.setup.channel, patient.status_or_none)


def _absence(patient: Patient) -> Check:
    from voicego.absence import cannot_tell  # noqa: PLC0415

    return desktop.absence(patient.setup, cannot_tell, Absence)


def _tray(environ: Mapping[str, str]) -> Check:
    from voicego.tray import host  # noqa: PLC0415

    return desktop.tray(host.find(environ), environ)


def _login() -> Check:
    from voicego import service  # noqa: PLC0415

    kinds = [service.service(headless=headless) for headless in (False, True)]
    return desktop.login([(one.name, found, service.complaint(one)) for one in kinds if (found := one.look())])


def on_the_session_bus(environ: Mapping[str, str]) -> frozenset[str] | None:
    """Name who answers on the session bus, or would be started for it; None: there is no bus."""
    from voicego.absence.buses import BUS, Bus, NoAnswer, connected, session_address  # noqa: PLC0415

    async def ask() -> frozenset[str]:
        async with connected(session_address(environ)) as connection:
            bus = Bus(connection)
            (there,), (could_be,) = await bus.call(BUS, "ListNames"), await bus.call(BUS, "ListActivatableNames")
            return frozenset(map(str, [*there, *could_be]))

    try:
        return asyncio.run(ask())
    except NoAnswer:
        return None
