"""A line of the menu, and its tree, in the words of com.canonical.dbusmenu. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dbus_fast import Variant

from voicego.tray.model import Mark
from voicego.tray.numbering import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from voicego.tray.numbering import Line

TOGGLES = {Mark.TICK: "checkmark", Mark.RADIO: "radio"}


def properties(line: Line, wanted: Sequence[str] = ()) -> dict[str, Variant]:
    """Say how a line looks; `wanted` names what is asked for, and nothing means everything."""
    item = line.item
    if not item.text:
        found = {"type": Variant("s", "separator")}
    else:
        # An underscore would underline the letter after it.
        found = {"label": Variant("s", item.text.replace("_", "__")), "enabled": Variant("b", item.enabled)}
        if item.mark is not Mark.NONE:
            found["toggle-type"] = Variant("s", TOGGLES[item.mark])
            found["toggle-state"] = Variant("i", int(item.on))
    if line.beneath:
        found["children-display"] = Variant("s", "submenu")
    return {name: value for name, value in found.items() if not wanted or name in wanted}


def tree(lines: Mapping[int, Line], number: int, depth: int, wanted: Sequence[str]) -> list[Any]:
    """Say what lies beneath a line, `depth` levels down (-1: all), as `(ia{sv}av)`.

    Raises:
        KeyError: there is no such line (any more).
    """
    line = lines[number]
    beneath = line.beneath if depth else ()
    shown = {"children-display": Variant("s", "submenu")} if number == ROOT else properties(line, wanted)
    return [number, shown, [Variant("(ia{sv}av)", tree(lines, each, depth - 1, wanted)) for each in beneath]]
