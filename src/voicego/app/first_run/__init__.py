"""`voicego init`: rules to begin with, a microphone, one word for a proof, and a start at login if it is wanted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicego.app import rules
from voicego.app.first_run import microphone, word
from voicego.app.first_run.word import Heard
from voicego.config import starter
from voicego.errors import Exit, VoicegoError
from voicego.hearing.choosing import DEFAULT, NoMicrophone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voicego.app.first_run.screen import Ear, Screen
    from voicego.flow import Setup

LINE = re.compile(r"^# microphone: default .*$", re.MULTILINE)
"""Where the starter rules tell of the microphone."""

LOGIN = "Start voicego whenever you log in? y is yes, Enter is no."

FOR_EVER_S = float("inf")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says; None is asked for where somebody answers."""

    file: Path
    force: bool = False
    """Write over a file that is there."""
    microphone: str | None = None
    test: bool | None = None
    login: bool | None = None


def first_run(
    wishes: Wishes, screen: Screen, ear: Ear, at_login: Callable[[], list[str]], *, running: Callable[[], bool]
) -> Exit:
    """Lead through the first run. `at_login` makes voicego start at login, and says so.

    Nothing is written before the microphone and the word are done with, and then the file as a whole.

    Raises:
        RulesError: there are rules already, and they are broken.
        VoicegoError: there is no such microphone, or the file cannot be written.
    """
    setup = None if wishes.force or not wishes.file.exists() else rules.read(wishes.file)
    stands = "nothing was written"
    try:
        name, heard = _sound(wishes, screen, ear, running, setup)
        ear.close()
        for text in _rules(wishes, name):
            screen.line(text)
        stands = f"the rules are in {wishes.file}"
        if wishes.login or (wishes.login is None and screen.asks and _yes(screen, LOGIN)):
            for text in at_login():
                screen.line(text)
    except KeyboardInterrupt:
        screen.line(f"stopped; {stands}")
        raise
    return Exit.FAILED if wishes.test and heard is not Heard.YES else Exit.OK


def with_microphone(text: str, name: str | None) -> str:
    """Put a microphone into the starter rules, unless it is the default."""
    return text if name in {None, DEFAULT} else LINE.sub(lambda _: line_for(name or DEFAULT), text, count=1)


def line_for(name: str) -> str:
    """Write a name for YAML, whatever is in it."""
    return f"microphone: {json.dumps(name, ensure_ascii=False)}"


def _sound(
    wishes: Wishes, screen: Screen, ear: Ear, running: Callable[[], bool], setup: Setup | None
) -> tuple[str | None, Heard | None]:
    """Choose a microphone and hear a word, as often as it takes; what came of it, as far as it came."""
    name = microphone.by_name(ear, wishes.microphone) if wishes.microphone else None
    heard, file, usual = None, wishes.file if setup else None, setup.microphones if setup else (DEFAULT,)
    waits_s = FOR_EVER_S if screen.asks else word.WAITS_S
    try:
        if screen.asks and name is None:
            name = microphone.chosen(screen, ear, usual)
        if wishes.test or (wishes.test is None and screen.asks):
            heard = Heard.NO
            if running():
                screen.line("voicego runs already: what you say now, it obeys as well")
            while (heard := word.hear_one(screen, ear, (name,) if name else usual, file, waits_s)) is Heard.ELSEWHERE:
                name = microphone.chosen(screen, ear, usual)
    except NoMicrophone as error:
        screen.line(str(error))
    except VoicegoError as error:  # the sound system is no reason not to begin
        screen.line(f"{error}; `voicego doctor` looks into it")
    return name, heard


def _rules(wishes: Wishes, name: str | None) -> Iterator[str]:
    """Write the rules where there are none; a file that is there is the person's own."""
    if rules.begin(wishes.file, force=wishes.force, text=with_microphone(starter(), name)):
        yield f"wrote the starter rules to {wishes.file}; edit them, then: voicego run"
        return
    yield f"{wishes.file} is there already and was left as it is; --force writes over it"
    if name:
        yield f"for this microphone, let it say: {line_for(name)}"


def _yes(screen: Screen, question: str) -> bool:
    with screen.picture() as picture:
        while True:
            picture.show([question])
            if key := picture.key(wait_s=0.2):
                return key in {"y", "Y"}
