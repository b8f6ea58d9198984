"""The icon on the session bus, by the protocol StatusNotifierItem: KDE, GNOME's extension, Xfce, waybar and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from dbus_fast import PropertyAccess
from dbus_fast.annotations import DBusBool, DBusInt32, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from voicego.tray import dbusmenu, icons
from voicego.tray.model import Icon, View

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/StatusNotifierItem"

Nothing = Annotated[None, DBusSignature("")]
"""dbus-fast takes a plain None, as a string, for no signature at all."""
Pixmaps = Annotated[list[Any], DBusSignature("a(iiay)")]
ToolTip = Annotated[list[Any], DBusSignature("(sa(iiay)ss)")]


class NotifierItem(ServiceInterface):
    """Everything here runs on the thread of the bus. It names no icon of a theme: each pixel is sent along."""

    def __init__(self, activated: Callable[[], None], *, dark: bool) -> None:
        super().__init__("org.kde.StatusNotifierItem")
        self._activated = activated
        self._dark = dark
        self._view = View(Icon.LOADING, "voicego")

    def take(self, view: View) -> None:
        """Show another icon or tooltip."""
        before, self._view = self._view, view
        if before.icon is not view.icon:
            self.new_icon()
        if before.tooltip != view.tooltip:
            self.new_tool_tip()
            self.new_title()

    @dbus_method(name="Activate")
    def activate(self, _x: DBusInt32, _y: DBusInt32) -> Nothing:
        self._activated()

    @dbus_method(name="SecondaryActivate")
    def secondary_activate(self, _x: DBusInt32, _y: DBusInt32) -> Nothing:
        self._activated()

    @dbus_method(name="ContextMenu")
    def context_menu(self, _x: DBusInt32, _y: DBusInt32) -> Nothing:
        """Nothing: the panel draws the menu."""

    @dbus_method(name="Scroll")
    def scroll(self, _delta: DBusInt32, _orientation: DBusStr) -> Nothing:
        """Nothing: what should a wheel mean."""

    @dbus_method(name="ProvideXdgActivationToken")
    def provide_xdg_activation_token(self, _token: DBusStr) -> Nothing:
        """Nothing: voicego opens no window."""

    @dbus_property(access=PropertyAccess.READ, name="Category")
    def category(self) -> DBusStr:
        return "ApplicationStatus"

    @dbus_property(access=PropertyAccess.READ, name="Id")
    def id(self) -> DBusStr:
        return "voicego"

    @dbus_property(access=PropertyAccess.READ, name="Title")
    def title(self) -> DBusStr:
        # What screen readers say, and panels that know no tooltip.
        return self._view.tooltip.partition("\n")[0]

    @dbus_property(access=PropertyAccess.READ, name="Status")
    def status(self) -> DBusStr:
        return "Active"

    @dbus_property(access=PropertyAccess.READ, name="WindowId")
    def window_id(self) -> DBusInt32:
        return 0

    @dbus_property(access=PropertyAccess.READ, name="IconName")
    def icon_name(self) -> DBusStr:
        return ""

    @dbus_property(access=PropertyAccess.READ, name="IconPixmap")
    def icon_pixmap(self) -> Pixmaps:
        return [list(each) for each in icons.pixmaps(self._view.icon, dark=self._dark)]

    @dbus_property(access=PropertyAccess.READ, name="IconThemePath")
    def icon_theme_path(self) -> DBusStr:
        return ""

    @dbus_property(access=PropertyAccess.READ, name="OverlayIconName")
    def overlay_icon_name(self) -> DBusStr:
        return ""

    @dbus_property(access=PropertyAccess.READ, name="OverlayIconPixmap")
    def overlay_icon_pixmap(self) -> Pixmaps:
        return []

    @dbus_property(access=PropertyAccess.READ, name="AttentionIconName")
    def attention_icon_name(self) -> DBusStr:
        return ""

    @dbus_property(access=PropertyAccess.READ, name="AttentionIconPixmap")
    def attention_icon_pixmap(self) -> Pixmaps:
        return []

    @dbus_property(access=PropertyAccess.READ, name="AttentionMovieName")
    def attention_movie_name(self) -> DBusStr:
        return ""

    @dbus_property(access=PropertyAccess.READ, name="ToolTip")
    def tool_tip(self) -> ToolTip:
        first, _, rest = self._view.tooltip.partition("\n")
        return ["", [], first, rest]

    @dbus_property(access=PropertyAccess.READ, name="ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        # A left click shows the menu, where a panel asks: a pause by mistake nobody sees at once.
        return True

    @dbus_property(access=PropertyAccess.READ, name="Menu")
    def menu(self) -> DBusObjectPath:
        return dbusmenu.PATH

    @dbus_signal(name="NewIcon")
    def new_icon(self) -> Nothing:
        """Tell the panel to ask again."""

    @dbus_signal(name="NewTitle")
    def new_title(self) -> Nothing:
        """Tell the panel to ask again."""

    @dbus_signal(name="NewToolTip")
    def new_tool_tip(self) -> Nothing:
        """Tell the panel to ask again."""

    @dbus_signal(name="NewStatus")
    def new_status(self) -> DBusStr:
        return "Active"
