"""The monitor's picture: lines of text with colours, as wide as the terminal. Pure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.text import Text

from voicego.flow import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from voicego.app.monitor.board import Board, Found, Gauge

QUIETEST_DB = -80.0
"""Left end of the level's bar."""
LOWEST_DB = -99.0
"""Stands for all that is lower."""
LOUD_DB = -6.0
"""From here on it is about to clip."""
NARROW = 56
"""Columns below which only one number stands beside a bar."""
BESIDE = 16
"""Columns for both."""
LEAST = 24
"""Columns below which nothing fits."""
MOST_NAMES = 12
WORTH = 0.005
"""Score from which on its number is shown."""
EIGHTHS = " ▏▎▍▌▋▊▉"
STATES = {
    State.LISTENING: "green",
    State.PAUSED: "yellow",
    State.RECONNECTING: "magenta",
    State.CONFIG_ERROR: "red",
    State.FAILED: "red",
}
OUTCOMES = {Outcome.OK: "", Outcome.SKIPPED: "yellow"}
PLAIN = str.maketrans("█▉▊▋▌▍▎▏┃╎·●○…≥", "####---.|:.*o~>")
"""For a terminal that shows nothing beyond ASCII."""


def lines(board: Board, width: int, height: int, now: float) -> list[Text]:
    """Draw all that fits into `width` columns and `height` lines."""
    width = max(width, LEAST)
    names = max(len("level"), min(MOST_NAMES, max((len(word) for word in board.gauges), default=0)))
    shown = [_head(board, width), *_troubles(board), Text(), _level(board, names, width), Text()]
    room = max(0, height - len(shown) - 4)  # two lines at least for what was heard, and their heading
    gauges = list(board.gauges.values())
    shown += [_gauge(one, names, width, now) for one in gauges[:room]]
    if len(gauges) > room:
        shown[-1:] = [Text(f"  and {len(gauges) - room + 1} more words; a higher window shows them", style="dim")]
    if not gauges and not board.gone:
        shown.append(Text("no rule is active", style="dim"))
    shown += [Text(), Text("last heard", style="bold")]
    shown += list(_heard(board, width))[: max(0, height - len(shown))]
    for line in shown:
        line.truncate(width, overflow="ellipsis")
    return shown[:height]


def in_ascii(line: Text) -> Text:
    """Draw a line again with plain signs."""
    return Text(line.plain.translate(PLAIN), spans=line.spans)


def _head(board: Board, width: int) -> Text:
    head = Text().append("voicego ", "bold")
    if board.gone:
        head.append("○ not running", "red")
    else:
        head.append(f"● {board.state}", STATES.get(State(board.state), "cyan"))
    if board.reason and not board.gone:
        head.append(f": {board.reason}")
    if board.microphone and board.state == State.LISTENING:
        room = width - head.cell_len - 2
        where = Text(board.microphone, style="dim")
        where.truncate(max(0, room), overflow="ellipsis")
        head.append(" " * max(0, width - head.cell_len - where.cell_len))
        head.append_text(where)
    return head


def _troubles(board: Board) -> Iterator[Text]:
    if board.gone:
        yield Text(f"{board.gone}; waiting for it (`voicego run` starts it)", style="red")
    if board.problem:
        yield Text(f"rules: {board.problem}", style="red")
    for notice in board.notices:
        yield Text(notice, style="yellow")
    if board.missed:
        yield Text(f"{board.missed} events came too fast to be shown", style="yellow")


def _level(board: Board, names: int, width: int) -> Text:
    line = Text(f"{'level':<{names}}  ")
    level = QUIETEST_DB if board.level_db is None else board.level_db
    loudest = None if board.loudest_db is None else _part(board.loudest_db)
    style = "red" if level >= LOUD_DB else "cyan" if board.gate else "blue"
    line.append_text(bar(_part(level), _room(line, width), style, best=loudest))
    if board.level_db is not None:
        line.append(f"  {max(board.level_db, LOWEST_DB):3.0f} dB")
        if width >= NARROW:
            line.append("  speech" if board.gate else "  quiet", "bold cyan" if board.gate else "dim")
    return line


