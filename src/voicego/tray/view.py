"""What is known becomes what is shown: icon, tooltip, menu. Pure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from voicego.flow import State
from voicego.tray.menu import menu
from voicego.tray.model import Ask, Deed, Icon, Known, View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voicego.tray.model import Click

LONGEST_TOOLTIP = 127
"""Characters; Windows shows no more."""

ICONS = {
    State.STARTING: Icon.LOADING,
    State.LOADING: Icon.LOADING,
    State.LISTENING: Icon.LISTENING,
    State.PAUSED: Icon.PAUSED,
    State.RECONNECTING: Icon.RECONNECTING,
    State.CONFIG_ERROR: Icon.CONFIG_ERROR,
    State.FAILED: Icon.FAILED,
    State.STOPPED: Icon.STOPPED,
}


def view(known: Known, now: float) -> View:
    """Show what is known at `now`, in Unix time."""
    return View(_icon(known), _tooltip(known), menu(known, now), _click(known))


def _icon(known: Known) -> Icon:
    if known.status is None:
        if known.starting:
            return Icon.LOADING
        return Icon.FAILED if known.died else Icon.STOPPED
    icon = ICONS.get(known.status["state"], Icon.FAILED)  # a newer daemon's state: rather alarmed than wrong
    if icon is not Icon.LISTENING:
        return icon
    if known.flash:
        return Icon.HEARD
    return Icon.CONFIG_ERROR if known.status.get("config_error") else Icon.LISTENING


def _tooltip(known: Known) -> str:
    if known.status is None:
        lines = ["voicego is starting" if known.starting else "voicego is not running", known.gone]
    else:
        lines = [f"voicego: {known.status['state']}", known.status.get("reason", "")]
        if error := known.status.get("config_error"):
            lines.append(f"rules are broken: {error.splitlines()[0]}")
        lines += known.status.get("notices") or ()
        # The newest first, where something has to be cut: the state and what was heard matter most.
        lines.insert(2, last(known.status))
    text = "\n".join(line for line in lines if line)
    return text if len(text) <= LONGEST_TOOLTIP else text[: LONGEST_TOOLTIP - 1] + "…"


def last(status: Mapping[str, Any]) -> str:
    """Tell the last command and what came of it, in one line; empty if there was none."""
    heard = status.get("last_detection")
    if not heard:
        return ""
    at = time.strftime("%H:%M:%S", time.localtime(heard["time"]))
    ran = status.get("last_run")
    done = f", {ran['action']}: {ran['outcome']}" if ran and ran.get("detection_id") == heard["id"] else ""
    return f"last: {heard['keyword']} ({heard['score']:.2f}) at {at}{done}"


def _click(known: Known) -> Click | None:
    if known.status is None:
        return None if known.starting else Deed.START
    return Ask("resume") if known.status["state"] == State.PAUSED else Ask("pause")
