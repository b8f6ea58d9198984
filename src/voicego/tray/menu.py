"""The menu, top to bottom. Pure; each line says what it is now and what a click asks for."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from voicego.flow import State
from voicego.tray import submenus
from voicego.tray.model import SEPARATOR, Ask, Deed, Item, Known, Mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST = 90
"""Characters of a line; what is longer, such as a path, is cut in its middle."""

PRIVACY = "What is heard stays in memory for seconds, on this computer"


def menu(known: Known, now: float) -> tuple[Item, ...]:
    """Build the whole menu for `now`, in Unix time."""
    if known.status is None:
        return tuple(_without_daemon(known))
    return tuple(_with_daemon(known, known.status, now))


def _without_daemon(known: Known) -> Iterator[Item]:
    yield Item("voicego is starting" if known.starting else "voicego is not running", key="state")
    yield from _troubles(known)
    if not known.starting:
        yield Item("Start voicego", Deed.START)
    yield SEPARATOR
    yield from _at_login(known)
    yield Item("Show log", Deed.SHOW_LOG)
    yield SEPARATOR
    yield Item("Quit", Deed.QUIT)


def _with_daemon(known: Known, status: Mapping[str, Any], now: float) -> Iterator[Item]:
    yield Item(cut(_state(status)), key="state")
    yield from _troubles(known)
    yield from _problems(status)
    yield SEPARATOR
    yield from _pausing(status, now)
    yield SEPARATOR
    yield submenus.heard(status)
    yield from (
        Item(f'Hear "{offer["keyword"]}" less readily: wrong {offer["wrongs"]} times today', _lower(offer))
        for offer in status.get("offers") or ()
    )
    yield SEPARATOR
    yield submenus.microphone(status, known.microphones)
    yield submenus.sensitivity(status)
    yield submenus.rules(status)
    yield submenus.silence(status)
    yield SEPARATOR
    yield Item("Edit rules…", Deed.EDIT)
    yield Item("Reload rules", Ask("reload"))
    yield from _at_login(known)
    yield Item("Show log", Deed.SHOW_LOG)
    yield Item("About", items=tuple(_about(status)))
    yield SEPARATOR
    yield Item("Quit", Deed.QUIT)


def _state(status: Mapping[str, Any]) -> str:
    """Say in one line what it does and why."""
    reason = status.get("reason", "")
    match status["state"]:
        case State.LISTENING:
            words = status.get("rules") or ()
            return f"Listening for {', '.join(words)}" if words else "Listening for nothing: no rule is on"
        case State.PAUSED:
            until = status.get("paused_until")
            return f"Paused until {_clock(until)}" if until else f"Paused ({reason})" if reason else "Paused"
        case State.LOADING | State.STARTING:
            return "Loading the model"
        case State.RECONNECTING:
            return f"No microphone: {reason}" if reason else "No microphone"
        case State.CONFIG_ERROR:
            return "Not listening: the rules are broken"
        case state:
            return f"{state.capitalize()}: {reason}" if reason else state.capitalize()


def _troubles(known: Known) -> Iterator[Item]:
    sentences = dict.fromkeys(each for each in (known.gone, known.trouble) if each)
    yield from (Item(cut(sentence), key=f"trouble {number}") for number, sentence in enumerate(sentences))


def _problems(status: Mapping[str, Any]) -> Iterator[Item]:
    """What is wrong now; a click on a mistake in the rules opens them."""
    for number, line in enumerate((status.get("config_error") or "").splitlines()[:3]):
        yield Item(cut(_beside(line)), Deed.EDIT, key=f"problem {number}")
    for number, sentence in enumerate(status.get("notices") or ()):
        yield Item(cut(sentence), key=f"notice {number}")


def _beside(problem: str) -> str:
    """Leave the folder out of `/home/me/.config/voicego/voicego.yaml:3:1: …`: the line has to be seen."""
    place, mark, text = problem.partition(": ")
    return place.replace("\\", "/").rpartition("/")[2] + mark + text


def _pausing(status: Mapping[str, Any], now: float) -> Iterator[Item]:
    by_hand = {"by hand", "for a while"} & set(status.get("pause_reasons") or ())
    if by_hand:
        yield Item("Resume", Ask("resume"), key="pause")
    else:
        yield Item("Pause", Ask("pause"), key="pause")
    yield Item(
        "Pause for",
        items=(
            Item("15 minutes", Ask("pause", {"for_s": 900.0})),
            Item("1 hour", Ask("pause", {"for_s": 3600.0})),
            Item(f"Until {_morning_text(now)}", Deed.UNTIL_MORNING, key="morning"),
        ),
    )


def morning(now: float) -> float:
    """Unix time of the next 6:00 by the person's own clock; by summer time too."""
    here = datetime.fromtimestamp(now)  # noqa: DTZ006 -- the person's own clock is what is meant
    six = here.replace(hour=6, minute=0, second=0, microsecond=0)
    return (six if here < six else six + timedelta(days=1)).timestamp()


def _morning_text(now: float) -> str:
    same_day = time.localtime(morning(now)).tm_yday == time.localtime(now).tm_yday
    return "6:00" if same_day else "tomorrow 6:00"


def _lower(offer: Mapping[str, Any]) -> Ask:
    return Ask("sensitivity", {"level": str(offer["level"]), "keyword": offer["keyword"]})


def _at_login(known: Known) -> Iterator[Item]:
    if known.at_login is not None:
        deed = Deed.LOGIN_OFF if known.at_login else Deed.LOGIN_ON
        yield Item("Start at login", deed, Mark.TICK, on=known.at_login)


def _about(status: Mapping[str, Any]) -> Iterator[Item]:
    yield Item(f"voicego {status.get('version', '')}".strip(), key="version")
    engine = status.get("engine")
    yield Item(cut(f"Model: {status.get('model') or 'none'}" + (f" ({engine})" if engine else "")), key="model")
    yield Item(PRIVACY)


def _clock(at: float) -> str:
    """Say a time of today as a clock does, and of another day with its name."""
    then, today = time.localtime(at), time.localtime()
    return time.strftime("%H:%M" if then.tm_yday == today.tm_yday else "%A %H:%M", then)


def cut(text: str) -> str:
    """Keep a line's beginning and end where it is too long to be read."""
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST * 2 // 3]} … {text[-LONGEST // 4 :]}"
