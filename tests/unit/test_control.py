"""What travels over the control socket, and what is answered, without a socket."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.controls import Daemon
from voicego.control.subscriber import Subscriber
from voicego.control.verbs import ARGUMENTS, LONGEST_PAUSE_S, answer, checked
from voicego.control.wire import Refused, decode, encode
from voicego.errors import Exit, VoicegoError
from voicego.flow import RuleState, Sensitivity, State, Status

ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.lists(st.text(), max_size=2)
)


def reply(daemon: Daemon, **request: object) -> dict[str, Any]:
    return decode(answer(daemon, request))


class TestWire:
    def test_a_status_and_the_values_in_it_become_plain_objects(self) -> None:
        rule = RuleState("go", True, False, "open browser", 0.5, Sensitivity.NORMAL)
        status = Status(State.PAUSED, pause_reasons=("by hand",), counters={"heard": 3}, rule_states=(rule,))

        found = decode(encode({"status": status}))["status"]

        assert found["state"] == "paused"
        assert found["pause_reasons"] == ["by hand"]
        assert found["counters"] == {"heard": 3}
        assert found["rule_states"][0]["sensitivity"] == "normal"

    def test_a_message_is_one_line(self) -> None:
        line = encode({"text": "two\nlines and a \ud800 and ü"})

        assert line.count(b"\n") == 1
        assert line.endswith(b"\n")
        assert decode(line) == {"text": "two\nlines and a \ud800 and ü"}

    def test_numbers_of_numpy_paths_and_sets_are_written_plainly(self) -> None:
        message = {"score": np.float32(0.5), "at": np.int64(3), "file": Path("a"), "reasons": {"b", "a"}}

        assert decode(encode(message)) == {"score": 0.5, "at": 3, "file": "a", "reasons": ["a", "b"]}

    @pytest.mark.parametrize(
        "line",
        [
            b"",
            b"\n",
            b"status\n",
            b"\xff\xfe\x00\n",
            b"{\n",
            b'{"for_s": NaN}',
            b'{"for_s": -Infinity}',
            b"[" * 60_000,
            b'{"for_s": ' + b"9" * 60_000 + b"}",
            b"[]",
            b'"status"',
            b"null",
        ],
        ids=lambda line: line[:12].decode("latin-1"),
    )
    def test_what_is_no_object_is_a_sentence(self, line: bytes) -> None:
        with pytest.raises(VoicegoError, match="JSON"):
            decode(line)

    @given(st.binary(max_size=200))
    def test_any_bytes_are_an_object_or_a_sentence(self, line: bytes) -> None:
        with suppress(VoicegoError):
            assert isinstance(decode(line), dict)

    @pytest.mark.parametrize(
        ("code", "is_"), [(78, Exit.BROKEN_RULES), (3, Exit.SURPRISE), (99, 1), ("x", 1), (None, 1)]
    )
    def test_an_exit_code_travels_and_an_unknown_one_means_failed(self, code: object, is_: int) -> None:
        assert Refused("no", code).exit_code == is_


class TestAnswer:
    def test_each_verb_does_what_it_says(self) -> None:
        daemon = Daemon()

        assert reply(daemon, verb="status")["status"]["state"] == "listening"
        assert reply(daemon, verb="pause", for_s=90)["status"]["paused_until"] == 90
        assert reply(daemon, verb="resume")["status"]["state"] == "listening"
        assert reply(daemon, verb="reload")["ok"]
        assert reply(daemon, verb="do", keyword="go")["runs"][0]["outcome"] == "ok"
        assert reply(daemon, verb="stop")["status"]["state"] == "stopped"
        assert daemon.asked == ["status", "pause 90.0", "resume", "reload", "do go", "stop"]

    def test_every_verb_but_subscribe_is_answered(self) -> None:
        needed: dict[str, dict[str, object]] = {
            "do": {"keyword": "go"},
            "rule": {"keyword": "go", "on": False},
            "pause_while": {"what": "call", "on": None},
            "wrong": {"id": "d1"},
        }

        for verb in ARGUMENTS.keys() - {"subscribe"}:
            assert reply(Daemon(), verb=verb, **needed.get(verb, {}))["ok"]

    def test_what_a_person_chooses_reaches_the_daemon(self) -> None:
        daemon = Daemon()

        reply(daemon, verb="microphone", name="Yeti")
        reply(daemon, verb="microphone", name=None)
        reply(daemon, verb="sensitivity", level="lower", keyword="go")
        reply(daemon, verb="sensitivity", level=None)
        reply(daemon, verb="rule", keyword="go", on=False)
        reply(daemon, verb="pause_while", what="locked", on=True)
        reply(daemon, verb="wrong", id="d7")

        assert daemon.asked == [
            "microphone Yeti",
            "microphone None",
            "sensitivity lower go",
            "sensitivity None None",
            "rule go False",
            "pause_while locked True",
            "wrong d7",
        ]
        assert reply(daemon, verb="microphones")["file"] == ["default"]

    @pytest.mark.parametrize(
        ("asked", "says"),
        [
            ({"verb": "microphone", "name": 5}, "needs a name"),
            ({"verb": "microphone", "name": ""}, "needs a name"),
            ({"verb": "sensitivity", "level": False}, "is none of"),
            ({"verb": "sensitivity", "level": "lower", "keyword": ""}, "takes a keyword"),
            ({"verb": "sensitivity", "level": "loud"}, "'loud' is none of: lower, normal, higher"),
            ({"verb": "rule", "keyword": "go", "on": "yes"}, "`on` is true or false, not 'yes'"),
            ({"verb": "rule", "on": True}, "needs the keyword"),
            ({"verb": "pause_while", "what": "asleep", "on": True}, "'asleep' is none of: locked, call"),
            ({"verb": "wrong"}, "needs the id"),
        ],
    )
    def test_a_choice_that_makes_no_sense_is_refused(self, asked: dict[str, Any], says: str) -> None:
        daemon = Daemon()

        assert says in reply(daemon, **asked)["error"]
        assert daemon.asked == []

    def test_a_pause_without_a_time_has_no_end(self) -> None:
        daemon = Daemon()

        assert reply(daemon, verb="pause", for_s=None)["ok"]
        assert reply(daemon, verb="pause")["ok"]
        assert daemon.asked == ["pause None", "pause None"]

    @pytest.mark.parametrize("for_s", [0, -1, "5", True, [], LONGEST_PAUSE_S + 1, 10**400])
    def test_a_pause_of_no_sensible_length_is_refused(self, for_s: object) -> None:
        daemon = Daemon()

        assert "seconds" in reply(daemon, verb="pause", for_s=for_s)["error"]
        assert daemon.asked == []

    @pytest.mark.parametrize("keyword", [None, "", 5, ["go"]])
    def test_do_without_a_keyword_is_refused(self, keyword: object) -> None:
        assert "keyword" in reply(Daemon(), verb="do", keyword=keyword)["error"]

    @pytest.mark.parametrize("verb", ["explode", "", None, 5, ["status"], {"status": 1}, "x" * 60_000])
    def test_an_unknown_verb_is_answered_with_the_known_ones(self, verb: object) -> None:
        found = reply(Daemon(), verb=verb)

        assert not found["ok"]
        assert "status, pause, resume" in found["error"]
        assert len(found["error"]) < 250

    def test_what_does_not_go_with_a_verb_is_refused(self) -> None:
        assert "'for_s'" in reply(Daemon(), verb="resume", for_s=5)["error"]

    def test_an_error_of_the_daemon_carries_its_text_and_exit_code(self) -> None:
        daemon = Daemon()
        daemon.rules_are_broken = True

        assert reply(daemon, verb="reload") == {
            "ok": False,
            "error": "voicego.yaml:3:1: unknown key\nvoicego.yaml:4:1: no action",
            "exit": 78,
        }

    def test_a_surprise_is_logged_and_answered_with_a_sentence(self, caplog: pytest.LogCaptureFixture) -> None:
        daemon = Daemon()
        daemon.surprise = ZeroDivisionError("inside")

        found = reply(daemon, verb="status")

        assert found["exit"] == Exit.SURPRISE
        assert "voicego log" in found["error"]
        assert "inside" not in found["error"]
        assert "ZeroDivisionError: inside" in caplog.text

    def test_an_answer_that_no_line_can_hold_is_a_surprise_not_a_crash(self, caplog: pytest.LogCaptureFixture) -> None:
        daemon = Daemon()
        loop: dict[str, Any] = {}
        loop["itself"] = loop
        daemon.now = replace(daemon.now, last_run=loop)

        assert reply(daemon, verb="status")["exit"] == Exit.SURPRISE
        assert caplog.records

    @given(
        st.fixed_dictionaries(
            {"verb": st.sampled_from(sorted(ARGUMENTS)) | ANYTHING},
            optional={
                "for_s": ANYTHING,
                "keyword": st.just("go") | ANYTHING,
                "mood": ANYTHING,
                "level": st.just("lower") | ANYTHING,
                "on": ANYTHING,
                "what": st.just("call") | ANYTHING,
                "id": ANYTHING,
                "name": ANYTHING,
            },
        )
    )
    def test_any_object_is_answered(self, asked: dict[str, object]) -> None:
        found = decode(answer(Daemon(), asked))

        assert found["ok"] or found["error"]

    def test_subscribe_is_known_but_not_answered_with_a_line(self) -> None:
        assert checked({"verb": "subscribe"}) == "subscribe"
        assert not reply(Daemon(), verb="subscribe")["ok"]


class TestSubscriber:
    def test_events_come_in_order(self) -> None:
        async def story() -> list[dict[str, object]]:
            subscriber = Subscriber(asyncio.get_running_loop())
            for number in range(3):
                subscriber.offer({"number": number})
            return await subscriber.taken()

        assert [event["number"] for event in asyncio.run(story())] == [0, 1, 2]

    def test_what_does_not_fit_is_counted_where_it_is_missing(self) -> None:
        async def story() -> list[dict[str, object]]:
            subscriber = Subscriber(asyncio.get_running_loop(), waiting=2)
            for number in range(5):
                subscriber.offer({"number": number})
            first = await subscriber.taken()
            subscriber.offer({"number": 5})
            return first + await subscriber.taken()

        assert asyncio.run(story()) == [
            {"number": 0},
            {"number": 1},
            {"event": "dropped", "count": 3},
            {"number": 5},
        ]

    def test_a_thousand_events_cost_the_loop_one_call(self) -> None:
        class Loop:
            calls = 0

            def call_soon_threadsafe(self, *_: object) -> None:
                self.calls += 1

        loop = Loop()
        subscriber = Subscriber(loop, waiting=1000)  # type: ignore[arg-type]
        for number in range(1000):
            subscriber.offer({"number": number})

        assert loop.calls == 1

    def test_an_event_after_the_loop_ended_is_no_failure(self) -> None:
        async def story() -> Subscriber:
            return Subscriber(asyncio.get_running_loop())

        asyncio.run(story()).offer({"number": 1})
