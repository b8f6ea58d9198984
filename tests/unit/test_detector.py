"""One word spoken once is one detection; everything else is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from voicego.flow import ConfirmWith, Rule, Scores, Sensitivity, Utterance, in_samples
from voicego.spotting.decision import ALONE, CONFIRMS, RUNNING, Row, Thresholds, confirmed_by, decide_by, heard_for
from voicego.spotting.detector import Detector
from voicego.spotting.labels import keywords_of

LABELS = ("go", "stop", "_unknown_", "_silence_")
HOP = 1600
LOWER, NORMAL, HIGHER = Sensitivity
TABLE = {"go": Row(Thresholds(0.9, 0.8, 0.6), Thresholds(0.98, 0.96, 0.94))}
NAN = float("nan")


def spoken(start_s: float = 2.0, length_s: float = 0.5, quiet_before_s: float = 1.0, *, cut: bool = False) -> Utterance:
    start, end = in_samples(start_s), in_samples(start_s + length_s)
    return Utterance(start, end + 4000, end, in_samples(quiet_before_s), cut)


def scores(utterance: Utterance, *, laid: bool = True, end_s: float = 3.0, **posteriors: float) -> Scores:
    known = [posteriors.get(label, 0.0) for label in LABELS[:2]] + [posteriors.get("unknown", 0.0)]
    row = np.array([*known, max(0.0, 1 - sum(known))], np.float32)
    return Scores(LABELS, row, in_samples(end_s) - 16_000, in_samples(end_s), utterance, laid)


def detector(*rules: Rule, **options: float) -> Detector:
    chosen = rules or (Rule("go", (), threshold=0.7), Rule("stop", (), threshold=0.7))
    made = Detector(tuple(decide_by(rule, {}, NORMAL) for rule in chosen), HOP)
    made.mute_until = in_samples(options.get("mute_s", 0.0))
    return made


def test_a_word_said_alone_is_detected_at_its_end() -> None:
    word = spoken()

    found = detector().see(scores(word, go=0.9))

    assert found is not None
    assert (found.keyword, found.at) == ("go", word.end)
    assert found.score == pytest.approx(0.9)


@pytest.mark.parametrize(
    "utterance",
    [
        spoken(length_s=1.2),
        spoken(length_s=0.05),
        spoken(quiet_before_s=0.1),
        spoken(cut=True),
    ],
    ids=["too long", "too short", "no quiet before", "cut"],
)
def test_what_is_not_a_word_alone_is_not_detected(utterance: Utterance) -> None:
    assert detector().see(scores(utterance, go=0.99)) is None


def test_below_the_threshold_or_behind_another_label_nothing_fires() -> None:
    one = detector(Rule("go", (), threshold=0.3))

    assert one.see(scores(spoken(), go=0.29)) is None
    assert one.see(scores(spoken(5.0), go=0.4, unknown=0.6)) is None
    assert one.see(scores(spoken(8.0), go=0.4, unknown=0.2)) is not None


def test_the_margin_counts_against_unknown_and_the_runner_up() -> None:
    one = detector(Rule("go", (), threshold=0.5, margin=0.3))

    assert one.see(scores(spoken(), go=0.6, unknown=0.35)) is None
    assert one.see(scores(spoken(5.0), go=0.6, stop=0.35)) is None
    assert one.see(scores(spoken(8.0), go=0.65, stop=0.2)) is not None


def test_the_same_word_within_its_cooldown_fires_once_and_another_word_at_once() -> None:
    one = detector(Rule("go", (), threshold=0.5, cooldown_s=2.0), Rule("stop", (), threshold=0.5))

    assert one.see(scores(spoken(2.0), go=0.9)) is not None
    assert one.see(scores(spoken(3.5), go=0.9)) is None
    assert one.see(scores(spoken(3.6), stop=0.9)) is not None
    assert one.see(scores(spoken(4.1), go=0.9)) is not None


def test_sliding_windows_decide_nothing_about_a_word_said_alone() -> None:
    one = detector()
    word = spoken()

    sliding = [one.see(scores(word, laid=False, end_s=2.5 + k / 10, go=0.99)) for k in range(5)]

    assert sliding == [None] * 5
    assert one.see(scores(word, go=0.99)) is not None


def test_running_speech_fires_once_after_its_patience() -> None:
    one = detector(Rule("go", (), threshold=0.8, isolated=False, patience_s=0.3, cooldown_s=0.0))
    talk = spoken(length_s=8.0)

    fired = [one.see(scores(talk, laid=False, end_s=3 + k / 10, go=0.9)) is not None for k in range(8)]

    assert fired == [False, False, True] + [False] * 5


def test_running_speech_starts_anew_when_the_score_falls_or_another_utterance_begins() -> None:
    one = detector(Rule("go", (), threshold=0.8, isolated=False, patience_s=0.2, cooldown_s=0.0))
    talk, other = spoken(length_s=8.0), spoken(20.0, 8.0)

    seen = [one.see(scores(talk, laid=False, end_s=3 + k / 10, go=go)) for k, go in enumerate([0.9, 0.1, 0.9])]
    assert seen == [None, None, None]
    assert one.see(scores(other, laid=False, end_s=21.0, go=0.9)) is None
    assert one.see(scores(other, laid=False, end_s=21.1, go=0.9)) is not None


def test_a_laid_window_does_not_fire_a_running_rule_a_second_time() -> None:
    one = detector(Rule("go", (), threshold=0.8, isolated=False, patience_s=0.1, cooldown_s=0.0))
    word = spoken()

    assert one.see(scores(word, laid=False, go=0.9)) is not None
    assert one.see(scores(word, go=0.9)) is None


def test_nothing_is_decided_during_the_warm_up() -> None:
    one = detector(mute_s=3.0)

    assert one.see(scores(spoken(2.5), go=0.99)) is None
    assert one.see(scores(spoken(3.1), go=0.99)) is not None


def test_an_utterance_is_worth_a_window_only_while_it_can_still_be_a_word() -> None:
    one = detector()

    assert one.could_be_a_word(Utterance(16_000, 20_000, None, 16_000))
    assert not one.could_be_a_word(Utterance(16_000, 16_000 + in_samples(1.2), None, 16_000))
    assert not one.slides(spoken())
    assert detector(Rule("go", (), isolated=False)).slides(spoken())
    assert not detector(Rule("go", (), isolated=False)).wants(spoken())


def test_every_detection_has_an_id_of_its_own() -> None:
    one = detector()

    ids = {found.id for at in (2.0, 5.0, 8.0) if (found := one.see(scores(spoken(at), go=0.9)))}

    assert len(ids) == 3


def test_a_threshold_comes_from_the_rule_then_the_table_then_the_default() -> None:
    found = [
        decide_by(Rule(word, (), number), TABLE, NORMAL) for word, number in (("go", 0.5), ("go", None), ("up", None))
    ]

    assert [(one.threshold, one.origin) for one in found] == [
        (0.5, "your rule"),
        (0.8, "the model's table, normal sensitivity"),
        (0.7, "the default, normal sensitivity"),
    ]


@pytest.mark.parametrize(
    ("own", "of_the_file", "chosen"),
    [(None, NORMAL, NORMAL), (None, LOWER, LOWER), (HIGHER, LOWER, HIGHER), (NORMAL, HIGHER, NORMAL)],
)
def test_a_rules_own_sensitivity_comes_before_the_files(
    own: Sensitivity | None, of_the_file: Sensitivity, chosen: Sensitivity
) -> None:
    for word, row in (("go", TABLE["go"]), ("up", Row(ALONE, RUNNING))):
        alone = decide_by(Rule(word, (), sensitivity=own), TABLE, of_the_file)
        running = decide_by(Rule(word, (), sensitivity=own, isolated=False), TABLE, of_the_file)

        assert (alone.threshold, running.threshold) == (row.alone.at(chosen), row.running.at(chosen))
        assert alone.origin.endswith(f", {chosen} sensitivity")


def test_a_rules_own_threshold_comes_before_every_sensitivity() -> None:
    assert decide_by(Rule("go", (), 0.5, LOWER), TABLE, HIGHER).threshold == 0.5


@pytest.mark.parametrize(
    "numbers", [(0.5, 0.7, 0.3), (0.9, 0.5, 0.6), (1.1, 0.5, 0.4), (0.9, 0.5, -0.1), (0.9, NAN, 0.1)]
)
def test_thresholds_go_down_from_1_to_0_as_the_sensitivity_goes_up(numbers: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="not in order"):
        Thresholds(*numbers)


FEW = ConfirmWith("few")


@pytest.mark.parametrize(
    ("rule", "confirm_with", "table", "expected"),
    [
        (Rule("go", ()), FEW, {}, (CONFIRMS, "the default")),
        (Rule("go", ()), FEW, TABLE, (0.8, "its table, normal sensitivity")),
        (Rule("go", (), isolated=False), FEW, TABLE, (0.96, "its table, normal sensitivity")),
        (Rule("go", (), sensitivity=LOWER), FEW, TABLE, (0.9, "its table, lower sensitivity")),
        (Rule("go", (), threshold=0.1), FEW, TABLE, (0.8, "its table, normal sensitivity")),
        (Rule("go", ()), replace(FEW, threshold=0.3), TABLE, (0.3, "your file")),
        (Rule("go", (), confirm=False), FEW, TABLE, (None, "")),
    ],
)
def test_what_the_confirming_model_must_say_comes_from_the_file_its_table_or_a_default(
    rule: Rule, confirm_with: ConfirmWith, table: dict[str, Row], expected: tuple[float | None, str]
) -> None:
    decision = confirmed_by(confirm_with, rule, decide_by(rule, {}, NORMAL), table, NORMAL)

    assert (decision.confirm, decision.confirm_origin) == expected


def test_a_candidate_keeps_no_later_one_from_being_heard() -> None:
    made = detector(Rule("go", (), 0.7, cooldown_s=60.0))
    made.decisions = tuple(replace(decision, confirm=0.5) for decision in made.decisions)

    assert made.see(scores(spoken(2.0), go=0.9))
    assert made.see(scores(spoken(4.0), go=0.9))


def test_labels_that_are_no_words_are_not_offered() -> None:
    assert keywords_of(["go", "_silence_", "_unknown_", "UNKNOWN", "stop"]) == ("go", "stop")


def test_a_word_that_is_but_an_answer_is_heard_at_the_usual_threshold_and_not_confirmed() -> None:
    go, off = Rule("go", (), ask="yes"), Rule("off", (), ask="yes")

    *rules, answer = heard_for((go, off))

    assert rules == [go, off]
    assert answer == Rule("yes", (), confirm=False)
    assert decide_by(answer, {}, LOWER).threshold == ALONE.lower


def test_an_answer_that_has_a_rule_in_use_is_heard_as_that_says() -> None:
    go, yes = Rule("go", (), ask="yes"), Rule("yes", (), threshold=0.99)

    assert heard_for((go, yes)) == (go, yes)
    assert heard_for((go, replace(yes, enabled=False))) == (go, Rule("yes", (), confirm=False))


def test_a_rule_that_is_off_needs_no_answer() -> None:
    assert heard_for((Rule("go", (), ask="yes", enabled=False), Rule("on", ()))) == (Rule("on", ()),)
