"""The loop, from a source to the detections, without a thread."""

from __future__ import annotations

import numpy as np
import pytest

from tests.sounds import hiss, placed, silence
from tests.stand_ins import HandSource, LevelClassifier
from voicego.errors import VoicegoError
from voicego.flow import Detection, Rule, Samples, Scores, Sensitivity, Setup, seconds
from voicego.hearing.windows import LINGER_S
from voicego.listener import Deafness, Listener
from voicego.seams import Haste
from voicego.spotting.decision import Decision, decide_by


def decisions(*rules: Rule) -> tuple[Decision, ...]:
    return tuple(decide_by(rule, {}, Sensitivity.NORMAL) for rule in rules or (Rule("go", ()),))


def listener(source: HandSource, found: list[Detection], setup: Setup | None = None) -> Listener:
    return Listener(source, LevelClassifier(), setup or Setup(), decisions(), found.append)


def talk(length_s: float) -> Samples:
    """Syllables without a pause."""
    return placed(0.2, hiss(length_s, -75.0), **{f"at{k}": k * 0.3 for k in range(int(length_s / 0.3))})


def hand(sound: Samples, block: int = 1600, *, live: bool = True) -> HandSource:
    source = HandSource(live=live)
    for at in range(0, len(sound), block):
        source.hear(sound[at : at + block])
    source.end()
    return source


def test_a_word_is_detected_once_at_its_end() -> None:
    found: list[Detection] = []

    listener(hand(placed(0.5, hiss(4.0, -75.0), word=2.0)), found).listen()

    assert [one.keyword for one in found] == ["go"]
    assert seconds(found[0].at) == pytest.approx(2.5, abs=0.08)


def test_live_sound_is_muted_while_it_warms_up_and_a_recording_is_not() -> None:
    early = placed(0.4, hiss(3.0, -75.0), word=0.2)
    live: list[Detection] = []
    recorded: list[Detection] = []

    listener(hand(early), live).listen()
    listener(hand(early, live=False), recorded).listen()

    assert live == []
    assert len(recorded) == 1


def test_a_recording_gives_the_detections_of_the_live_hour() -> None:
    sound = placed(0.5, hiss(12.0, -70.0), one=2.0, two=4.5, three=4.7, four=9.0)
    live: list[Detection] = []
    fast: list[Detection] = []

    listener(hand(sound, 480), live).listen()
    listener(hand(sound, 32_000, live=False), fast).listen()

    assert live == fast
    assert len(live) == 3


def hurried(sound: Samples, *rules: Rule, watched: bool = False) -> list[tuple[Haste, float]]:
    """What a microphone is asked for, and how much had been heard by then."""
    source = hand(sound)
    one = Listener(source, LevelClassifier(), Setup(), decisions(*rules), lambda _: None, watched=watched)
    asked: list[tuple[Haste, float]] = []
    for _ in one.steps():
        if len(source.hastes) > len(asked):
            asked.append((source.hastes[-1], seconds(one.counters.heard)))
    return asked


def test_the_microphone_hurries_only_while_a_word_is_said() -> None:
    asked = hurried(placed(0.5, hiss(4.0, -75.0), word=2.0))

    assert [haste for haste, _ in asked] == [Haste.SELDOM, Haste.AT_ONCE, Haste.SELDOM]
    assert [at for _, at in asked] == [pytest.approx(0.1), pytest.approx(2.1, abs=0.11), pytest.approx(2.8, abs=0.11)]


def test_talk_that_has_outgrown_every_word_is_no_reason_to_hurry() -> None:
    asked = hurried(np.concatenate([hiss(1.0, -75.0), talk(5.0), hiss(1.0, -75.0)]))

    assert [haste for haste, _ in asked] == [Haste.SELDOM, Haste.AT_ONCE, Haste.OFTEN, Haste.SELDOM]
    assert asked[2][1] < 3.0


def test_words_in_running_speech_are_heard_in_a_hurry_to_the_end() -> None:
    asked = hurried(np.concatenate([hiss(1.0, -75.0), talk(5.0), hiss(1.0, -75.0)]), Rule("go", (), isolated=False))

    assert [haste for haste, _ in asked] == [Haste.SELDOM, Haste.AT_ONCE, Haste.SELDOM]
    assert asked[-1][1] > 5.8


