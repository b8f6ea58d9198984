"""The parent's side of the ear's process: any program may stand in for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from voicego.app.ear import Broken, Ear, Silent
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Iterator

ECHOES = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    number = asked["number"]
    def say(**said): print(json.dumps({"number": number} | said), flush=True)
    if asked["do"] == "twice":
        say(one=1)
        say(two=2)
    elif asked["do"] == "chatter":
        print("ALSA lib: cannot find card", flush=True)
        say(done=True)
    elif asked["do"] == "refuse":
        say(error="there is no such microphone")
    elif asked["do"] == "hang":
        say(error="the sound server does not answer", hangs=True)
    elif asked["do"] == "end":
        sys.exit(3)
"""


@pytest.fixture
def ear() -> Iterator[Ear]:
    with Ear((sys.executable, "-c", ECHOES)) as one:
        yield one


def test_what_it_says_comes_in_order_and_then_nothing(ear: Ear) -> None:
    ear.ask("twice")

    first, second, third = ear.next(20), ear.next(20), ear.next(0.0)

    assert first is not None
    assert second is not None
    assert (first["one"], second["two"], third) == (1, 2, None)


def test_what_belongs_to_an_older_question_is_dropped(ear: Ear) -> None:
    ear.ask("twice")

    assert ear.answer("chatter", 20)["done"] is True


def test_what_is_no_message_is_passed_over(ear: Ear) -> None:
    assert ear.answer("chatter", 20) == {"number": 1, "done": True}


def test_an_error_is_raised_as_its_sentence(ear: Ear) -> None:
    with pytest.raises(VoicegoError, match=r"^there is no such microphone$"):
        ear.answer("refuse", 20)


def test_its_end_is_told_again_and_again(ear: Ear) -> None:
    ear.ask("end")

    for _ in range(2):
        with pytest.raises(Broken):
            ear.next(20)


def test_no_answer_in_time_is_told_and_nobody_waits_for_a_second(ear: Ear) -> None:
    with pytest.raises(Silent, match="gave no answer within"):
        ear.answer("sleep", 0.1)
    with pytest.raises(Silent, match="does not answer"):
        ear.answer("chatter", 3_600)


def test_a_sound_server_that_hangs_is_asked_once(ear: Ear) -> None:
    with pytest.raises(Silent, match="the sound server does not answer; restart"):
        ear.answer("hang", 20)
    with pytest.raises(Silent, match="does not answer"):
        ear.answer("chatter", 3_600)
    ear.close()
    assert ear.answer("chatter", 20)["done"] is True


def test_a_process_that_ended_is_started_anew_by_the_next_question(ear: Ear) -> None:
    ear.ask("end")
    with pytest.raises(Broken):
        ear.next(20)
    assert ear._process is not None
    ear._process.wait(20)

    assert ear.answer("chatter", 20)["done"] is True


def test_closing_ends_the_process_and_the_next_question_starts_another(ear: Ear) -> None:
    ear.answer("chatter", 20)
    process = ear._process
    ear.close()

    assert process is not None
    assert process.poll() is not None
    assert ear.answer("chatter", 20)["done"] is True
    assert ear._process is not process


def test_a_program_that_is_not_there_is_told_in_a_sentence() -> None:
    with Ear(("/nowhere/at/all",)) as nobody, pytest.raises(VoicegoError, match="cannot be started"):
        nobody.answer("about", 1)
