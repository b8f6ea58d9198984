"""The first run's first question: which microphone? A bar moves while the person looks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicego.app.first_run.screen import DOWN, TICK_S, UP, bar, shortened
from voicego.errors import VoicegoError
from voicego.hearing.choosing import DEFAULT, Device, NoMicrophone, choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from voicego.app.first_run.screen import Ear, Screen

LIST_S = 8.0
"""Seconds to wait for the list: a process has to start."""
OPENS_S = 6.0
"""Seconds without a sound after which a microphone is said to give none."""
SHOWN = 9
"""Rows; each has a number to press."""
NAME = 36
"""Characters of a name that are shown."""

HOW = "Which microphone? Arrow keys or numbers choose, Enter takes it, r looks again."


def listed(ear: Ear) -> tuple[Device, ...]:
    """List the microphones, what is best to choose first.

    Raises:
        VoicegoError: PortAudio is missing, or hangs.
    """
    found = ear.answer("list", LIST_S)["microphones"]
    return tuple(Device(**one) for one in found)


def by_name(ear: Ear, name: str) -> str:
    """Check a name from the command line; returns it.

    Raises:
        NoMicrophone: there is none, or none of that name.
        VoicegoError: it means several, or the sound system hangs.
    """
    choose(listed(ear), (name,))
    return name


def chosen(screen: Screen, ear: Ear, usual: Sequence[str]) -> str | None:
    """Let the person choose; returns what to write into the rules, None: `usual` means that one already.

    Raises:
        NoMicrophone: there is none.
        VoicegoError: PortAudio is missing, or hangs.
    """
    devices = listed(ear)
    if not devices:
        raise NoMicrophone("no microphone was found; plug one in, or see what `voicego doctor` says")
    with screen.picture() as picture:
        view = View(devices)
        view.turn_to(ear, devices.index(meant) if (meant := _meant(devices, usual)) else 0)
        while True:
            view.hear(ear)
            picture.show([HOW, "", *view.rows(), "", view.remark])
            match picture.key():
                case "enter":
                    break
                case "r":
                    ear.close()  # PortAudio sees what was plugged in when it is started
                    view = View(listed(ear) or devices)
                    view.turn_to(ear, 0)
                case key if (to := view.after(key)) is not None:
                    view.turn_to(ear, to)
    screen.line(f"microphone: {view.device.name}{' (the default)' if view.device.default else ''}")
    return None if view.device == _meant(view.devices, usual) else name_of(view.device, view.devices)


def _meant(devices: Sequence[Device], names: Sequence[str]) -> Device | None:
    try:
        return choose(devices, names)
    except VoicegoError:
        return None


def name_of(device: Device, devices: Sequence[Device]) -> str:
    """Find what to write into the rules for a microphone: its name, or more where that is not enough."""
    if device.default:
        return DEFAULT
    more = (device.name, device.node or f"{device.name}, {device.host_api}")
    return next((name for name in more if choose(devices, (name,)) == device), more[-1])


@dataclass(slots=True)
class View:
    """The list, and the one that is heard."""

    devices: tuple[Device, ...]
    at: int = 0
    level_db: float | None = None
    remark: str = ""
    _silent_s: float = 0.0

    @property
    def device(self) -> Device:
        """The one that is heard."""
        return self.devices[self.at]

    def turn_to(self, ear: Ear, at: int) -> None:
        """Hear another one."""
        self.at, self.level_db, self._silent_s = at, None, 0.0
        self.remark = "Speak: the bar moves."
        ear.ask("level", names=[name_of(self.device, self.devices)])

    def hear(self, ear: Ear) -> None:
        """Take in what comes within a moment."""
        try:
            said = ear.next(TICK_S)
        except VoicegoError as error:
            self.remark, self.level_db = str(error), None
            return
        if said is None:
            self._silent_s += TICK_S
            if self._silent_s > OPENS_S:
                self.remark = "It gives no sound, and the sound system does not say why; choose another, or press r."
        elif "level_db" in said:
            self._silent_s, self.level_db = 0.0, said["level_db"]

    def after(self, key: str) -> int | None:
        """Say which one a key means."""
        if key in {UP, DOWN}:
            return (self.at + (1 if key == DOWN else -1)) % len(self.devices)
        if key.isdecimal() and 1 <= int(key) <= min(SHOWN, len(self.devices)):
            return self._first + int(key) - 1
        return None

    def rows(self) -> list[str]:
        """Draw the list."""
        shown = list(enumerate(self.devices))[self._first : self._first + SHOWN]
        return [self._row(number + 1, index) for number, (index, _) in enumerate(shown)]

    @property
    def _first(self) -> int:
        return max(0, min(self.at - SHOWN // 2, len(self.devices) - SHOWN))

    def _row(self, number: int, index: int) -> str:
        device = self.devices[index]
        twins = [one.name for one in self.devices].count(device.name) > 1
        name = f"{device.name}, {device.node or device.host_api}" if twins else device.name
        tail = " (the default)" if device.default else ""
        mark, level = (">", bar(self.level_db)) if index == self.at else (" ", "")
        return f" {mark} {number}  {shortened(name, NAME - len(tail)) + tail:<{NAME}}  {level}".rstrip()