def test_the_microphone_hurries_on_while_windows_slide_on_after_a_word() -> None:
    word = placed(0.5, hiss(4.0, -75.0), word=2.0)

    *_, (_, alone) = hurried(word)
    *_, (_, running) = hurried(word, Rule("go", (), isolated=False))

    assert running - alone == pytest.approx(LINGER_S)


def test_a_level_that_is_watched_moves_in_quiet_too() -> None:
    asked = hurried(placed(0.5, hiss(4.0, -75.0), word=2.0), watched=True)

    assert [haste for haste, _ in asked] == [Haste.OFTEN, Haste.AT_ONCE, Haste.OFTEN]


def test_while_voicego_speaks_and_half_a_second_longer_nothing_is_heard() -> None:
    ears, source = Deafness(), HandSource()
    found: list[Detection] = []
    one = Listener(source, LevelClassifier(), Setup(), decisions(), found.append, ears)
    sound = placed(0.4, hiss(8.0, -75.0), spoken=2.0, echo=2.7, command=5.0)
    steps = one.steps()

    for at in range(0, len(sound), 1600):
        source.hear(sound[at : at + 1600])
        if 2.0 <= at / 16_000 < 2.5:
            with ears.deaf():
                next(steps)
        else:
            next(steps)

    assert [seconds(detection.at) for detection in found] == [pytest.approx(5.4, abs=0.1)]


def test_a_block_of_quiet_that_was_asked_for_makes_it_deaf_for_no_longer() -> None:
    ears, source = Deafness(), HandSource()
    found: list[Detection] = []
    sound = placed(0.4, hiss(6.0, -75.0), spoken=2.0, command=3.3)
    steps = Listener(source, LevelClassifier(), Setup(), decisions(), found.append, ears).steps()

    source.hear(sound[:32_000])
    next(steps)
    source.hear(sound[32_000:40_000])
    with ears.deaf():
        next(steps)
    for at in range(40_000, len(sound), 16_000):
        source.hear(sound[at : at + 16_000])
        next(steps)

    assert [seconds(detection.at) for detection in found] == [pytest.approx(3.7, abs=0.1)]


def test_lost_sound_is_counted_and_speech_right_after_it_is_no_word_alone() -> None:
    found: list[Detection] = []
    source = HandSource()
    source.hear(hiss(2.0, -75.0))
    source.hear(placed(0.4, hiss(2.0, -75.0), tail=0.05), skipped=8000)
    source.end()
    one = listener(source, found)

    one.listen()

    assert found == []
    assert one.counters.skipped == 8000


def test_silence_costs_no_window_and_talk_only_one_for_each_word_alone() -> None:
    found: list[Detection] = []
    one = listener(hand(np.concatenate([silence(3.0), talk(2.0), silence(1.0)]), live=False), found)

    one.listen()

    assert found == []
    assert one.counters.utterances == 1
    assert one.counters.windows == 0


def test_who_looks_on_sees_every_window_and_changes_no_detection() -> None:
    sound = placed(0.5, hiss(4.0, -75.0), word=2.0)
    found: list[Detection] = []
    seen: list[Scores] = []
    one = Listener(hand(sound), LevelClassifier(), Setup(), decisions(), found.append, look_on=seen.append)

    one.listen()

    assert len(found) == 1
    assert [scores.laid for scores in seen].count(True) == 1
    assert len(seen) > 5


def test_new_rules_are_taken_between_two_utterances() -> None:
    source = HandSource()
    found: list[Detection] = []
    one = Listener(source, LevelClassifier(), Setup(), decisions(), found.append)
    sound = placed(0.5, hiss(8.0, -75.0), one=2.0, two=5.0)
    steps = one.steps()

    for at in range(0, len(sound), 1600):
        if at == 35_200:  # in the middle of the first word
            one.follow_rules(decisions(Rule("stop", ())))
        source.hear(sound[at : at + 1600])
        next(steps)

    assert [round(seconds(detection.at), 1) for detection in found] == [2.5]


def test_a_lost_source_is_the_callers_affair() -> None:
    source = HandSource()
    source.lose(VoicegoError("the microphone is gone"))

    with pytest.raises(VoicegoError, match="gone"):
        listener(source, []).listen()


def test_windows_of_a_block_are_scored_together() -> None:
    classifier = LevelClassifier()
    sound = placed(0.3, hiss(12.0, -75.0), a=1.0, b=2.0, c=3.0, d=4.0, e=5.0)
    one = Listener(hand(sound, len(sound), live=False), classifier, Setup(), decisions(), lambda _: None)

    one.listen()

    assert classifier.batches == [5]
