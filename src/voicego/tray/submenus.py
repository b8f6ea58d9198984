"""The menus in the menu: what was heard, the microphone, sensitivity, rules, silence. Pure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from voicego.flow import Sensitivity
from voicego.tray.model import SEPARATOR, Ask, Item, Mark

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE = "chosen here"
FILE = "As in the file"

BAR = 8
"""Cells of the level bar."""
QUIETEST_DB = -60.0
"""Dim on the level bar, in dB below full scale."""

LEVELS = {
    Sensitivity.LOWER: "Lower: fewer false alarms",
    Sensitivity.NORMAL: "Normal",
    Sensitivity.HIGHER: "Higher: fewer missed words",
}
ABSENCES = {"locked": "While the screen is locked", "call": "While another program records (a call)"}


def heard(status: Mapping[str, Any]) -> Item:
    """The last detections, newest first, each with "That was wrong"."""
    found = status.get("recent") or ()
    return Item("Heard lately", items=tuple(map(_detection, found)) or (Item("Nothing yet"),))


def _detection(one: Mapping[str, Any]) -> Item:
    at = time.strftime("%H:%M:%S", time.localtime(one["time"]))
    ran = ", ".join(f"{each['action']}: {each['outcome']}" for each in one.get("actions") or ())
    wrong = " (wrong)" if one.get("wrong") else ""
    details = [f"{each['action']}: {each['detail']}" for each in one.get("actions") or () if each.get("detail")]
    said = Item("Noted as wrong", mark=Mark.TICK, on=True, key="wrong")
    say = Item("That was wrong", Ask("wrong", {"id": one["id"]}), key="wrong")
    return Item(
        f"{at}  {one['keyword']}  {one['score']:.2f}" + (f"  {ran}" if ran else "") + wrong,
        items=(said if one.get("wrong") else say, *(Item(each[:90]) for each in details)),
        key=str(one["id"]),
    )


def microphone(status: Mapping[str, Any], listed: Sequence[Mapping[str, Any]]) -> Item:
    """The file's choice, the system's default, and each input by its name."""
    chosen = _chosen(status).get("microphone")
    in_use = status.get("microphone") or ""
    wanted = ", ".join(status.get("microphones_wanted") or ())
    names = dict.fromkeys(str(each["name"]) for each in listed if each["name"] != "default")
    using = {str(each["name"]) for each in listed if each.get("in_use")} or {in_use}
    if chosen and chosen != "default":
        names.setdefault(chosen)
    present = {str(each["name"]) for each in listed}
    items = [
        Item(
            f"{FILE}: {wanted}" if wanted and not chosen else FILE, _use(None), Mark.RADIO, chosen is None, key="file"
        ),
        Item("System default", _use("default"), Mark.RADIO, chosen == "default", key="default"),
        SEPARATOR,
    ]
    for name in names:
        text = f"{name}   {bar(status.get('level_db'))}".rstrip() if name in using else name
        gone = "" if not listed or name in present else " (not there now)"
        items.append(Item(text + gone, _use(name), Mark.RADIO, chosen == name, key=name))
    if in_use and not using & names.keys():
        items.append(Item(f"In use: {in_use}   {bar(status.get('level_db'))}".rstrip(), key="in use"))
    return Item(_titled("Microphone", here=chosen is not None), items=tuple(items), key="microphone")


def bar(level_db: float | None) -> str:
    """Draw a level in text; empty while nothing is heard."""
    if level_db is None:
        return ""
    full = round(BAR * min(1.0, max(0.0, 1 - level_db / QUIETEST_DB)))
    return "▮" * full + "▯" * (BAR - full) + f" {level_db:.0f} dB"


def sensitivity(status: Mapping[str, Any]) -> Item:
    """For all words; those that were set apart here can be given back."""
    chosen = _chosen(status).get("sensitivity")
    now = status.get("sensitivity")
    items = [Item(f"{FILE}: {now}" if now and not chosen else FILE, _level(None), Mark.RADIO, not chosen, key="file")]
    items += [Item(text, _level(level), Mark.RADIO, chosen == level, key=level.value) for level, text in LEVELS.items()]
    words = _chosen(status).get("sensitivities") or {}
    if words:
        items.append(SEPARATOR)
    items += [
        Item(f'"{word}" alone: {level}; back to the file\'s', _level(None, word), key=f"word {word}")
        for word, level in words.items()
    ]
    return Item(_titled("Sensitivity", here=bool(chosen or words)), items=tuple(items), key="sensitivity")


def rules(status: Mapping[str, Any]) -> Item:
    """One line a keyword, ticked while it is on."""
    found = status.get("rule_states") or ()
    lines = tuple(
        Item(
            f"{rule['keyword']}: {rule['does']}" + (f" ({HERE})" if rule["enabled"] != rule["in_file"] else ""),
            Ask("rule", {"keyword": rule["keyword"], "on": not rule["enabled"]}),
            Mark.TICK,
            rule["enabled"],
            key=str(rule["keyword"]),
        )
        for rule in found
    )
    here = any(rule["enabled"] != rule["in_file"] for rule in found)
    return Item(_titled("Rules", here=here), items=lines or (Item("There are none"),), key="rules")


def silence(status: Mapping[str, Any]) -> Item:
    """When not to listen, a tick each."""
    chosen = _chosen(status).get("pause_while") or {}
    return Item(_titled("Stay silent", here=bool(chosen)), items=tuple(_absences(status, chosen)), key="silence")


def _absences(status: Mapping[str, Any], chosen: Mapping[str, bool]) -> Iterator[Item]:
    effective = status.get("pause_while") or ()
    for what, text in ABSENCES.items():
        on = what in effective
        here = f" ({HERE})" if what in chosen else ""
        yield Item(text + here, Ask("pause_while", {"what": what, "on": not on}), Mark.TICK, on, key=what)
    for what in chosen:
        yield Item(f"{FILE}: {what}", Ask("pause_while", {"what": what, "on": None}), key=f"file {what}")


def _chosen(status: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = status.get("choices") or {}
    return found


def _titled(title: str, *, here: bool) -> str:
    return f"{title} ({HERE})" if here else title


def _use(name: str | None) -> Ask:
    return Ask("microphone", {"name": name})


def _level(level: Sensitivity | None, keyword: str | None = None) -> Ask:
    return Ask("sensitivity", {"level": None if level is None else level.value, "keyword": keyword})
