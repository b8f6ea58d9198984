"""What many tests need: a sound server, voices that speak into it, and recordings made of what they say."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.soundserver import SoundServer
from tests.spoken import files_saying, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from voicego.flow import Samples

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # Shells start what runs in the background so, and every child would inherit it: Ctrl-C would end none of them.
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("voicego", deadline=None)  # machines are noisy: no time is asserted
settings.load_profile("voicego")


@pytest.fixture(scope="session")
def sound_server() -> Iterator[SoundServer]:
    """One for all tests: leave it as it was. A test that breaks its server makes its own."""
    with SoundServer() as server:
        yield server


@pytest.fixture(scope="session")
def voices() -> Callable[[str], list[Path]]:
    """`voices("go")`: every file in which a voice says it."""
    return files_saying


@pytest.fixture(scope="session")
def speak() -> Callable[..., Samples]:
    """`speak(1.0, "go", 1.5, "stop", 1.0)`: a recording of words and pauses; see `spoken`."""
    return spoken
