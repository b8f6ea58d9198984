"""How the supervisor watches over hearing, and what it tells of it: with stand-ins, and a clock that a test moves."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pytest

from tests.house import until
from tests.sounds import hiss, placed
from tests.supervised import GO, WAIT_S, House, began, broken, left
from voicego.daemon.manager import Manager
from voicego.daemon.watching import Passage, Restarts, Tries, boot_clock
from voicego.errors import Exit, RulesError, VoicegoError
from voicego.flow import Notice, Rule, State
from voicego.hearing.choosing import SoundSystemHangs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def house() -> Iterator[House]:
    one = began()
    one.until("state", state=State.LISTENING)
    yield one
    left(one)


class TestClocks:
    def test_tries_come_less_and_less_often_and_soon_again_after_one_that_worked(self) -> None:
        tries = Tries(lambda: 100.0)
        pauses = []
        for _ in range(7):
            tries.failed()
            assert tries.at is not None
            pauses.append(tries.at - 100.0)
        tries.worked()
        tries.failed()

        assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
        assert tries.at == 100.5

    def test_the_fourth_restart_within_ten_minutes_is_one_too_many(self) -> None:
        now = [0.0]
        restarts = Restarts(lambda: now[0])

        assert [restarts.another() for _ in range(4)] == [True, True, True, False]
        now[0] = 700.0
        assert restarts.another()

    def test_sleep_is_what_the_outside_clock_has_more(self) -> None:
        inside, outside = [0.0], [0.0]
        passage = Passage(lambda: inside[0], lambda: outside[0])

        inside[0], outside[0] = 1.0, 1.0
        assert passage.look() == (1.0, 0.0)
        inside[0], outside[0] = 2.0, 3602.0
        assert passage.look() == (1.0, 3600.0)
        inside[0], outside[0] = 32.0, 3632.0  # stopped, not asleep
        assert passage.look() == (30.0, 0.0)

    def test_on_windows_a_long_round_is_sleep_and_a_slow_microphone_is_none(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("voicego.daemon.watching.sys.platform", "win32")
        now = [0.0]
        passage = Passage(lambda: now[0], lambda: now[0])

        now[0] = 4.0
        assert passage.look() == (4.0, 0.0)
        now[0] = 3604.0
        assert passage.look() == (3600.0, 3600.0)

    def test_a_clock_that_is_set_is_no_sleep(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr("time.CLOCK_BOOTTIME", raising=False)  # as on macOS
        monkeypatch.setattr("time.time", lambda: 5_000_000_000.0)

        assert boot_clock() < 4_000_000_000.0


def test_a_model_that_stands_still_is_given_up_and_loaded_again() -> None:
    stuck = threading.Event()
    stuck.set()
    house = began(stuck=stuck)
    house.until("state", state=State.LISTENING)

    house.say_go()
    house.until_scoring()
    stuck.clear()
    house.look_around(6.0, heard=False)
    house.until("state", state=State.LISTENING)
    house.say_go()
    house.until("detection", keyword="go")

    counters = house.daemon.status().counters
    assert (counters["restarts"], counters["detections"], len(house.loads)) == (1, 1, 2)
    house.free()
    left(house)


def test_what_a_given_up_listener_finds_late_does_nothing() -> None:
    stuck = threading.Event()
    stuck.set()
    house = began(stuck=stuck)
    house.until("state", state=State.LISTENING)
    house.say_go()
    house.until_scoring()
    stuck.clear()
    house.look_around(6.0, heard=False)
    house.until("state", state=State.LISTENING)

    house.free()
    for thread in threading.enumerate():
        if thread.name == "voicego-listener" and thread is not house.listener_thread:
            thread.join(WAIT_S)

    assert house.actor.offered == []
    left(house)


def test_a_model_that_stands_still_again_and_again_fails_and_starves_the_watchdog(tmp_path: Path) -> None:
    with notify_socket(tmp_path) as told:
        stuck = threading.Event()
        stuck.set()
        house = began(stuck=stuck, manager=told.manager)
        for _ in range(4):
            house.until("state", state=State.LISTENING)
            house.say_go()
            house.until_scoring()
            house.look_around(6.0, heard=False)

        reason = house.until("state", state=State.FAILED)["reason"]
        restarts = house.daemon.status().counters["restarts"]
        told.all()
        house.look_around(30.0)
        after = told.all()
        stuck.clear()
        resumed = house.daemon.resume()
        house.until("state", state=State.LISTENING)

        assert "stood still 4 times within 10 minutes" in str(reason)
        assert restarts == 3
        assert "WATCHDOG=1" not in after
        assert resumed.state in {State.LOADING, State.LISTENING}
        house.free()
        left(house)


def test_a_process_that_was_stopped_for_a_while_blames_nobody(house: House) -> None:
    house.time += 30.0

    house.look_around(heard=False)

    assert house.daemon.status().counters["restarts"] == 0
    assert len(house.sources) == 1


def test_after_sleep_it_listens_anew(house: House) -> None:
    house.slept += 3600.0

    house.look_around(1.0)

    assert house.daemon.status().state is State.LISTENING
    assert len(house.sources) == 2
    assert house.sources[0].closed >= 1


def test_a_preferred_microphone_is_taken_back_when_it_returns(house: House) -> None:
    house.look_around(11.0)
    before = len(house.sources)
    house.better = True
    house.look_around(11.0)
    until(lambda: len(house.sources) == 2, "the change")
    house.better = False

    assert before == 1
    assert house.daemon.status().counters["reconnects"] == 0


def test_a_microphone_that_was_asked_for_and_is_not_there_leaves_the_old_one_in_reserve(house: House) -> None:
    house.missing = ("Yeti",)
    house.rules = replace(GO, microphones=("Yeti",))

    status = house.daemon.reload()
    stays = status.notices
    house.missing = ()
    house.better = True
    house.look_around(11.0)
    until(lambda: house.daemon.status().microphone == "Yeti", "the microphone that was asked for")
    house.better = False

    assert house.wanted[1] == ("Yeti", "default")
    assert (status.microphone, status.state) == ("default", State.LISTENING)
    assert stays == ('there is no microphone "Yeti"; default is heard until it comes',)
    assert house.daemon.status().notices == ()


def test_opening_that_hangs_holds_up_nobody() -> None:
    hanging = threading.Event()
    house = began(hanging=hanging)
    house.until("state", state=State.RECONNECTING)

    said = house.daemon.status().reason
    house.look_around(11.0, heard=False)
    hung = house.daemon.status().reason
    paused = house.daemon.pause()
    hanging.set()
    until(lambda: house.sources[0].closed, "the change")
    house.hanging = None
    resumed = house.daemon.resume()

    assert said == "opening the microphone"
    assert hung == "the sound system has not answered for 11 s; waiting for it"
    assert paused.state is State.PAUSED
    assert resumed.state is State.LISTENING
    assert len(house.sources) == 2
    left(house)


def test_a_surprise_while_opening_is_a_sentence() -> None:
    house = began(refuses=ZeroDivisionError("surprise"))

    assert "opening failed (ZeroDivisionError)" in str(house.until("state", state=State.RECONNECTING)["reason"])
    left(house)


def test_a_changed_model_is_heard_without_closing_the_microphone(house: House) -> None:
    house.rules = replace(GO, model="other")

    house.daemon.reload()
    until(lambda: len(house.loads) == 2 and house.daemon.status().model == "other", "the change")
    house.say_go()
    house.until("detection", keyword="go")

    assert len(house.sources) == 1


def test_a_notice_shows_while_it_holds(house: House, caplog: pytest.LogCaptureFixture) -> None:
    muted = Notice("silence", "the microphone is muted")

    house.daemon.note(muted)
    house.daemon.note(muted)
    held = house.daemon.status().notices
    house.daemon.note(replace(muted, holds=False))
    house.daemon.note(replace(muted, holds=False))

    assert held == ("the microphone is muted",)
    assert house.daemon.status().notices == ()
    assert caplog.text.count("the microphone is muted") == 1
    assert house.until("notice", holds=False)["text"] == "the microphone is muted"


def test_broken_rules_are_told_after_ten_seconds_and_their_mending_too(house: House) -> None:
    house.rules = broken('no keyword "goo"')
    with pytest.raises(RulesError):
        house.daemon.reload()
    house.look_around(9.0)
    early = list(house.actor.told)
    house.look_around(2.0)
    house.rules = GO
    house.daemon.reload()

    assert early == []
    assert [text.split(".")[0] for text in house.actor.told] == [
        "The rules are broken, the last good ones stay in use",
        "The rules work again",
    ]
    assert 'voicego.yaml:3:1: no keyword "goo"' in house.actor.told[0]


def test_rules_that_are_mended_at_once_are_not_told_of(house: House) -> None:
    house.rules = broken()
    with pytest.raises(RulesError):
        house.daemon.reload()
    house.look_around(5.0)
    house.rules = replace(GO, rules=(Rule("stop", ()),))
    house.daemon.reload()
    house.look_around(10.0)

    assert house.actor.told == []


def test_levels_and_scores_are_told_to_those_who_ask_and_only_then(house: House) -> None:
    seen: list[dict[str, object]] = []
    plain: list[dict[str, object]] = []
    house.daemon.subscribe(plain.append)
    end = house.daemon.subscribe(seen.append, levels=True, scores=True)
    house.look_around(1.0)

    house.time += 1.0
    house.say_go()
    house.until("detection", keyword="go")
    end()
    house.look_around(1.0)
    house.time += 1.0
    after = len(seen)
    house.sources[-1].hear(hiss(0.5, -40.0))
    house.look_around(1.0)

    scores = [one for one in seen if one["event"] == "scores"]
    levels = [one for one in seen if one["event"] == "level"]
    assert levels
    assert {"level_db", "gate"} <= levels[0].keys()
    assert any(one["laid"] for one in scores)
    assert len(scores) > 1  # windows slide while somebody looks on
    assert scores[0]["thresholds"] == {"go": 0.7}
    assert {one["event"] for one in plain} == {"detection", "action"}
    assert len(seen) == after


def test_the_level_of_the_sound_is_in_the_status(house: House) -> None:
    house.sources[-1].hear(np.tile(np.array([0.1, -0.1], np.float32), 800))
    house.look_around(1.0)

    assert house.daemon.status().level_db == pytest.approx(-20.0, abs=0.1)


def test_a_slow_listener_skips_windows_in_running_speech_and_never_words_said_alone() -> None:
    house = began(setup=replace(GO, rules=(replace(GO.rules[0], isolated=False), Rule("stop", ()))))
    house.until("state", state=State.LISTENING)
    talk = {f"syllable{k}": 1.5 + 0.3 * k for k in range(8)}
    sound = placed(0.2, hiss(5.0, -75.0), **talk)

    house.sources[-1].hear(sound[:24_000])
    for at in range(24_000, len(sound), 16_000):  # as it comes to who was held up
        house.sources[-1].hear(sound[at : at + 16_000])
    until(lambda: house.daemon.status().counters["windows_skipped"] > 0, "the change")

    left(house)


class Told:
    """A service manager's end of the socket."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)
        self.manager = Manager({"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "30000000"}, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def all(self) -> list[str]:
        """Take what was said since the last call."""
        found = []
        while True:
            try:
                found.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return found


def notify_socket(folder: Path) -> Told:
    return Told(folder / "notify")


class TestManager:
    def test_it_is_told_of_the_start_the_state_each_round_and_the_end(self, tmp_path: Path) -> None:
        with notify_socket(tmp_path) as told:
            house = began(manager=told.manager)
            house.until("state", state=State.LISTENING)
            house.look_around(1.0)
            house.look_around(1.0)
            said = told.all()
            left(house)

            assert said.count("READY=1") == 1
            assert "STATUS=listening" in said
            assert said.index("STATUS=listening") < said.index("READY=1")
            assert "WATCHDOG=1" in said[said.index("READY=1") :]
            assert told.all()[-1] == "STOPPING=1"

    @pytest.mark.parametrize("state", [State.PAUSED, State.RECONNECTING, State.CONFIG_ERROR])
    def test_who_waits_for_good_reasons_is_alive(self, tmp_path: Path, state: State) -> None:
        with notify_socket(tmp_path) as told:
            away = VoicegoError("there is no microphone") if state is State.RECONNECTING else None
            rules = None if state is State.CONFIG_ERROR else GO
            house = began(manager=told.manager, refuses=away, setup=rules, config_error="" if rules else "broken")
            if state is State.PAUSED:
                house.daemon.pause()
            until(lambda: house.daemon.status().state is state, "the change")
            told.all()
            house.look_around(3.0, heard=False)

            assert told.all().count("WATCHDOG=1") >= 3
            left(house)

    def test_nobody_is_told_where_nobody_asks(self) -> None:
        silent = Manager({}, 0)
        silent.ready()
        silent.alive()

        assert silent.watchdog_s is None

    def test_a_watchdog_meant_for_another_process_is_not_ours(self) -> None:
        environ = {"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "5"}

        assert Manager(environ, 6).watchdog_s is None
        assert Manager(environ, 5).watchdog_s == 1.0

    def test_a_manager_that_has_gone_is_no_failure(self, tmp_path: Path) -> None:
        Manager({"NOTIFY_SOCKET": str(tmp_path / "gone")}, 0).ready()


def test_a_sound_system_that_holds_it_up_for_good_makes_the_process_begin_anew(tmp_path: Path) -> None:
    with notify_socket(tmp_path) as told:
        house = began(refuses=SoundSystemHangs("an earlier call still waits"), may_begin=True, manager=told.manager)
        house.until("state", state=State.RECONNECTING)

        house.look_around(8.0, heard=False)
        early = house.daemon.again
        house.time += 5.0  # and the next try is refused as well
        ended = house.ends()

        assert (early, house.daemon.again, ended) == (False, True, Exit.OK)
        assert "STOPPING=1" not in told.all()


def test_a_sound_system_that_comes_back_in_time_ends_nothing() -> None:
    house = began(refuses=SoundSystemHangs("an earlier call still waits"), may_begin=True)
    house.until("state", state=State.RECONNECTING)
    house.look_around(8.0, heard=False)

    house.refuses = None
    house.look_around(8.0, heard=False)
    house.until("state", state=State.LISTENING)

    assert not house.daemon.again
    left(house)


def test_a_process_that_began_anew_too_often_fails_and_starves_the_watchdog(tmp_path: Path) -> None:
    with notify_socket(tmp_path) as told:
        house = began(refuses=SoundSystemHangs("an earlier call still waits"), manager=told.manager)
        house.until("state", state=State.RECONNECTING)

        house.look_around(12.0, heard=False)
        reason = house.until("state", state=State.FAILED)["reason"]
        told.all()
        house.look_around(2.0, heard=False)

        assert "again and again" in str(reason)
        assert "WATCHDOG=1" not in told.all()
        left(house)


def test_a_microphone_that_was_opened_and_cannot_be_listened_to_is_closed_and_opened_again(house: House) -> None:
    house.daemon.pause()
    house.undecided = VoicegoError("the model has gone")

    refused = house.daemon.resume()
    closed = house.sources[-1].closed
    house.undecided = None
    house.look_around(1.0, heard=False)

    assert (refused.state, refused.reason, closed) == (State.RECONNECTING, "the model has gone", 1)
    assert house.daemon.status().state is State.LISTENING
    assert house.sources[-1].closed == 0


def test_a_surprise_closes_what_was_opened_and_does_not_end_the_daemon(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.undecided = ZeroDivisionError("surprise")
    house.daemon.ask_to_reload()
    house.sources[-1].lose(VoicegoError("the microphone fell silent"))
    house.until("state", state=State.RECONNECTING)
    house.look_around(2.0, heard=False)
    closed = [source.closed > 0 for source in house.sources]
    house.undecided = None
    house.look_around(11.0, heard=False)

    assert len(closed) > 1
    assert all(closed)
    assert "the supervisor met a surprise and goes on" in caplog.text
    assert house.daemon.status().state is State.LISTENING


def test_a_recording_may_wait_longer_than_a_microphone() -> None:
    house = began(live=False)
    house.until("state", state=State.LISTENING)

    house.look_around(10.0, heard=False)

    assert house.daemon.status().counters["restarts"] == 0
    assert len(house.sources) == 1
    left(house)


def test_a_sound_system_that_answers_after_it_was_given_up_is_heard(tmp_path: Path) -> None:
    with notify_socket(tmp_path) as told:
        house = began(refuses=SoundSystemHangs("an earlier call still waits"), manager=told.manager)
        house.until("state", state=State.RECONNECTING)
        house.look_around(12.0, heard=False)
        house.until("state", state=State.FAILED)

        house.look_around(60.0, heard=False)
        tries = len(house.sources)
        house.look_around(20.0, heard=False)
        later = len(house.sources) - tries
        house.refuses = None
        house.look_around(11.0, heard=False)
        house.until("state", state=State.LISTENING)
        told.all()
        house.look_around(1.0)

        assert house.daemon.status().reason == ""
        assert 1 <= later <= 3
        assert "WATCHDOG=1" in told.all()
        left(house)


def test_an_opening_that_comes_back_after_it_was_given_up_is_heard() -> None:
    hanging = threading.Event()
    house = began(hanging=hanging)
    house.until("state", state=State.RECONNECTING)
    house.look_around(31.0, heard=False)
    house.until("state", state=State.FAILED)

    hanging.set()

    house.until("state", state=State.LISTENING)
    assert house.daemon.status().reason == ""
    left(house)


def test_a_process_that_was_stopped_while_opening_blames_nobody() -> None:
    hanging = threading.Event()
    house = began(hanging=hanging, may_begin=True)
    house.until("state", state=State.RECONNECTING)

    house.time += 60.0
    house.look_around(heard=False)
    hanging.set()

    house.until("state", state=State.LISTENING)
    assert not house.daemon.again
    left(house)


def test_who_is_told_to_stop_does_not_begin_anew() -> None:
    house = began(refuses=SoundSystemHangs("an earlier call still waits"), may_begin=True)
    house.until("state", state=State.RECONNECTING)
    house.look_around(8.0, heard=False)
    house.time += 5.0
    house.ends()
    before = house.daemon.again

    house.daemon.ask_to_stop()

    assert (before, house.daemon.again) == (True, False)


def test_where_there_are_no_good_rules_none_are_said_to_stand_in() -> None:
    house = began(setup=None, config_error="voicego.yaml:1:1: empty", rules=broken())

    house.look_around(11.0, heard=False)

    assert house.actor.told == ["The rules are broken, voicego waits until they are mended. voicego.yaml:1:1: empty"]
    left(house)


def test_the_old_microphone_stands_in_too_when_the_model_changes_with_it(house: House) -> None:
    house.missing = ("Yeti",)
    house.rules = replace(GO, microphones=("Yeti",), model="other")

    house.daemon.reload()
    until(lambda: house.daemon.status().model == "other", "the change")
    house.look_around()

    assert house.wanted[-1] == ("Yeti", "default")
    assert house.daemon.status().microphone == "default"


def loads_for_ever(**options: Any) -> House:  # noqa: ANN401 -- the fields of House
    house = House(**options)
    house.holding.clear()
    house.thread.start()
    until(lambda: house.loads, "loading")
    house.look_around()
    return house


def test_a_model_that_never_loads_makes_the_process_begin_anew() -> None:
    house = loads_for_ever(may_begin=True)

    house.look_around(12.0)
    said = house.daemon.status()
    house.look_around(107.0)
    early = house.daemon.again
    house.time += 2.0

    assert house.ends() is Exit.OK
    assert (said.state, said.reason) == (State.LOADING, "the model embedded has been loading for 12 s")
    assert (early, house.daemon.again) == (False, True)


def test_a_process_that_began_anew_for_its_model_too_often_fails_until_the_model_comes(tmp_path: Path) -> None:
    with notify_socket(tmp_path) as told:
        house = loads_for_ever(manager=told.manager)

        house.look_around(121.0)
        reason = house.until("state", state=State.FAILED)["reason"]
        told.all()
        house.look_around(2.0)
        starved = "WATCHDOG=1" not in told.all()
        house.holding.set()
        house.until("state", state=State.LISTENING)
        house.look_around(1.0)

        assert reason == "loading the model embedded holds voicego up again and again; see the log"
        assert starved
        assert "WATCHDOG=1" in told.all()
        assert house.daemon.status().reason == ""
        left(house)


def test_a_person_may_have_a_model_that_never_loads_loaded_once_more() -> None:
    house = loads_for_ever()
    house.look_around(121.0)
    house.until("state", state=State.FAILED)

    resumed = house.daemon.resume()
    until(lambda: len(house.loads) == 2, "the second try")
    house.holding.set()
    house.until("state", state=State.LISTENING)

    assert resumed.state is State.LOADING
    left(house)


def test_a_new_model_that_never_loads_leaves_the_old_one_in_use_and_is_tried_again_when_asked(house: House) -> None:
    house.holding.clear()
    house.rules = replace(GO, model="other")
    house.daemon.reload()

    house.look_around(121.0)
    hung = house.daemon.status()
    house.daemon.reload()
    until(lambda: len(house.loads) == 3, "the second try")
    house.holding.set()
    until(lambda: house.daemon.status().model == "other", "the new model")

    assert (hung.state, hung.model, hung.reason) == (State.LISTENING, "embedded", "")
    assert hung.config_error == "the model other is not loaded after 120 s; the model in use stays"
    assert house.daemon.status().config_error == ""


def test_a_model_that_never_loads_ends_it_where_somebody_looks_on() -> None:
    house = loads_for_ever(patient=False, may_begin=True)

    house.look_around(119.0)
    house.time += 2.0

    assert house.ends() is Exit.FAILED
    assert not house.daemon.again


def test_a_process_that_was_stopped_while_its_model_loads_blames_nobody() -> None:
    house = loads_for_ever(may_begin=True)

    house.time += 600.0
    house.look_around()
    house.holding.set()

    house.until("state", state=State.LISTENING)
    assert not house.daemon.again
    left(house)
