"""The monitor: events become a picture, and a feed goes on over a daemon's end."""

from __future__ import annotations

import io
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tests.controls import Daemon
from voicego.app.monitor.board import BEST_S, HOLDS_S, KEPT, Board
from voicego.app.monitor.feeds import OfDaemon, feed_for
from voicego.cli.meters import LEAST, bar, in_ascii, lines
from voicego.cli.monitor import Reader, show
from voicego.control.server import Server
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Iterator

STATUS = {
    "event": "status",
    "status": {
        "state": "listening",
        "reason": "",
        "microphone": "Yeti",
        "rule_states": [
            {"keyword": "go", "enabled": True, "threshold": 0.8},
            {"keyword": "stop", "enabled": True, "threshold": None},
            {"keyword": "left", "enabled": False, "threshold": 0.8},
        ],
    },
}
HEARD = {"event": "detection", "id": "d1", "keyword": "go", "score": 0.93, "time": 1_700_000_000.0, "taken": True}
ACTED = {"event": "action", "detection_id": "d1", "action": "open browser", "outcome": "ok", "seconds": 0.1}


def scores(go: float, *, laid: bool = False) -> dict[str, Any]:
    return {"event": "scores", "laid": laid, "probabilities": {"go": go, "cat": 0.01}, "thresholds": {"go": 0.8}}


def board_after(*events: dict[str, Any], now: float = 0.0) -> Board:
    board = Board()
    for event in (STATUS, *events):
        board.take(event, now)
    return board


def text(board: Board, width: int = 80, height: int = 24, now: float = 0.0) -> str:
    return "\n".join(line.plain for line in lines(board, width, height, now))


class TestBoard:
    def test_it_has_a_gauge_for_each_active_rule(self) -> None:
        board = board_after()

        assert list(board.gauges) == ["go", "stop"]
        assert board.gauges["go"].threshold == 0.8

    def test_a_score_is_shown_until_nothing_is_judged_any_more(self) -> None:
        gauge = board_after(scores(0.9), scores(0.3)).gauges["go"]

        assert gauge.shown(HOLDS_S) == 0.3
        assert gauge.shown(HOLDS_S + 0.1) == 0.0
        assert gauge.best_shown(BEST_S) == 0.9
        assert gauge.best_shown(BEST_S + 0.1) == 0.0

    def test_an_action_joins_its_detection(self) -> None:
        board = board_after(HEARD, HEARD | {"id": "d2"}, ACTED)

        assert [(one.id, len(one.actions)) for one in board.found] == [("d2", 0), ("d1", 1)]

    def test_what_was_not_acted_on_says_why(self) -> None:
        refused = {"event": "not confirmed", "id": "d3", "keyword": "stop", "outcome": "refused", "why": "0.1 is low"}
        board = board_after(HEARD | {"taken": False}, refused)

        assert [one.refused for one in board.found] == ["0.1 is low", "too many words in a short time"]

    def test_a_status_does_not_tell_twice_what_was_told(self) -> None:
        recent = {**STATUS["status"], "recent": [HEARD | {"id": "d2", "actions": [ACTED]}, HEARD]}  # type: ignore[dict-item]
        board = board_after(HEARD, {"event": "status", "status": recent}, {"event": "status", "status": recent})

        assert [one.id for one in board.found] == ["d2", "d1"]

    def test_a_daemon_that_is_gone_leaves_what_it_heard_and_the_next_one_counts_anew(self) -> None:
        board = board_after(HEARD, {"event": "level", "level_db": -20.0, "gate": True})
        board.take({"event": "gone", "why": "voicego has ended"}, 1.0)
        gone = text(board)
        board.take({"event": "status", "status": {**STATUS["status"], "recent": [HEARD]}}, 2.0)  # type: ignore[dict-item]
        board.take(ACTED, 3.0)

        assert "not running" in gone
        assert "voicego has ended; waiting for it" in gone
        assert "0.93" in gone
        assert "-20 dB" not in gone
        assert [len(one.actions) for one in board.found] == [1, 0]

    def test_it_keeps_a_bounded_number_and_survives_what_it_does_not_know(self) -> None:
        board = board_after(*(HEARD | {"id": f"d{n}"} for n in range(2 * KEPT)), {"event": "of the future"})

        assert len(board.found) == KEPT


