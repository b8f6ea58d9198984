"""`voicego doctor` on a real sound server: well, without a microphone, in exact silence, and where the server hangs."""

from __future__ import annotations

import getpass
import json
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.house import House, house_in
from tests.sounds import hiss
from tests.soundserver import SoundServer
from voicego import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

CARDS = Path("/proc/asound/cards")
without_a_card = pytest.mark.skipif(
    CARDS.exists() and "[" in CARDS.read_text(), reason="this machine has a microphone of its own"
)


@pytest.fixture
def house(tmp_path: Path, sound_server: SoundServer) -> Iterator[House]:
    with house_in(tmp_path, with_a_browser(sound_server.env, tmp_path)) as one:
        one.write(f"rules:\n  go: {{{one.mark()}}}\n")
        yield one


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[tuple[SoundServer, House]]:
    """A server to break, and a house on it."""
    with SoundServer() as server, house_in(tmp_path, with_a_browser(server.env, tmp_path)) as one:
        one.write(f"rules:\n  go: {{{one.mark()}}}\n")
        yield server, one


def with_a_browser(environ: dict[str, str], folder: Path) -> dict[str, str]:
    """Tests need none, and a machine without one is no healthy desktop."""
    browser = folder / "bin" / "x-www-browser"
    browser.parent.mkdir()
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    return environ | {"PATH": f"{browser.parent}:{environ['PATH']}"}


def looked(house: House) -> tuple[int, dict[str, dict[str, Any]]]:
    done = house.voicego("doctor", "--json")
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert set(found) == {"checks"}
    return done.returncode, {one["name"]: one for one in found["checks"]}


def private(written: str, house: House) -> list[str]:
    """What a text gives away."""
    words = {house.env["HOME"], str(house.folder), platform.node(), getpass.getuser()}
    return [word for word in words if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", written)]


def states(checks: dict[str, dict[str, Any]], *names: str) -> set[str]:
    return {checks[name]["state"] for name in names}


def test_on_a_desktop_where_voicego_listens_nothing_is_a_problem_and_nothing_is_private(
    house: House, sound_server: SoundServer
) -> None:
    house.begin()
    sound_server.speak(hiss(30.0, -45.0))

    code, checks = looked(house)
    sound_server.hush()

    assert [one for one in checks.values() if one["state"] == "problem"] == []
    assert code == 0
    assert states(checks, "packages", "running", "lock", "rules", "model", "classification", "sound", "log") == {"ok"}
    assert checks["running"]["found"] == f"process {house.process.pid}, version {__version__}: listening"  # type: ignore[union-attr]
    assert "-45 dBFS" in checks["sound"]["found"]
    assert "16 kHz by " in checks["sound"]["found"]
    assert "the running voicego hears it too" in checks["sound"]["found"]
    assert len(sound_server.source_outputs()) == 1, "it lets go of the microphone, and the daemon does not"
    assert not private(json.dumps(checks), house)


def test_exact_silence_is_a_problem(house: House) -> None:
    code, checks = looked(house)

    assert code == 1
    assert [name for name, one in checks.items() if one["state"] == "problem"] == ["sound"]
    assert "nothing but exact silence for 3 s" in checks["sound"]["found"]
    assert "muted" in checks["sound"]["advice"]
    assert checks["running"]["found"] == "voicego does not run now"


@without_a_card
def test_no_microphone_is_a_problem_in_json_and_in_a_text_of_eighty_columns(
    own_server: tuple[SoundServer, House],
) -> None:
    server, house = own_server
    server.pactl("unload-module", "module-null-sink")
    _, no_source = looked(house)
    server.stop()

    code, checks = looked(house)
    text = house.voicego("doctor")

    assert "problem" in states(no_source, "microphones", "sound")

    assert (code, text.returncode) == (1, 1)
    assert [line.split()[:2] for line in text.stdout.splitlines() if line[0] != " "][:-1] == [
        [one["state"], name] for name, one in checks.items()
    ]
    assert max(len(line) for line in text.stdout.splitlines() if "/" not in line) <= 80
    assert "\x1b" not in text.stdout
    assert not private(text.stdout, house)
    assert states(checks, "microphones", "sound") == {"problem"}
    assert "plug one in" in checks["microphones"]["advice"]


def test_a_server_that_hangs_is_told_and_holds_up_nothing(own_server: tuple[SoundServer, House]) -> None:
    server, house = own_server

    with server.hung():
        code, checks = looked(house)

    assert code == 1
    assert states(checks, "portaudio", "microphones", "sound") == {"problem"}
    assert checks["portaudio"]["found"] == "the sound server does not answer"
    assert states(checks, "rules", "model", "classification", "disk") == {"ok"}