def _room(line: Text, width: int) -> int:
    """Columns for a bar behind `line`, with numbers beside it."""
    return max(4, width - line.cell_len - (BESIDE if width >= NARROW else BESIDE // 2))


def _part(level_db: float) -> float:
    return 1.0 - min(0.0, max(QUIETEST_DB, level_db)) / QUIETEST_DB


def _gauge(one: Gauge, names: int, width: int, now: float) -> Text:
    score = one.shown(now)
    reached = one.threshold is not None and score >= one.threshold
    style = "bold green" if reached and one.laid else "yellow" if reached else "cyan"
    line = Text().append(f"{one.keyword[:names]:<{names}}  ", "bold" if reached else "")
    line.append_text(bar(score, _room(line, width), style, mark=one.threshold, best=one.best_shown(now)))
    line.append(f"  {score:4.2f}" if score >= WORTH else "      ", style)
    if width >= NARROW and one.threshold is not None:
        line.append(f"  ≥ {one.threshold:4.2f}", "dim")
    return line


def bar(part: float, room: int, style: str, *, mark: float | None = None, best: float | None = None) -> Text:
    """Draw a bar in `room` columns: filled from 0 to `part`, with `mark` on it and, fainter, `best`."""
    cells = min(1.0, max(0.0, part)) * room
    whole = int(cells)
    drawn = "█" * whole
    if whole < room:
        eighth = EIGHTHS[int((cells - whole) * 8)]
        drawn += (eighth if eighth != " " else "·") + "·" * (room - whole - 1)
    line = Text(drawn)
    filled = len(drawn.rstrip("·"))
    line.stylize(style, 0, filled)
    line.stylize("dim", filled, room)
    if best and (at := _at(best, room)) >= filled:
        line = _put(line, at, "╎", style)
    if mark is not None:
        line = _put(line, _at(mark, room), "┃", "bold white")
    return line


def _at(part: float, room: int) -> int:
    return min(room - 1, max(0, round(part * room) - 1))


def _put(line: Text, at: int, sign: str, style: str) -> Text:
    before, _, after = line.divide([at, at + 1])
    return Text.assemble(before, (sign, style), after)


def _heard(board: Board, width: int) -> Iterator[Text]:
    if not board.found:
        yield Text("nothing yet", style="dim")
    names = max((len(one.keyword) for one in board.found), default=0)
    for one in board.found:
        yield _found(one, min(names, MOST_NAMES), width)


def _found(one: Found, names: int, width: int) -> Text:
    at = time.strftime("%H:%M:%S", time.localtime(one.time)) if one.time else " " * 8
    line = Text().append(f"{at}  ", "dim")
    line.append(f"{one.keyword[:names]:<{names}}  ", "bold")
    if one.refused:
        line.append(f"not acted on: {one.refused}", "yellow")
        return line
    if one.score is not None:
        line.append(f"{one.score:4.2f}", "green")
    if one.confirmed is not None:
        line.append(f" confirmed {one.confirmed:4.2f}", "green")
    for ran in one.actions:
        line.append("  ").append_text(_ran(ran, width))
    return line


def _ran(ran: Mapping[str, Any], width: int) -> Text:
    """How an action ended comes first: what it was may be long."""
    style = OUTCOMES.get(ran["outcome"], "red")
    line = Text().append(f"{ran['outcome']} ", style or "green").append(f"{ran['seconds']:.2f} s ", "dim")
    action = Text(ran["action"])
    detail = " ".join(str(ran.get("detail", "")).split())
    if detail and ran["outcome"] != Outcome.OK:
        action.truncate(width // 4, overflow="ellipsis")
        return line.append_text(action).append(f": {detail}", style)
    return line.append_text(action)
