"""The supervisor, with stand-ins for everything that it watches over."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from tests.house import until
from tests.supervised import GO, WAIT_S, House, began, broken, left
from voicego.errors import Exit, RulesError, VoicegoError
from voicego.flow import ConfirmWith, Rule, Sensitivity, State

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def house() -> Iterator[House]:
    one = House()
    one.thread.start()
    yield one
    one.daemon.ask_to_stop()
    assert one.ends() is not None


def test_a_word_reaches_its_rule_and_the_status_tells_of_it(house: House) -> None:
    house.until("state", state=State.LISTENING)

    house.say_go()
    house.until("detection", keyword="go")

    [(detection, rule)] = house.actor.offered
    status = house.daemon.status()
    assert (detection.keyword, rule) == ("go", GO.rules[0])
    assert status.state is State.LISTENING
    assert status.counters["detections"] == 1
    assert status.last_detection is not None
    assert status.last_detection["keyword"] == "go"


def test_pause_closes_the_microphone_and_resume_opens_it(house: House) -> None:
    house.until("state", state=State.LISTENING)

    paused = house.daemon.pause()
    resumed = house.daemon.resume()

    assert paused.state is State.PAUSED
    assert paused.microphone == ""
    assert house.sources[0].closed >= 1
    assert resumed.state is State.LISTENING
    assert len(house.sources) == 2


def test_what_was_counted_stays_in_the_status_while_the_microphone_is_being_closed(house: House) -> None:
    house.until("state", state=State.LISTENING)
    house.say_go()
    house.until("detection", keyword="go")
    closing, closed = threading.Event(), threading.Event()
    close = house.sources[0].close

    def close_slowly() -> None:
        closing.set()
        closed.wait(WAIT_S)
        close()

    house.sources[0].close = close_slowly  # type: ignore[method-assign]
    house.daemon.ask_to_pause(None)
    closing.wait(WAIT_S)
    meanwhile = house.daemon.status()
    closed.set()
    house.until("state", state=State.PAUSED)

    assert meanwhile.counters["utterances"] == 1
    assert house.daemon.status().counters["utterances"] == 1


def test_a_pause_for_a_while_ends_by_itself(house: House) -> None:
    house.until("state", state=State.LISTENING)

    paused = house.daemon.pause(60.0)
    house.time += 61.0
    house.daemon.pause(0.001)  # any change makes the supervisor look at its clock

    assert paused.paused_until == 1060.0
    house.time += 1.0
    house.until("state", state=State.LISTENING)


def test_an_action_that_pauses_pauses(house: House) -> None:
    house.until("state", state=State.LISTENING)

    house.daemon.ask_to_pause(None)

    house.until("state", state=State.PAUSED)


def test_new_rules_go_on_with_the_same_microphone_and_model(house: House) -> None:
    house.until("state", state=State.LISTENING)

    house.rules = replace(GO, rules=(*GO.rules, Rule("stop", ())))
    status = house.daemon.reload()

    assert status.rules == ("go", "stop")
    assert len(house.sources) == 1
    assert len(house.loads) == 1
    assert house.kept == 1


def test_a_changed_sensitivity_goes_on_with_the_same_microphone_and_model() -> None:
    house = began(setup=replace(GO, sensitivity=Sensitivity.LOWER))
    house.until("state", state=State.LISTENING)

    house.daemon.reload()
    house.say_go()
    house.until("detection", keyword="go")  # at the lower sensitivity it would not come

    assert (len(house.sources), len(house.loads), house.kept) == (1, 1, 1)
    house.daemon.ask_to_stop()
    assert house.ends() is Exit.OK


def test_a_changed_microphone_is_opened_and_the_old_one_closed(house: House) -> None:
    house.until("state", state=State.LISTENING)

    house.rules = replace(GO, microphones=("other",))
    status = house.daemon.reload()

    assert status.microphone == "other"
    assert house.sources[0].closed >= 1


def test_a_changed_model_is_loaded_while_the_old_one_listens_and_stays_if_that_fails(house: House) -> None:
    house.until("state", state=State.LISTENING)

    house.model = VoicegoError("the model other cannot be loaded")
    house.rules = replace(GO, model="other")
    house.daemon.reload()
    house.until("config error")

    status = house.daemon.status()
    assert status.state is State.LISTENING
    assert status.model == "embedded"
    assert "other cannot be loaded" in status.config_error
    assert len(house.sources) == 1


def test_a_broken_edit_leaves_the_last_good_rules_and_shows(house: House) -> None:
    house.until("state", state=State.LISTENING)

    house.rules = broken('no keyword "goo"')
    with pytest.raises(RulesError, match="goo"):
        house.daemon.reload()

    assert house.daemon.status().rules == ("go",)
    assert 'voicego.yaml:3:1: no keyword "goo"' in house.daemon.status().config_error
    house.rules = GO
    assert house.daemon.reload().config_error == ""


def test_a_missing_microphone_is_waited_for() -> None:
    house = began(refuses=VoicegoError("there is no microphone"))

    reason = house.until("state", state=State.RECONNECTING)["reason"]
    house.refuses = None
    house.time += 5.0
    house.daemon.ask_to_reload()
    house.until("state", state=State.LISTENING)

    assert reason == "there is no microphone"
    house.daemon.ask_to_stop()
    assert house.ends() is Exit.OK


def test_a_microphone_that_will_not_come_ends_it_with_an_error() -> None:
    house = began(refuses=VoicegoError('"mic" means several microphones'), waits=False)

    assert house.ends() is Exit.FAILED


def test_a_lost_microphone_shows_and_is_opened_again(house: House) -> None:
    house.until("state", state=State.LISTENING)

    house.sources[0].lose(VoicegoError("the microphone fell silent"))
    house.until("state", state=State.RECONNECTING)
    house.time += 5.0
    house.daemon.ask_to_reload()

    house.until("state", state=State.LISTENING)
    assert house.daemon.status().counters["reconnects"] == 1


def test_a_surprise_in_the_listener_is_a_loss_and_not_the_end(house: House) -> None:
    house.until("state", state=State.LISTENING)

    house.sources[0].lose(cast("VoicegoError", ZeroDivisionError("surprise")))

    assert "ZeroDivisionError" in str(house.until("state", state=State.RECONNECTING)["reason"])


def test_without_rules_that_work_it_waits_in_config_error_for_them() -> None:
    house = began(setup=None, config_error="voicego.yaml:1:1: empty", rules=broken())

    while house.daemon.status().state is State.STARTING:
        pass
    assert house.daemon.status().state is State.CONFIG_ERROR
    house.rules = GO
    house.daemon.ask_to_reload()
    house.until("state", state=State.LISTENING)

    assert house.daemon.status().config_error == ""
    house.daemon.ask_to_stop()
    assert house.ends() is Exit.OK


def test_a_recording_ends_the_daemon_after_its_actions_and_a_lost_one_with_an_error() -> None:
    whole = began(live=False)
    whole.until("state", state=State.LISTENING)
    whole.say_go()
    whole.sources[0].end()
    assert whole.ends() is Exit.OK
    assert [one.split()[0] for one in whole.actor.done] == ["start", "drain", "stop"]

    torn = began(live=False)
    torn.until("state", state=State.LISTENING)
    torn.sources[0].lose(VoicegoError("the file is damaged"))
    assert torn.ends() is Exit.FAILED


def test_a_model_that_cannot_be_loaded_ends_it_only_where_somebody_looks_on() -> None:
    seen = began(model=VoicegoError("the model is damaged"), patient=False)
    assert seen.ends() is Exit.FAILED

    service = began(model=VoicegoError("the model is damaged"))
    assert service.until("state", state=State.FAILED)["reason"] == "the model is damaged"
    service.daemon.ask_to_stop()
    assert service.ends() is Exit.OK


def test_do_carries_out_a_rule_and_names_the_rules_there_are(house: House) -> None:
    house.until("state", state=State.LISTENING)

    house.daemon.do("go")

    assert "do go" in house.actor.done
    with pytest.raises(VoicegoError, match='no active rule for "stop"; there are: go'):
        house.daemon.do("stop")


def test_a_chime_sounds_only_where_it_is_wanted() -> None:
    house = began(setup=replace(GO, chime=True))
    house.until("state", state=State.LISTENING)

    house.say_go()
    house.until("detection")
    house.daemon.ask_to_stop()
    house.ends()

    assert house.actor.chimes == 1


def test_stop_stops_upstream_first_and_answers(house: House) -> None:
    house.until("state", state=State.LISTENING)

    status = house.daemon.stop()

    assert status.state is State.STOPPED
    assert house.ends() is Exit.OK
    assert house.sources[0].closed >= 1
    assert house.actor.done[-1].startswith("stop")


CONFIRMED = replace(GO, confirm_with=ConfirmWith("big"))


def test_a_word_reaches_its_rule_when_the_big_model_agrees() -> None:
    house = began(setup=CONFIRMED)
    house.until("state", state=State.LISTENING)

    house.say_go()
    house.until("detection", keyword="go", confirmed=1.0)

    counters = house.daemon.status().counters
    assert len(house.actor.offered) == 1
    assert (counters["detections"], counters["confirmed"], counters["refused"]) == (1, 1, 0)
    left(house)
    assert house.bigs[0].ends == 1


def test_a_word_that_the_big_model_refuses_does_nothing_but_show() -> None:
    house = began(setup=CONFIRMED, big_says=0.2)
    house.until("state", state=State.LISTENING)

    house.say_go()
    told = house.until("not confirmed", keyword="go", outcome="refused")

    status = house.daemon.status()
    assert house.actor.offered == []
    assert (status.counters["detections"], status.counters["refused"]) == (0, 1)
    assert told["why"] == "the confirming model says 0.20 where 0.50 is wanted"
    assert status.confirming is not None
    assert (status.confirming["model"], status.confirming["state"]) == ("big", "ready")
    left(house)


def test_without_its_big_model_it_does_nothing_and_says_why() -> None:
    house = began(setup=CONFIRMED, refuses_big="Cannot allocate memory")
    house.until("state", state=State.LISTENING)

    house.say_go()
    house.until("not confirmed", keyword="go", outcome="not_asked")

    status = house.daemon.status()
    assert house.actor.offered == []
    assert status.state is State.LISTENING
    assert status.confirming is not None
    assert status.confirming["state"] == "failed"
    assert "Cannot allocate memory" in status.confirming["reason"]
    left(house)


def test_the_big_model_stays_while_rules_change_and_goes_with_its_key() -> None:
    house = began(setup=CONFIRMED)
    house.until("state", state=State.LISTENING)
    house.say_go()
    house.until("detection", keyword="go")

    house.rules = replace(CONFIRMED, rules=(Rule("stop", ()),), microphones=("another",))
    house.daemon.reload()
    assert [big.ends for big in house.bigs] == [0]

    house.rules = GO
    house.daemon.reload()
    assert [big.ends for big in house.bigs] == [1]
    assert house.daemon.status().confirming is None
    left(house)


def test_the_last_word_of_a_recording_is_waited_for() -> None:
    house = began(setup=CONFIRMED, live=False)
    house.until("state", state=State.LISTENING)

    house.say_go()
    house.sources[-1].end()

    assert house.ends() is Exit.OK
    assert len(house.actor.offered) == 1


def test_a_word_that_no_rule_has_is_passed_on_only_while_a_rule_asks() -> None:
    house = began(setup=replace(GO, rules=(Rule("go", (), ask="stop"),)), answers=("stop",), loud="stop")
    house.until("state", state=State.LISTENING)

    house.say_go()  # the stand-in for the model hears "stop"
    house.look_around(1.0)
    nobody_asked = list(house.actor.offered)
    house.actor.asks = True
    house.say_go()
    house.until("detection", keyword="stop")

    assert nobody_asked == []
    assert [(detection.keyword, rule) for detection, rule in house.actor.offered] == [("stop", None)]
    left(house)


@pytest.mark.parametrize("try_again", ["reload", "resume"])
def test_a_model_that_could_not_be_loaded_is_tried_again_when_asked(try_again: str) -> None:
    house = began(model=VoicegoError("the model is damaged"))
    house.until("state", state=State.FAILED)

    house.model = None
    getattr(house.daemon, try_again)()

    house.until("state", state=State.LISTENING)
    assert house.daemon.status().reason == ""
    left(house)


def test_rules_that_are_taken_back_while_their_model_loads_stay_taken_back(house: House) -> None:
    house.until("state", state=State.LISTENING)
    house.holding.clear()
    house.rules = replace(GO, model="other")
    house.daemon.reload()

    house.rules = GO
    house.daemon.reload()
    house.holding.set()
    until(lambda: len(house.models) == 2, "the model that nobody wants any more")
    house.look_around()

    assert house.daemon.status().model == "embedded"


def test_a_model_is_loaded_once_however_often_its_rules_change_meanwhile(house: House) -> None:
    house.until("state", state=State.LISTENING)
    house.holding.clear()
    for word in ("left", "right", "up"):
        house.rules = replace(GO, model="other", rules=(*GO.rules, Rule(word, ())))
        house.daemon.reload()

    house.holding.set()
    until(lambda: house.daemon.status().model == "other", "the model of the new rules")

    assert house.daemon.status().rules == ("go", "up")
    assert [setup.model for setup in house.loads] == ["embedded", "other"]


def test_what_is_confirmed_after_a_pause_began_is_not_acted_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    house = began(setup=CONFIRMED, big_says=None)
    house.until("state", state=State.LISTENING)
    house.say_go()
    until(lambda: house.bigs, "the big model")
    house.bigs[0].load()
    until(lambda: house.bigs[0].asked, "the candidate")

    house.daemon.pause()
    house.bigs[0].answer(1.0)
    until(lambda: "voicego is paused by now" in caplog.text, "the word that came too late")

    assert house.actor.offered == []
    left(house)


def test_who_is_told_to_stop_waits_no_longer_for_the_actions_of_a_recording() -> None:
    house = House(live=False)
    waits: list[float] = []

    def drain(timeout_s: float) -> bool:
        waits.append(timeout_s)
        if len(waits) == 2:
            house.daemon.ask_to_stop()
        return False

    house.actor.drain = drain  # type: ignore[method-assign]
    house.thread.start()
    house.until("state", state=State.LISTENING)
    house.sources[0].end()

    assert house.ends() is Exit.OK
    assert waits == [1.0, 1.0]
