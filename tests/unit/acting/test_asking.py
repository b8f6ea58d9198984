"""What counts as the answer to a rule that asks."""

from __future__ import annotations

import pytest

from voicego.acting.asking import ANSWER_S, LATENESS_S, Asking, Reply
from voicego.flow import Detection, Notify, Rule, Run, in_samples

OFF = Rule("off", (Run(("systemctl", "suspend")), Notify("x" * 99)), ask="yes")
ASKED_AT = 160_000
IN_TIME = ASKED_AT + in_samples(ANSWER_S)


def word(keyword: str, at: int) -> Detection:
    return Detection("d2", keyword, 0.9, at)


@pytest.fixture
def asking() -> Asking:
    """With a question that was asked when the clock showed 100."""
    one = Asking()
    one.ask(Detection("d1", "off", 0.9, ASKED_AT), OFF, 100.0)
    return one


def test_without_a_question_nothing_is_an_answer() -> None:
    assert Asking().hear(word("yes", 1), 0.0) is None


@pytest.mark.parametrize("at", [ASKED_AT + 1, IN_TIME])
def test_the_word_that_is_waited_for_is_the_answer_within_five_seconds_of_sound(asking: Asking, at: int) -> None:
    answered = asking.hear(word("yes", at), 101.0)

    assert answered is not None
    assert (answered[0].detection.id, answered[0].rule, answered[1]) == ("d1", OFF, Reply.YES)
    assert asking.open is None
    assert asking.hear(word("yes", at), 101.0) is None


@pytest.mark.parametrize(
    ("heard", "now", "reply"),
    [
        (word("no", ASKED_AT + 1), 101.0, Reply.OTHER),
        (word("off", ASKED_AT + 1), 101.0, Reply.OTHER),
        (word("yes", IN_TIME + 1), 101.0, Reply.LATE),
        (word("no", IN_TIME + 1), 101.0, Reply.LATE),
        (word("yes", ASKED_AT + 1), 100.0 + ANSWER_S + LATENESS_S, Reply.LATE),
        (word("yes", 1), 100.0 + ANSWER_S + LATENESS_S, Reply.LATE),
    ],
    ids=["another word", "the same word", "late", "another and late", "late by the clock", "late in other sound"],
)
def test_anything_else_ends_the_question(asking: Asking, heard: Detection, now: float, reply: Reply) -> None:
    answered = asking.hear(heard, now)

    assert answered is not None
    assert answered[1] is reply
    assert asking.open is None


@pytest.mark.parametrize("keyword", ["yes", "no"])
def test_what_was_said_before_the_question_is_no_answer_and_leaves_it_open(asking: Asking, keyword: str) -> None:
    assert asking.hear(word(keyword, ASKED_AT), 101.0) is None
    assert asking.open is not None


def test_it_is_given_up_when_no_answer_can_be_on_its_way(asking: Asking) -> None:
    end = 100.0 + ANSWER_S + LATENESS_S

    assert asking.due == end
    assert asking.give_up(end - 0.1) is None
    assert asking.give_up(end) is not None
    assert asking.give_up(end) is None
    assert asking.due is None


def test_the_question_says_what_to_say_and_for_what_shortly(asking: Asking) -> None:
    assert asking.open is not None

    text = asking.open.text

    assert text.startswith('"off" was heard. Say "yes" to: run systemctl suspend, then notify xxx')
    assert len(text) < 150
