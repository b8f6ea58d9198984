"""What the tray shows for what it knows: icon, tooltip, menu, as plain values."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicego.control.wire import decode, encode
from voicego.flow import Absence, Offer, RuleState, Sensitivity, State, Status
from voicego.tray.menu import LONGEST, morning
from voicego.tray.model import Ask, Deed, Icon, Item, Known, Mark
from voicego.tray.numbering import ROOT, Numbering
from voicego.tray.properties import properties, tree
from voicego.tray.submenus import bar
from voicego.tray.view import LONGEST_TOOLTIP, view

NOW = datetime(2026, 3, 4, 14, 30).timestamp()  # noqa: DTZ001 -- a person's own clock
HEARD = {"id": "d7", "keyword": "go", "score": 0.98, "confirmed": None, "at_s": 3.5, "time": NOW - 60}
RAN = {"detection_id": "d7", "keyword": "go", "action": "open browser", "outcome": "ok", "detail": "", "seconds": 0.2}
STATUS = Status(
    State.LISTENING,
    pid=7,
    version="1.2.3",
    rules_file="/home/me/voicego.yaml",
    rules=("go", "stop"),
    rule_states=(
        RuleState("go", enabled=True, in_file=True, does="open browser", threshold=0.9, sensitivity=Sensitivity.NORMAL),
        RuleState("no", enabled=False, in_file=True, does="pause", threshold=0.9, sensitivity=Sensitivity.NORMAL),
    ),
    choices={"microphone": None, "sensitivity": None, "sensitivities": {}, "off": ["no"], "pause_while": {}},
    microphone="USB",
    microphones_wanted=("USB", "default"),
    level_db=-30.0,
    model="embedded",
    engine="onnx",
    last_detection=HEARD,
    last_run=RAN,
    recent=({**HEARD, "actions": [RAN], "wrong": False}, {**HEARD, "id": "d6", "actions": [], "wrong": True}),
)
MICROPHONES = (
    {"name": "default", "host_api": "ALSA", "default": True, "in_use": False},
    {"name": "Built-in", "host_api": "ALSA", "default": False, "in_use": False},
    {"name": "USB", "host_api": "ALSA", "default": False, "in_use": True},
)


def said(status: Status = STATUS, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    """A status as it comes through the socket."""
    return decode(encode(asdict(replace(status, **changes))))


def known(status: Status = STATUS, **changes: Any) -> Known:  # noqa: ANN401
    return Known(status=said(status, **changes), microphones=MICROPHONES, at_login=False)


def menu(what: Known) -> tuple[Item, ...]:
    return view(what, NOW).menu


def line(items: tuple[Item, ...], *path: str) -> Item:
    """The one that begins so, and beneath it the one that begins so."""
    exact = [each for each in items if each.text == path[0]]
    [found] = exact or [each for each in items if each.text.startswith(path[0])]
    return line(found.items, *path[1:]) if path[1:] else found


def texts(items: tuple[Item, ...]) -> list[str]:
    return [item.text for item in items]


class TestIcon:
    @pytest.mark.parametrize(
        ("what", "icon"),
        [
            (known(state=State.STARTING), Icon.LOADING),
            (known(state=State.LOADING), Icon.LOADING),
            (known(), Icon.LISTENING),
            (replace(known(), flash=True), Icon.HEARD),
            (known(state=State.PAUSED), Icon.PAUSED),
            (replace(known(state=State.PAUSED), flash=True), Icon.PAUSED),
            (known(state=State.RECONNECTING), Icon.RECONNECTING),
            (known(state=State.CONFIG_ERROR), Icon.CONFIG_ERROR),
            (known(config_error="voicego.yaml:3:1: unknown key"), Icon.CONFIG_ERROR),
            (known(state=State.PAUSED, config_error="voicego.yaml:3:1: unknown key"), Icon.PAUSED),
            (known(state=State.FAILED), Icon.FAILED),
            (Known(), Icon.STOPPED),
            (Known(starting=True), Icon.LOADING),
            (Known(died=True), Icon.FAILED),
        ],
    )
    def test_each_state_has_its_own(self, what: Known, icon: Icon) -> None:
        assert view(what, NOW).icon is icon

    def test_a_state_of_a_newer_daemon_alarms(self) -> None:
        assert view(Known(status={"state": "dreaming"}), NOW).icon is Icon.FAILED


class TestTooltip:
    def test_it_says_state_reason_and_the_last_command(self) -> None:
        tooltip = view(known(state=State.PAUSED, reason="by hand"), NOW).tooltip

        at = time.strftime("%H:%M:%S", time.localtime(NOW - 60))
        assert tooltip == f"voicego: paused\nby hand\nlast: go (0.98) at {at}, open browser: ok"

    def test_broken_rules_and_notices_are_in_it(self) -> None:
        tooltip = view(
            known(config_error="v.yaml:3:1: bad\nmore", notices=("muted",), last_detection=None), NOW
        ).tooltip

        assert tooltip == "voicego: listening\nrules are broken: v.yaml:3:1: bad\nmuted"

    def test_the_run_of_another_detection_is_not_taken_for_its_own(self) -> None:
        assert "open browser" not in view(known(last_run={**RAN, "detection_id": "d1"}), NOW).tooltip

    def test_no_daemon_is_said(self) -> None:
        assert view(Known(died=True, gone="it ended"), NOW).tooltip == "voicego is not running\nit ended"
        assert view(Known(starting=True), NOW).tooltip == "voicego is starting"

    def test_it_is_never_longer_than_windows_shows(self) -> None:
        assert len(view(known(reason="x" * 999), NOW).tooltip) == LONGEST_TOOLTIP


class TestMenu:
    def test_from_top_to_bottom(self) -> None:
        assert texts(menu(known())) == [
            "Listening for go, stop",
            "",
            "Pause",
            "Pause for",
            "",
            "Heard lately",
            "",
            "Microphone",
            "Sensitivity",
            "Rules (chosen here)",
            "Stay silent",
            "",
            "Edit rules…",
            "Reload rules",
            "Start at login",
            "Show log",
            "About",
            "",
            "Quit",
        ]

    def test_a_click_asks_for_what_the_line_says(self) -> None:
        items = menu(known())

        assert line(items, "Pause").click == Ask("pause")
        assert line(items, "Pause for", "15 minutes").click == Ask("pause", {"for_s": 900.0})
        assert line(items, "Pause for", "1 hour").click == Ask("pause", {"for_s": 3600.0})
        assert line(items, "Pause for", "Until tomorrow 6:00").click is Deed.UNTIL_MORNING
        assert line(items, "Edit").click is Deed.EDIT
        assert line(items, "Reload").click == Ask("reload")
        assert line(items, "Show log").click is Deed.SHOW_LOG
        assert line(items, "Quit").click is Deed.QUIT

    def test_what_is_there_to_be_read_cannot_be_clicked(self) -> None:
        assert not line(menu(known()), "Listening").enabled

    def test_a_pause_by_hand_can_be_ended_and_one_of_a_locked_screen_cannot(self) -> None:
        by_hand = menu(known(state=State.PAUSED, pause_reasons=("by hand", "screen locked")))
        locked = menu(known(state=State.PAUSED, pause_reasons=("screen locked",), reason="screen locked"))

        assert line(by_hand, "Resume").click == Ask("resume")
        assert "Resume" not in texts(locked)
        assert locked[0].text == "Paused (screen locked)"

    def test_a_pause_says_until_when(self) -> None:
        until = time.time() + 60
        at = time.strftime("%H:%M", time.localtime(until))
        today = time.localtime(until).tm_yday == time.localtime().tm_yday

        found = menu(known(state=State.PAUSED, pause_reasons=("for a while",), paused_until=until))[0].text

        assert found.endswith(at)
        assert found.startswith("Paused until")
        assert (found == f"Paused until {at}") == today

    @pytest.mark.parametrize(
        ("changes", "text"),
        [
            ({"rules": ()}, "Listening for nothing: no rule is on"),
            ({"state": State.LOADING}, "Loading the model"),
            (
                {"state": State.RECONNECTING, "reason": "no microphone is there"},
                "No microphone: no microphone is there",
            ),
            ({"state": State.CONFIG_ERROR}, "Not listening: the rules are broken"),
            ({"state": State.FAILED, "reason": "no model"}, "Failed: no model"),
        ],
    )
    def test_the_first_line_says_what_it_does_and_why(self, changes: dict[str, Any], text: str) -> None:
        assert menu(known(**changes))[0].text == text

    def test_problems_are_named_with_their_place_and_a_click_opens_the_rules(self) -> None:
        error = "/home/me/.config/voicego/voicego.yaml:3:1: unknown key\n/home/me/voicego.yaml:4:2: no action"
        found = menu(known(config_error=error, notices=("the microphone is muted",)))

        assert line(found, "voicego.yaml:3:1: unknown key").click is Deed.EDIT
        assert line(found, "voicego.yaml:4:2: no action").click is Deed.EDIT
        assert not line(found, "the microphone is muted").enabled

    def test_the_last_detections_say_all_and_each_can_be_called_wrong(self) -> None:
        [newest, older] = line(menu(known()), "Heard lately").items

        assert newest.text.endswith("go  0.98  open browser: ok")
        assert newest.items[0] == Item("That was wrong", Ask("wrong", {"id": "d7"}), key="wrong")
        assert older.text.endswith("(wrong)")
        assert not older.items[0].enabled
        assert older.items[0].on

    def test_three_wrongs_bring_an_offer(self) -> None:
        found = line(menu(known(offers=(Offer("go", 3, Sensitivity.LOWER),))), 'Hear "go" less readily')

        assert found.text == 'Hear "go" less readily: wrong 3 times today'
        assert found.click == Ask("sensitivity", {"level": "lower", "keyword": "go"})

    def test_microphones_are_the_files_the_systems_and_each_by_name(self) -> None:
        found = line(menu(known()), "Microphone").items

        assert texts(found) == [
            "As in the file: USB, default",
            "System default",
            "",
            "Built-in",
            "USB   ▮▮▮▮▯▯▯▯ -30 dB",
        ]
        assert [each.on for each in found] == [True, False, False, False, False]
        assert [each.click for each in found if each.text] == [
            Ask("microphone", {"name": name}) for name in (None, "default", "Built-in", "USB")
        ]

    def test_a_microphone_chosen_here_is_said_also_when_it_is_not_there(self) -> None:
        found = line(menu(known(choices={"microphone": "Headset"})), "Microphone")

        assert found.text == "Microphone (chosen here)"
        assert [(each.text, each.on) for each in found.items if each.on] == [("Headset (not there now)", True)]
        assert found.items[0].text == "As in the file"

    def test_sensitivity_for_all_and_for_words_set_apart(self) -> None:
        plain = line(menu(known()), "Sensitivity")
        chosen = line(menu(known(choices={"sensitivity": "lower", "sensitivities": {"go": "higher"}})), "Sensitivity")

        assert [each.text for each in plain.items if each.on] == ["As in the file: normal"]
        assert plain.items[1].click == Ask("sensitivity", {"level": "lower", "keyword": None})
        assert chosen.text == "Sensitivity (chosen here)"
        assert [each.text for each in chosen.items if each.on] == ["Lower: fewer false alarms"]
        assert chosen.items[-1].click == Ask("sensitivity", {"level": None, "keyword": "go"})

    def test_rules_are_ticked_while_they_are_on(self) -> None:
        [go, no] = line(menu(known()), "Rules").items

        assert (go.text, go.mark, go.on) == ("go: open browser", Mark.TICK, True)
        assert (no.text, no.on) == ("no: pause (chosen here)", False)
        assert no.click == Ask("rule", {"keyword": "no", "on": True})

    def test_silence_has_a_tick_each(self) -> None:
        what = known(pause_while=(Absence.LOCKED,), choices={"pause_while": {"locked": True}})
        [locked, call, back] = line(menu(what), "Stay silent").items

        assert locked.on
        assert "chosen here" in locked.text
        assert call.click == Ask("pause_while", {"what": "call", "on": True})
        assert back.click == Ask("pause_while", {"what": "locked", "on": None})

    def test_start_at_login_is_a_tick_where_it_can_be_told(self) -> None:
        assert line(menu(known()), "Start at login").click is Deed.LOGIN_ON
        assert line(menu(replace(known(), at_login=True)), "Start at login").click is Deed.LOGIN_OFF
        assert "Start at login" not in texts(menu(replace(known(), at_login=None)))

    def test_about_names_version_model_and_privacy(self) -> None:
        found = texts(line(menu(known()), "About").items)

        assert found[:2] == ["voicego 1.2.3", "Model: embedded (onnx)"]
        assert "stays" in found[2]

    def test_without_a_daemon_it_offers_to_start_one(self) -> None:
        found = menu(Known(died=True, gone="it ended", at_login=True))

        assert texts(found) == [
            "voicego is not running",
            "it ended",
            "Start voicego",
            "",
            "Start at login",
            "Show log",
            "",
            "Quit",
        ]
        assert view(Known(died=True), NOW).click is Deed.START

    def test_what_a_click_met_is_said(self) -> None:
        assert "there is no rule" in texts(menu(replace(known(), trouble="there is no rule")))

    def test_a_click_on_an_icon_without_a_menu_pauses_and_resumes(self) -> None:
        assert view(known(), NOW).click == Ask("pause")
        assert view(known(state=State.PAUSED), NOW).click == Ask("resume")

    def test_the_status_of_a_daemon_that_knows_less_is_enough(self) -> None:
        found = view(Known(status={"state": "listening"}), NOW)

        assert found.menu[0].text == "Listening for nothing: no rule is on"

    def test_no_line_is_too_long_to_be_read(self) -> None:
        long = "/a" * 400
        found = menu(known(reason=long, state=State.RECONNECTING, config_error=f"{long}:1:1: {long}", notices=(long,)))

        assert max(map(len, texts(found))) <= LONGEST + 10

    @given(st.floats(0, 4e9))
    def test_morning_is_the_next_six_oclock(self, now: float) -> None:
        found = morning(now)

        assert 0 < found - now <= 25 * 3600 + 1
        assert time.localtime(found)[3:5] == (6, 0)

    def test_before_six_the_morning_is_todays(self) -> None:
        early = datetime(2026, 3, 4, 2, 0).timestamp()  # noqa: DTZ001

        assert "Until 6:00" in texts(line(view(known(), early).menu, "Pause for").items)


class TestBar:
    @pytest.mark.parametrize(
        ("level_db", "text"),
        [(None, ""), (-90, "▯▯▯▯▯▯▯▯ -90 dB"), (-30, "▮▮▮▮▯▯▯▯ -30 dB"), (0, "▮▮▮▮▮▮▮▮ 0 dB"), (3, "▮▮▮▮▮▮▮▮ 3 dB")],
    )
    def test_it_grows_with_the_level(self, level_db: float | None, text: str) -> None:
        assert bar(level_db) == text


class TestNumbering:
    def test_a_line_keeps_its_number_while_others_come(self) -> None:
        numbering = Numbering()
        numbering.take((Item("a", Deed.EDIT), Item("b", Deed.QUIT)))
        [_, b] = numbering.lines[ROOT].beneath

        moved, changed = numbering.take((Item("new", Deed.START), Item("a", Deed.EDIT), Item("b", Deed.QUIT)))

        assert moved
        assert changed == ()
        assert numbering.lines[b].item.click is Deed.QUIT
        assert numbering.lines[ROOT].beneath[-1] == b

    def test_the_number_of_a_line_that_went_means_nothing(self) -> None:
        numbering = Numbering()
        numbering.take((Item("wrong", Ask("wrong", {"id": "d1"}), key="d1"),))
        [old] = numbering.lines[ROOT].beneath

        numbering.take((Item("wrong", Ask("wrong", {"id": "d2"}), key="d2"),))

        assert old not in numbering.lines

    def test_a_text_that_changes_is_no_new_line(self) -> None:
        numbering = Numbering()
        numbering.take(
            (Item("Pause", key="pause", click=Deed.EDIT), Item("x", key="m", items=(Item("-30 dB", key="l"),)))
        )
        [pause, _] = numbering.lines[ROOT].beneath

        moved, changed = numbering.take(
            (Item("Resume", key="pause", click=Deed.EDIT), Item("x", key="m", items=(Item("-30 dB", key="l"),)))
        )

        assert not moved
        assert changed == (pause,)

    def test_two_lines_of_one_name_have_two_numbers(self) -> None:
        numbering = Numbering()
        numbering.take((Item(""), Item("a"), Item(""), Item("a")))

        assert len(set(numbering.lines[ROOT].beneath)) == 4

    def test_numbers_go_upwards_and_are_used_once(self) -> None:
        numbering = Numbering()
        for count in range(5):
            numbering.take((Item(f"only {count}"),))
        seen = [numbering.lines[ROOT].beneath]
        numbering.take((Item("only 0"), Item("another")))
        seen.append(numbering.lines[ROOT].beneath)

        assert all(before < after for before, after in pairwise([seen[0][0], seen[1][1]]))


class TestProperties:
    def test_a_line_in_the_words_of_the_protocol(self) -> None:
        numbering = Numbering()
        numbering.take((Item("a_b", Deed.QUIT, Mark.TICK, on=True), Item(""), Item("m", items=(Item("x"),))))
        [tick, separator, menu_] = (numbering.lines[number] for number in numbering.lines[ROOT].beneath)

        assert {name: value.value for name, value in properties(tick).items()} == {
            "label": "a__b",
            "enabled": True,
            "toggle-type": "checkmark",
            "toggle-state": 1,
        }
        assert {name: value.value for name, value in properties(separator).items()} == {"type": "separator"}
        assert properties(menu_)["children-display"].value == "submenu"
        assert list(properties(menu_, ["label"])) == ["label"]

    def test_a_tree_is_as_deep_as_asked_for(self) -> None:
        numbering = Numbering()
        numbering.take((Item("m", items=(Item("x"),)),))

        [_, _, whole] = tree(numbering.lines, ROOT, -1, ())
        [_, _, flat] = tree(numbering.lines, ROOT, 1, ())
        [_, _, nothing] = tree(numbering.lines, ROOT, 0, ())

        assert len(whole[0].value[2]) == 1
        assert flat[0].value[2] == []
        assert nothing == []
        with pytest.raises(KeyError):
            tree(numbering.lines, 99, -1, ())


def test_every_click_can_be_said_through_the_socket() -> None:
    def clicks(items: tuple[Item, ...]) -> list[Ask]:
        return [ask for item in items for ask in [item.click, *clicks(item.items)] if isinstance(ask, Ask)]

    for ask in clicks(menu(known(offers=(Offer("go", 3, Sensitivity.LOWER),)))):
        assert json.loads(json.dumps(dict(ask.arguments))) == dict(ask.arguments)
