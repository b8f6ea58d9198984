"""The menu on the session bus, by the protocol com.canonical.dbusmenu: the panel draws it, voicego fills it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from dbus_fast import DBusError, ErrorType, PropertyAccess
from dbus_fast.annotations import DBusBool, DBusInt32, DBusSignature, DBusStr, DBusUInt32, DBusVariant
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from voicego.tray.numbering import ROOT, Numbering
from voicego.tray.properties import properties, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from voicego.tray.model import Click, Item

PATH = "/MenuBar"
VERSION = 3

Nothing = Annotated[None, DBusSignature("")]
"""dbus-fast takes a plain None, as a string, for no signature at all."""
Names = Annotated[list[str], DBusSignature("as")]
Numbers = Annotated[list[int], DBusSignature("ai")]
Layout = Annotated[list[Any], DBusSignature("u(ia{sv}av)")]
Looks = Annotated[list[Any], DBusSignature("a(ia{sv})")]
Clicks = Annotated[list[Any], DBusSignature("a(isvu)")]
Updates = Annotated[list[Any], DBusSignature("a(ia{sv})a(ias)")]
NewLayout = Annotated[list[Any], DBusSignature("ui")]
TwoNumbers = Annotated[list[Any], DBusSignature("aiai")]


class DBusMenu(ServiceInterface):
    """Everything here runs on the thread of the bus."""

    def __init__(self, clicked: Callable[[Click], None], opened: Callable[[bool], None]) -> None:
        super().__init__("com.canonical.dbusmenu")
        self._clicked = clicked
        self._opened = opened
        self._numbering = Numbering()
        self._revision = 1

    def take(self, menu: Sequence[Item]) -> None:
        """Show another menu. One that is open changes before the person's eyes."""
        moved, changed = self._numbering.take(menu)
        if moved:
            self._revision += 1
            self.layout_updated()
        elif changed:
            self.items_properties_updated(changed)

    @dbus_method(name="GetLayout")
    def get_layout(self, parent: DBusInt32, depth: DBusInt32, wanted: Names) -> Layout:
        if parent not in self._numbering.lines:
            raise DBusError(ErrorType.INVALID_ARGS, f"there is no line {parent}")
        return [self._revision, tree(self._numbering.lines, parent, depth, wanted)]

    @dbus_method(name="GetGroupProperties")
    def get_group_properties(self, numbers: Numbers, wanted: Names) -> Looks:
        lines = self._numbering.lines
        asked = numbers or list(lines)
        return [[number, properties(lines[number], wanted)] for number in asked if number in lines]

    @dbus_method(name="GetProperty")
    def get_property(self, number: DBusInt32, name: DBusStr) -> DBusVariant:
        line = self._numbering.lines.get(number)
        found = properties(line).get(name) if line else None
        if found is None:
            raise DBusError(ErrorType.INVALID_ARGS, f"line {number} has no {name}")
        return found

    @dbus_method(name="Event")
    def event(self, number: DBusInt32, what: DBusStr, _data: DBusVariant, _timestamp: DBusUInt32) -> Nothing:
        self._happened(number, what)

    @dbus_method(name="EventGroup")
    def event_group(self, all_of_them: Clicks) -> Numbers:
        return [number for number, what, _data, _time in all_of_them if not self._happened(number, what)]

    @dbus_method(name="AboutToShow")
    def about_to_show(self, number: DBusInt32) -> DBusBool:
        if number == ROOT:
            self._opened(True)
        return False

    @dbus_method(name="AboutToShowGroup")
    def about_to_show_group(self, numbers: Numbers) -> TwoNumbers:
        if ROOT in numbers:
            self._opened(True)
        return [[], [number for number in numbers if number not in self._numbering.lines]]

    @dbus_signal(name="ItemsPropertiesUpdated")
    def items_properties_updated(self, changed: Sequence[int]) -> Updates:
        return [[[number, properties(self._numbering.lines[number])] for number in changed], []]

    @dbus_signal(name="LayoutUpdated")
    def layout_updated(self) -> NewLayout:
        return [self._revision, ROOT]

    @dbus_property(access=PropertyAccess.READ, name="Version")
    def version(self) -> DBusUInt32:
        return VERSION

    @dbus_property(access=PropertyAccess.READ, name="TextDirection")
    def text_direction(self) -> DBusStr:
        return "ltr"

    @dbus_property(access=PropertyAccess.READ, name="Status")
    def status(self) -> DBusStr:
        return "normal"

    @dbus_property(access=PropertyAccess.READ, name="IconThemePath")
    def icon_theme_path(self) -> Names:
        return []

    def _happened(self, number: int, what: str) -> bool:
        """Take note of what a person did; False when there is no such line (any more)."""
        line = self._numbering.lines.get(number)
        if line is None:
            return False
        if number == ROOT and what in {"opened", "closed"}:
            self._opened(what == "opened")
        if what == "clicked" and line.item.click is not None:
            self._clicked(line.item.click)
        return True
