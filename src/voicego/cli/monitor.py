"""The verb `monitor`: what is heard now, and how it is judged, on a terminal or as JSON lines."""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Self

import typer

from voicego.cli import say
from voicego.cli.daemon import Config
from voicego.errors import Exit, VoicegoError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from rich.console import Console
    from rich.text import Text

    from voicego.app.monitor.board import Board
    from voicego.app.monitor.feeds import Event, Feed

REDRAWN_S = 0.125
"""Seconds for which a picture stays as it is: eight a second look alive, and cost little."""
LOOKS_S = 2.0
"""Seconds without any event after which the daemon is asked how it is: a paused one tells nothing by itself."""
WAITING = 1_000
"""Events kept for a terminal that does not take its picture."""
JOIN_S = 1.0


def add_to(app: typer.Typer) -> None:
    """Register the verb."""
    app.command(rich_help_panel="Listening")(monitor)


def monitor(
    *,
    alone: Annotated[
        bool, typer.Option("--alone", help="With an ear of its own, though voicego runs; nothing is acted on.")
    ] = False,
    input_: Annotated[
        str | None, typer.Option("--input", help="Alone: hear a sound file, at life speed, instead of the microphone.")
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="Alone: microphone by name.")] = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line an event; so too in a pipe.")] = False,
) -> int:
    """Show live what is heard: level, gate, each word's score against its threshold, and what was done."""
    from voicego.app.monitor.feeds import feed_for
    from voicego.paths import paths

    feed = feed_for(paths(os.environ).socket, config, input_, device, alone=alone)
    with suppress(KeyboardInterrupt), _ended_by_signals():
        if as_json or sys.stdout is None or not sys.stdout.isatty():
            for event in feed.events():
                say.json_line(event)
        else:
            show(feed)
    return Exit.OK


def show(feed: Feed, console: Console | None = None) -> None:
    """Draw what a feed tells until it ends; the last picture stays.

    Raises:
        VoicegoError: the feed's.
    """
    from rich.console import Console, Group  # only where there is something to draw
    from rich.live import Live

    from voicego.app.monitor.board import Board

    console = console or Console(highlight=False)
    board, drawn = Board(), list["Text"]()
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live, Reader(feed) as reader:
            for events in reader.batches(REDRAWN_S):
                for event in events:
                    board.take(event, time.monotonic())
                picture = _picture(board, console)
                if picture != drawn:
                    drawn = picture
                    live.update(Group(*picture), refresh=True)
    finally:
        for line in drawn:
            console.print(line, soft_wrap=True)


def _picture(board: Board, console: Console) -> list[Text]:
    from voicego.cli.meters import in_ascii, lines

    width, height = console.size
    picture = lines(board, width, height, time.monotonic())
    return picture if console.encoding.startswith("utf") else [in_ascii(line) for line in picture]


class Reader:
    """`with Reader(feed) as reader:` takes events on a thread, so that the picture does not wait for them."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._waiting: queue.Queue[Event | VoicegoError | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._read, name="voicego-monitor", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._feed.close()
        self._thread.join(JOIN_S if self._feed.closes_at_once else 0.0)

    def batches(self, every_s: float) -> Iterator[list[Event]]:
        """Yield what came, no more often than `every_s`; ends with the feed.

        Raises:
            VoicegoError: the feed's.
        """
        while True:
            try:
                one = self._waiting.get(timeout=LOOKS_S)
            except queue.Empty:
                one = self._feed.look() or {}
            events, until = [], time.monotonic() + every_s
            while isinstance(one, dict):
                events.append(one)
                if (left := until - time.monotonic()) <= 0:
                    break
                try:
                    one = self._waiting.get(timeout=left)
                except queue.Empty:
                    break
            yield events
            if isinstance(one, VoicegoError):
                raise one
            if one is None:
                return

    def _read(self) -> None:
        end: VoicegoError | None = None
        try:
            for event in self._feed.events():
                self._waiting.put(event)
        except VoicegoError as error:
            end = error
        self._waiting.put(end)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM end it as Ctrl-C does: the terminal is given back as it was."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
