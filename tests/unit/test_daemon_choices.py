"""What a person chooses here instead of in the rules file, on the supervisor with stand-ins."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.house import until
from tests.supervised import GO, House, began, left
from voicego.daemon.choices import Choices, applied, read, write
from voicego.errors import VoicegoError
from voicego.flow import Absence, Notify, Rule, Sensitivity, Setup, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TWO = replace(GO, rules=(*GO.rules, Rule("stop", (Notify("stopped"),), enabled=False)))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    one = began(folder=tmp_path, setup=TWO, rules=TWO)
    one.until("state", state=State.LISTENING)
    yield one
    left(one)


def kept(house: House) -> Choices:
    assert house.folder is not None
    return read(house.folder / "choices.json")


class TestChoices:
    def test_nothing_chosen_changes_nothing(self) -> None:
        assert applied(Choices(), TWO) == TWO

    def test_a_chosen_microphone_stands_before_those_of_the_file(self) -> None:
        setup = Setup(microphones=("Yeti", "default"))

        assert applied(Choices(microphone="default"), setup).microphones == ("default", "Yeti")
        assert applied(Choices(microphone="other"), setup).microphones == ("other", "Yeti", "default")

    def test_a_threshold_in_the_file_counts_more_than_a_chosen_sensitivity(self) -> None:
        own = Rule("go", (), threshold=0.9)
        changed = applied(Choices(sensitivities={"go": Sensitivity.LOWER}), Setup(rules=(own, Rule("stop", ()))))

        assert changed.rules[0] == own

    def test_absences_are_added_and_taken_away(self) -> None:
        setup = Setup(pause_while=(Absence.LOCKED,))

        assert applied(Choices(pause_while={Absence.CALL: True}), setup).pause_while == (Absence.LOCKED, Absence.CALL)
        assert applied(Choices(pause_while={Absence.LOCKED: False}), setup).pause_while == ()

    def test_they_come_back_as_they_were_kept(self, tmp_path: Path) -> None:
        choices = Choices(
            microphone="Yeti",
            sensitivity=Sensitivity.HIGHER,
            sensitivities={"go": Sensitivity.LOWER},
            off=("stop",),
            pause_while={Absence.CALL: True},
            paused_until=1000.5,
        )

        write(tmp_path / "choices.json", choices)

        assert read(tmp_path / "choices.json") == choices
        assert (tmp_path / "choices.json").stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[]",
            "{",
            '{"sensitivity": "loud"}',
            '{"off": 5}',
            '{"paused_until": "soon"}',
            '{"paused_until": 1e300}',
            '{"paused_until": Infinity}',
            "\xff",
        ],
    )
    def test_a_file_that_makes_no_sense_is_told_and_forgotten(
        self, tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "choices.json").write_bytes(text.encode("latin-1"))

        assert read(tmp_path / "choices.json") == Choices()
        assert "choices.json" in caplog.text

    def test_a_folder_that_cannot_be_written_is_told(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        write(tmp_path / "nowhere" / "choices.json", Choices(paused=True))

        assert "holds until voicego ends" in caplog.text


def test_a_chosen_microphone_is_heard_and_kept_and_given_back(house: House) -> None:
    chosen = house.daemon.choose_microphone("other")
    again = house.daemon.choose_microphone(None)

    assert (chosen.microphone, chosen.microphones_wanted) == ("other", ("other", "default"))
    assert chosen.choices["microphone"] == "other"
    assert (again.microphone, again.choices["microphone"]) == ("default", None)
    assert kept(house) == Choices()


def test_the_microphones_that_are_there_are_listed(house: House) -> None:
    found = house.daemon.microphones()

    assert found["microphones"] == [
        {"name": "other", "host_api": "ALSA", "default": False, "in_use": False},
        {"name": "default", "host_api": "ALSA", "default": False, "in_use": True},
    ]
    assert (found["chosen"], found["file"]) == (None, ["default"])


def test_a_chosen_sensitivity_holds_at_once_without_a_gap(house: House) -> None:
    lower = house.daemon.choose_sensitivity(Sensitivity.LOWER)
    house.say_go()  # 0.94 sure, where 0.99 is wanted
    higher = house.daemon.choose_sensitivity(Sensitivity.HIGHER, "go")
    house.say_go()
    house.until("detection", keyword="go")

    assert lower.sensitivity is Sensitivity.LOWER
    assert next((one.keyword, one.threshold, one.chosen) for one in higher.rule_states) == (
        "go",
        0.5,
        Sensitivity.HIGHER,
    )
    assert house.daemon.status().counters["detections"] == 1
    assert len(house.sources) == 1


def test_a_word_with_a_threshold_of_its_own_has_no_sensitivity(tmp_path: Path) -> None:
    own = Setup(rules=(Rule("go", (), threshold=0.9),))
    house = began(folder=tmp_path, setup=own, rules=own)
    house.until("state", state=State.LISTENING)

    with pytest.raises(VoicegoError, match="threshold of its own"):
        house.daemon.choose_sensitivity(Sensitivity.LOWER, "go")
    left(house)


def test_a_rule_is_switched_off_and_on_again(house: House) -> None:
    off = house.daemon.switch_rule("go", on=False)
    on = house.daemon.switch_rule("go", on=True)

    assert off.rules == ()
    assert [(one.keyword, one.enabled, one.in_file) for one in off.rule_states] == [
        ("go", False, True),
        ("stop", False, False),
    ]
    assert on.rules == ("go",)
    with pytest.raises(VoicegoError, match="switched off in the rules file"):
        house.daemon.switch_rule("stop", on=True)
    with pytest.raises(VoicegoError, match='no rule for "left"; there are: go, stop'):
        house.daemon.switch_rule("left", on=False)


def test_what_was_chosen_outlives_a_change_of_the_rules_and_a_restart(house: House, tmp_path: Path) -> None:
    house.daemon.choose_sensitivity(Sensitivity.LOWER)
    house.rules = replace(TWO, rules=(*TWO.rules, Rule("left", ())))
    after = house.daemon.reload()

    next_one = began(folder=tmp_path)
    next_one.until("state", state=State.LISTENING)
    assert after.sensitivity is Sensitivity.LOWER
    assert next_one.daemon.status().sensitivity is Sensitivity.LOWER
    left(next_one)


def test_a_pause_outlives_a_crash_and_ends_when_it_was_to_end(house: House, tmp_path: Path) -> None:
    house.daemon.pause(3600.0)

    next_one = began(folder=tmp_path, time=house.time + 60.0)
    next_one.until("state", state=State.PAUSED)
    until = next_one.daemon.status().paused_until
    next_one.time += 3600.0
    next_one.look_around(1.0)

    next_one.until("state", state=State.LISTENING)
    assert until == 4600.0
    assert kept(next_one) == Choices()
    left(next_one)


def test_a_pause_by_hand_outlives_a_restart_until_resumed(house: House, tmp_path: Path) -> None:
    house.daemon.pause()

    next_one = began(folder=tmp_path)
    next_one.until("state", state=State.PAUSED)

    assert next_one.daemon.status().pause_reasons == ("by hand",)
    assert next_one.daemon.resume().state is State.LISTENING
    left(next_one)


def test_it_pauses_while_nobody_means_it_and_only_then(house: House) -> None:
    house.daemon.choose_pause_while(Absence.CALL, on=True)
    [watch] = house.watches
    was_running = watch.running

    watch.tell(Absence.CALL, True)
    reason = house.until("state", state=State.PAUSED)["reason"]
    watch.tell(Absence.CALL, False)
    house.until("state", state=State.LISTENING)
    house.daemon.choose_pause_while(Absence.CALL, on=None)

    assert (watch.kinds, was_running, watch.running) == (frozenset({Absence.CALL}), True, False)
    assert reason == "in a call"


def test_who_resumes_in_a_call_means_it(house: House) -> None:
    house.daemon.choose_pause_while(Absence.CALL, on=True)
    house.watches[0].tell(Absence.CALL, True)
    house.until("state", state=State.PAUSED)

    assert house.daemon.resume().state is State.LISTENING


def test_a_pause_by_hand_stays_when_a_call_ends(house: House) -> None:
    house.daemon.choose_pause_while(Absence.CALL, on=True)
    house.watches[0].tell(Absence.CALL, True)
    house.until("state", state=State.PAUSED)

    both = house.daemon.pause()
    house.watches[0].tell(Absence.CALL, False)
    house.look_around(1.0)

    assert both.pause_reasons == ("in a call", "by hand")
    assert house.daemon.status().pause_reasons == ("by hand",)


def test_three_wrong_words_within_a_day_offer_a_lower_sensitivity(house: House, tmp_path: Path) -> None:
    for _ in range(3):
        house.say_go()
        found = house.until("detection")
        status = house.daemon.wrong(str(found["id"]))
        house.daemon.wrong(str(found["id"]))  # said twice, it counts once

    [offer] = status.offers
    assert (offer.keyword, offer.wrongs, offer.level) == ("go", 3, Sensitivity.LOWER)
    assert [one["wrong"] for one in status.recent] == [True, True, True]
    assert [line.split("\t")[1:] for line in (tmp_path / "wrong.tsv").read_text().splitlines()] == [["go", "0.940"]] * 3
    assert house.daemon.choose_sensitivity(Sensitivity.LOWER, "go").offers == ()
    later = began(folder=tmp_path)
    later.until("state", state=State.LISTENING)
    assert later.daemon.status().offers == ()
    left(later)


def test_wrong_words_of_another_day_offer_nothing(house: House) -> None:
    for _ in range(3):
        house.say_go()
        house.daemon.wrong(str(house.until("detection")["id"]))
        house.time += 50_000.0

    assert house.daemon.status().offers == ()


def test_the_last_five_detections_are_told_with_what_came_of_them(house: House) -> None:
    for _ in range(6):
        house.say_go()
        house.until("detection")

    recent = house.daemon.status().recent
    assert [one["id"] for one in recent] == ["d6", "d5", "d4", "d3", "d2"]
    assert recent[0]["actions"] == [{"action": "noted", "outcome": "ok", "detail": "", "seconds": 0.0}]
    with pytest.raises(VoicegoError, match='no detection "d1" among the last 5'):
        house.daemon.wrong("d1")


def test_a_recording_is_heard_by_its_rules_file_alone() -> None:
    house = began(live=False)
    house.until("state", state=State.LISTENING)

    with pytest.raises(VoicegoError, match="rules file alone"):
        house.daemon.choose_sensitivity(Sensitivity.LOWER)
    left(house)


def test_the_file_holds_nothing_but_what_was_chosen(house: House, tmp_path: Path) -> None:
    house.daemon.switch_rule("go", on=False)

    assert set(json.loads((tmp_path / "choices.json").read_text())) == {
        "microphone",
        "sensitivity",
        "sensitivities",
        "off",
        "pause_while",
        "paused",
        "paused_until",
    }


def test_a_choice_made_while_new_rules_load_their_model_does_not_lose_them(house: House) -> None:
    house.holding.clear()
    house.rules = replace(TWO, model="other")
    house.daemon.reload()

    house.daemon.choose_sensitivity(Sensitivity.LOWER)
    house.holding.set()
    until(lambda: house.daemon.status().model == "other", "the model of the new rules")

    assert house.daemon.status().sensitivity is Sensitivity.LOWER


def test_what_looks_on_goes_on_while_another_is_added(house: House) -> None:
    house.daemon.choose_pause_while(Absence.CALL, on=True)
    house.watches[0].tell(Absence.CALL, True)
    house.until("state", state=State.PAUSED)

    house.daemon.choose_pause_while(Absence.LOCKED, on=True)
    house.watches[0].tell(Absence.CALL, False)
    house.until("state", state=State.LISTENING)

    assert [(watch.kinds, watch.running) for watch in house.watches] == [
        (frozenset({Absence.CALL}), True),
        (frozenset({Absence.LOCKED}), True),
    ]


def test_a_last_word_of_what_looked_on_pauses_nothing(house: House) -> None:
    house.daemon.choose_pause_while(Absence.LOCKED, on=True)
    house.daemon.choose_pause_while(Absence.LOCKED, on=False)

    house.watches[0].tell(Absence.LOCKED, True)
    house.look_around(1.0)

    assert house.daemon.status().state is State.LISTENING


def test_a_choice_for_a_word_that_has_no_rule_can_be_taken_back_and_not_made(house: House) -> None:
    house.daemon.choose_sensitivity(Sensitivity.LOWER, "go")
    house.rules = replace(TWO, rules=(Rule("stop", ()),))
    house.daemon.reload()

    taken_back = house.daemon.choose_sensitivity(None, "go")

    assert taken_back.choices["sensitivities"] == {}
    with pytest.raises(VoicegoError, match='no rule for "goo"'):
        house.daemon.choose_sensitivity(None, "goo")


def test_a_microphone_that_is_chosen_while_another_is_being_opened_is_the_one_that_is_heard(tmp_path: Path) -> None:
    hanging = threading.Event()
    house = began(folder=tmp_path, hanging=hanging)
    house.until("state", state=State.RECONNECTING)
    house.hanging = None

    chosen = house.daemon.choose_microphone("other")
    hanging.set()
    until(lambda: house.sources[0].closed, "the end of the one that nobody wants any more")
    house.look_around()

    assert (chosen.state, chosen.microphone) == (State.LISTENING, "other")
    assert house.daemon.status().microphone == "other"
    assert len(house.sources) == 2
    left(house)
