"""How often rules may act, on a clock that the test holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voicego.acting.limits import BURST_S, Limits
from voicego.flow import Rate

FIVE = Rate(5, 10.0)
ONE = Rate(1, 60.0)


def test_five_act_and_the_sixth_within_the_time_does_not() -> None:
    limits = Limits(FIVE)

    found = [limits.exceeded("go", None, now) for now in (0.0, 1.0, 2.0, 3.0, 4.0, 9.9)]

    assert found == [None] * 5 + [FIVE]
    assert limits.refused == 1


def test_one_acts_again_as_soon_as_the_first_lies_far_enough_back() -> None:
    limits = Limits(FIVE)
    for now in (0.0, 1.0, 2.0, 3.0, 4.0):
        limits.exceeded("go", None, now)

    assert limits.exceeded("go", None, 9.9) is FIVE
    assert limits.exceeded("go", None, 10.0) is None
    assert limits.exceeded("go", None, 10.5) is FIVE


def test_what_was_refused_does_not_count() -> None:
    limits = Limits(Rate(1, 10.0))
    limits.exceeded("go", None, 0.0)
    for now in range(1, 10):
        limits.exceeded("go", None, float(now))

    assert limits.exceeded("go", None, 10.0) is None


def test_all_words_share_the_limit_over_all() -> None:
    limits = Limits(Rate(2, 10.0))

    assert [limits.exceeded(word, None, 0.0) is None for word in ("go", "up", "on")] == [True, True, False]


def test_a_rules_own_limit_holds_for_it_alone_and_is_told_first() -> None:
    limits = Limits(FIVE)

    assert limits.exceeded("off", ONE, 0.0) is None
    assert limits.exceeded("off", ONE, 59.9) is ONE
    assert limits.exceeded("go", ONE, 59.9) is None
    assert limits.exceeded("off", ONE, 60.0) is None


def test_of_two_limits_the_rules_own_is_the_one_that_is_told() -> None:
    limits = Limits(Rate(1, 10.0))
    limits.exceeded("off", ONE, 0.0)

    assert limits.exceeded("off", ONE, 1.0) is ONE


def test_a_rule_that_is_beyond_its_own_limit_takes_nothing_of_the_others() -> None:
    limits = Limits(Rate(2, 10.0))
    for _ in range(9):
        limits.exceeded("off", ONE, 0.0)

    assert limits.exceeded("go", None, 0.0) is None


def test_another_limit_holds_from_then_on() -> None:
    limits = Limits(FIVE)
    for _ in range(5):
        limits.exceeded("go", None, 0.0)
    limits.overall = Rate(6, 10.0)

    assert limits.exceeded("go", None, 0.0) is None
    assert limits.exceeded("go", None, 0.0) == Rate(6, 10.0)


def test_a_burst_is_over_once_when_nothing_was_refused_for_a_while() -> None:
    limits = Limits(ONE)
    limits.exceeded("go", None, 0.0)
    never = limits.over(1e9)
    limits.exceeded("go", None, 1.0)
    limits.exceeded("go", None, 2.0)

    assert not never
    assert [limits.over(now) for now in (2.0, 1.0 + BURST_S, 2.0 + BURST_S, 3.0 + BURST_S)] == [
        False,
        False,
        True,
        False,
    ]


WORDS = st.sampled_from(["go", "up", "off"])
MOMENTS = st.lists(st.tuples(WORDS, st.floats(0.0, 8.0)), max_size=60)


@given(MOMENTS, st.integers(1, 4), st.integers(1, 3))
def test_no_stretch_of_time_ever_holds_more_than_the_limit(
    gaps: list[tuple[str, float]], overall: int, own: int
) -> None:
    limits, rate, now = Limits(Rate(overall, 10.0)), Rate(own, 20.0), 0.0
    acted: list[tuple[str, float]] = []
    for word, gap in gaps:
        now += gap
        if limits.exceeded(word, rate if word == "off" else None, now) is None:
            acted.append((word, now))

    for _, end in acted:
        assert len([at for _, at in acted if end - 10.0 < at <= end]) <= overall
        assert len([at for word, at in acted if word == "off" and end - 20.0 < at <= end]) <= own
    assert limits.refused == len(gaps) - len(acted)