class TestPicture:
    def test_it_shows_level_gate_scores_and_what_was_done(self) -> None:
        shown = text(
            board_after(scores(0.93, laid=True), {"event": "level", "level_db": -31.6, "gate": True}, HEARD, ACTED)
        )

        assert "● listening" in shown
        assert "Yeti" in shown
        assert "-32 dB  speech" in shown
        assert "0.93  ≥ 0.80" in shown
        assert "ok 0.10 s open browser" in shown

    def test_a_pause_says_its_reason_and_shows_no_level(self) -> None:
        level = {"event": "level", "level_db": -31.6, "gate": False}
        shown = text(board_after(level, {"event": "state", "state": "paused", "reason": "in a call"}))

        assert "● paused: in a call" in shown
        assert "dB" not in shown

    @pytest.mark.parametrize(
        ("score", "laid", "style"), [(0.79, True, "cyan"), (0.8, False, "yellow"), (0.8, True, "bold green")]
    )
    def test_only_a_word_said_alone_above_its_threshold_is_green(self, score: float, *, laid: bool, style: str) -> None:
        drawn = lines(board_after(scores(score, laid=laid)), 80, 24, 0.0)
        gauge = next(line for line in drawn if line.plain.startswith("go "))

        at = gauge.plain.index("█")
        assert style in [str(span.style) for span in gauge.spans if span.start <= at < span.end]

    def test_the_mark_stands_where_the_threshold_is_and_the_bar_ends_at_the_score(self) -> None:
        drawn = bar(0.5, 40, "cyan", mark=0.75, best=0.9).plain

        assert len(drawn) == 40
        assert drawn.count("█") == 20
        assert (drawn.index("┃"), drawn.index("╎")) == (29, 35)

    @given(
        width=st.integers(1, 200),
        height=st.integers(1, 60),
        words=st.lists(st.text("abcdefghijklmnop", min_size=1, max_size=30), max_size=30, unique=True),
        level=st.none() | st.floats(-200, 20),
    )
    def test_it_fits_every_terminal(self, width: int, height: int, words: list[str], level: float | None) -> None:
        board = board_after(HEARD | {"score": 1.0}, ACTED | {"outcome": "failed", "detail": "no\nsuch\nprogram " * 9})
        board.take({"event": "level", "level_db": level, "gate": True}, 0.0)
        for word in words:
            board.take({"event": "scores", "laid": True, "probabilities": {word: 0.9}, "thresholds": {word: 0.8}}, 0.0)

        drawn = lines(board, width, height, 0.0)

        assert len(drawn) <= height
        assert max(line.cell_len for line in drawn) <= max(width, LEAST)

    def test_a_terminal_without_letters_beyond_ascii_sees_as_much(self) -> None:
        drawn = lines(
            board_after(scores(0.93), {"event": "level", "level_db": -31.6, "gate": True}, HEARD), 80, 24, 0.0
        )

        plain = [in_ascii(line).plain for line in drawn]

        assert all(line.isascii() for line in plain)
        assert any("####" in line and "|" in line for line in plain)


class Scripted:
    """A `Feed` that tells what a test hands it, then waits to be closed, or fails."""

    closes_at_once = True

    def __init__(self, *told: dict[str, Any], error: VoicegoError | None = None, ends: bool = True) -> None:
        self.told = told
        self.error = error
        self.ends = ends
        self.closed = threading.Event()

    def events(self) -> Iterator[dict[str, Any]]:
        yield from self.told
        if self.error:
            raise self.error
        if not self.ends:
            self.closed.wait(20)

    def look(self) -> dict[str, Any] | None:
        return None

    def close(self) -> None:
        self.closed.set()


class TestShowing:
    def test_the_last_picture_stays_when_a_feed_has_ended(self) -> None:
        out = io.StringIO()
        show(Scripted(STATUS, HEARD, ACTED), Console(file=out, force_terminal=True, width=80, height=24))

        screen, _, after = out.getvalue().rpartition("\x1b[?1049l")
        assert "open browser" in screen
        assert "open browser" in after

    def test_an_error_ends_it_as_what_it_is_and_the_terminal_is_given_back(self) -> None:
        out = io.StringIO()
        with pytest.raises(VoicegoError, match="the microphone was lost"):
            show(
                Scripted(STATUS, error=VoicegoError("the microphone was lost")), Console(file=out, force_terminal=True)
            )

        assert "\x1b[?1049l" in out.getvalue()

    def test_events_that_come_fast_are_drawn_together(self) -> None:
        feed = Scripted(STATUS, *[scores(0.5)] * 300)
        with Reader(feed) as reader:
            batches = list(reader.batches(0.5))

        assert sum(map(len, batches)) == 301
        assert len(batches) < 20

    def test_whoever_has_enough_leaves_no_thread(self) -> None:
        feed = Scripted(STATUS, ends=False)
        with Reader(feed) as reader:
            next(reader.batches(0.01))

        assert "voicego-monitor" not in [thread.name for thread in threading.enumerate()]


@contextmanager
def serving(path: Path) -> Iterator[Daemon]:
    daemon = Daemon()
    server = Server(path, daemon)
    server.start()
    try:
        yield daemon
    finally:
        server.stop(5)


class TestFeed:
    def test_it_says_that_the_daemon_is_gone_and_goes_on_with_the_next(self) -> None:
        with tempfile.TemporaryDirectory(prefix="voicego-test-", dir="/tmp") as folder:
            path = Path(folder, "voicego.sock")
            feed = OfDaemon(path)
            events = feed.events()
            with serving(path):
                first = next(events)
            told = [next(events)]
            with serving(path):
                told.append(next(events))
            feed.close()

        assert first["status"]["state"] == "listening"
        assert told[0] == {"event": "gone", "why": "voicego has ended"}
        assert told[1]["event"] == "status"

    def test_after_a_change_it_asks_how_things_are(self) -> None:
        with tempfile.TemporaryDirectory(prefix="voicego-test-", dir="/tmp") as folder:
            path = Path(folder, "voicego.sock")
            with serving(path) as daemon:
                feed = OfDaemon(path)
                told: list[dict[str, Any]] = []
                thread = threading.Thread(
                    target=lambda: told.extend(event for _, event in zip(range(3), feed.events(), strict=False))
                )
                thread.start()
                while not daemon.listeners:
                    thread.join(0.01)
                daemon.pause()
                daemon.tell({"event": "state", "state": "paused", "reason": "by hand"})
                thread.join(20)

        assert [one["event"] for one in told] == ["status", "state", "status"]
        assert told[2]["status"]["state"] == "paused"

    def test_without_a_daemon_it_stands_alone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("VOICEGO_CONFIG", str(tmp_path / "none.yaml"))
        feed = feed_for(tmp_path / "none.sock", None, None, None, alone=False)

        assert feed.closes_at_once
        assert next(feed.events())["status"]["state"] == "loading"
