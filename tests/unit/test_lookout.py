"""Whether a better microphone is there than the one in use."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from tests.unit.test_sound_server import BUILT_IN, HEADSET, MONITOR, YETI, server
from voicego.errors import VoicegoError
from voicego.hearing import lookout
from voicego.hearing.choosing import Device
from voicego.hearing.look import look
from voicego.hearing.lookout import BLIND_CALLS, Lookout
from voicego.hearing.staying import Changes

if TYPE_CHECKING:
    from voicego.hearing.sound_server import Server, Source

WANTED = ("yeti", "default")
DESK, WALL = Device("desk", "ALSA", 1, 16_000), Device("wall", "ALSA", 1, 16_000)


@dataclass
class World:
    """A sound server, PortAudio's eyes, and what they were asked."""

    server: Server | None = None
    heard: set[int] = field(default_factory=set)
    seen: tuple[Device, ...] = ()
    changes: Changes = field(default_factory=Changes)
    asked: int = 0
    looks: int = 0
    tried: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._lookout = Lookout(self._ask, lambda _: frozenset(self.heard), self._look, self.changes)

    def better(self, names: tuple[str, ...], in_use: str) -> bool:
        return self._lookout.better_there(names, in_use)

    def _ask(self) -> Server | None:
        self.asked += 1
        return self.server

    def _look(self, names: tuple[str, ...]) -> tuple[Device, ...]:
        self.looks += 1
        self.tried = names
        return self.seen


# --- by the sound server ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sources", "default", "heard", "in_use", "better"),
    [
        ((BUILT_IN,), BUILT_IN, BUILT_IN, "Built-in", False),
        ((BUILT_IN, YETI), BUILT_IN, BUILT_IN, "Built-in", True),
        ((BUILT_IN, YETI), BUILT_IN, YETI, "Yeti", False),
        ((BUILT_IN, MONITOR), MONITOR, BUILT_IN, "Built-in", True),
        ((BUILT_IN, HEADSET), HEADSET, BUILT_IN, "Built-in", False),
        ((BUILT_IN, HEADSET), BUILT_IN, HEADSET, "Built-in", True),
    ],
    ids=["alone", "came back", "is heard", "new default", "headset is default", "moved into the headset"],
)
def test_it_goes_by_what_is_preferred_and_by_what_is_really_heard(
    sources: tuple[Source, ...], default: Source, heard: Source, in_use: str, *, better: bool
) -> None:
    world = World(server(*sources, default=default), {heard.index})

    assert world.better(WANTED, in_use) is better


def test_two_of_the_same_name_are_told_apart_by_what_is_heard() -> None:
    twin = replace(YETI, index=20, node="alsa_input.usb-Yeti.2")

    assert not World(server(YETI, twin, default=twin), {20}).better(("default",), "Yeti")
    assert World(server(YETI, twin, default=twin), {YETI.index}).better(("default",), "Yeti")


def test_a_name_that_means_several_is_said() -> None:
    twins = (replace(YETI, description="Yeti Nano"), replace(YETI, description="Yeti X"), BUILT_IN)

    with pytest.raises(VoicegoError, match="means several"):
        World(server(*twins, default=BUILT_IN), {BUILT_IN.index}).better(WANTED, "Built-in")


def test_while_the_server_tells_of_changes_it_is_asked_only_after_one() -> None:
    world = World(server(BUILT_IN, default=BUILT_IN), {BUILT_IN.index})
    world.changes.listeners = 1
    assert [world.better(WANTED, "Built-in") for _ in range(5)] == [False] * 5
    assert world.asked == 1

    world.server = server(BUILT_IN, YETI, default=BUILT_IN)
    assert not world.better(WANTED, "Built-in"), "nothing was told yet"
    world.changes.count += 1

    assert world.better(WANTED, "Built-in")
    assert not world.better(("built-in",), "Built-in"), "other names are another question"


def test_what_did_not_open_is_not_tried_again_and_again_while_nothing_changes() -> None:
    world = World(server(BUILT_IN, YETI, default=BUILT_IN), {BUILT_IN.index})

    answers = [world.better(WANTED, "Built-in") for _ in range(BLIND_CALLS + 1)]
    assert answers == [True, *[False] * (BLIND_CALLS - 1), True]
    world.server = server(BUILT_IN, MONITOR, YETI, default=BUILT_IN)

    assert world.better(WANTED, "Built-in")


def test_a_server_that_tells_nothing_is_asked_each_time() -> None:
    world = World(server(BUILT_IN, default=BUILT_IN), {BUILT_IN.index})

    assert not world.better(WANTED, "Built-in")
    world.server = server(BUILT_IN, YETI, default=BUILT_IN)

    assert world.better(WANTED, "Built-in")


# --- with PortAudio's eyes -------------------------------------------------------------------------------------------


@pytest.fixture
def on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")


@pytest.mark.usefixtures("on_linux")
def test_a_device_that_no_server_knows_is_looked_for_after_each_change(monkeypatch: pytest.MonkeyPatch) -> None:
    cards = ["0 [PCH]"]
    monkeypatch.setattr(lookout, "_alsa", lambda: cards[0])
    world = World(seen=(WALL,))
    names = ("desk", "wall", "default")
    assert [world.better(names, "wall") for _ in range(5)] == [False] * 5
    assert world.looks == 1

    world.seen, cards[0] = (DESK, WALL), "0 [PCH]\n1 [Desk]"

    assert world.better(names, "wall")
    assert world.tried == ("desk",)
    assert not world.better(names, "desk")
    assert world.looks == 2


@pytest.mark.usefixtures("on_linux")
def test_nobody_looks_for_what_is_less_preferred() -> None:
    world = World(seen=(DESK, WALL))

    assert not world.better(("wall", "desk"), "wall")
    assert not world.better(("default", "desk"), "built-in")
    assert world.looks == 0


def test_where_nothing_tells_of_changes_only_some_calls_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    world = World(seen=(WALL,))

    assert not any(world.better(("desk", "wall"), "wall") for _ in range(2 * BLIND_CALLS))

    assert world.looks == 2


def test_a_look_that_fails_or_hangs_is_a_sentence() -> None:
    for script, said in (("", "cannot be listed"), ("exit(1)", "cannot be listed"), ("print([])", "")):
        command = (sys.executable, "-c", script)
        if said:
            with pytest.raises(VoicegoError, match=said):
                look((), command)
        else:
            assert look((), command) == ()
