"""What the daemon would hear in sounds, without a daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stand_ins import HandSource
from voicego.app import hearing
from voicego.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voicego.flow import Detection, Samples
    from voicego.seams import Classifier


def heard_in(sounds: Iterable[Samples], model: Classifier) -> list[Detection]:
    """What the daemon's own gate, windows and detector find, listening for every keyword as it ships."""
    source = HandSource(live=False)
    for sound in sounds:
        source.hear(sound)
    source.end()
    found: list[Detection] = []
    setup = hearing.every_keyword("embedded")
    Listener(source, model, setup, hearing.decisions_for(setup), found.append).listen()
    return found
