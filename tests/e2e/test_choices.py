"""What a person chooses from the command line, on a real daemon and sound server; the rules file stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.house import House, house_in, until
from tests.spoken import saying, with_pauses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.soundserver import SoundServer

pytestmark = pytest.mark.e2e


@pytest.fixture
def house(tmp_path: Path, sound_server: SoundServer) -> Iterator[House]:
    with house_in(tmp_path, sound_server.env) as one:
        one.write(f"rules:\n  go: {{{one.mark()}}}\n  stop: {{{one.mark()}}}\n")
        yield one


def test_a_rule_that_is_switched_off_does_nothing_until_it_is_on_again(house: House, sound_server: SoundServer) -> None:
    rules = house.rules_file.read_bytes()
    house.begin()

    off = house.voicego("choose", "rule", "go", "off")
    sound_server.play_samples(with_pauses(saying("go"), saying("stop")))
    house.until_done(1)
    first = house.marks
    on = house.voicego("choose", "rule", "go", "on")
    sound_server.play_samples(with_pauses(saying("go")))
    house.until_done(2)

    assert (off.stdout, on.stdout) == ("listens for: stop\n", "listens for: go, stop\n")
    assert (first, house.marks) == (["stop"], ["stop", "go"])
    assert house.rules_file.read_bytes() == rules


def test_a_microphone_is_chosen_by_its_name_and_given_back(house: House, sound_server: SoundServer) -> None:
    sink = sound_server.load("module-null-sink", "sink_name=desk", "sink_properties=device.description=Desk")
    try:
        house.begin()
        [before] = sound_server.source_outputs()

        absent = house.voicego("choose", "microphone", "Yeti").stdout
        chosen = house.voicego("choose", "microphone", "monitor of desk")
        house.until_awake()
        [during] = sound_server.source_outputs()
        sound_server.play_samples(with_pauses(saying("go")), sink="desk")
        house.until_done(1)
        shown = house.voicego("choose", "show").stdout
        house.voicego("choose", "microphone", "file")
        [after] = until(sound_server.source_outputs, "the microphone of the file")

        assert 'there is no microphone "Yeti"; Monitor of Null Output is heard until it comes' in absent
        assert chosen.stdout == "hears: Monitor of Desk\n"
        assert during.source != before.source
        assert house.marks == ["go"]
        assert "microphone    monitor of desk, default (chosen here)" in shown
        assert after.source == before.source
    finally:
        sound_server.unload(sink)


def test_a_pause_outlives_a_killed_daemon(house: House, sound_server: SoundServer) -> None:
    house.begin()
    house.voicego("pause", "1h")
    assert house.process is not None
    house.process.kill()
    house.ended()

    house.begin(state="paused")
    heard_by = sound_server.source_outputs()
    house.voicego("resume")

    house.until_state("listening")
    assert heard_by == []


def test_three_wrong_words_bring_an_offer(house: House, sound_server: SoundServer) -> None:
    house.begin()
    for count in (1, 2, 3):
        sound_server.play_samples(with_pauses(saying("go")))
        house.until_done(count)
        told = house.voicego("wrong").stdout

    assert told.startswith("noted: go (")
    assert "go was wrong 3 times within a day; to hear it less readily: voicego choose sensitivity lower go" in told
    assert house.voicego("choose", "sensitivity", "lower", "go").stdout.startswith("go: lower, heard from 0.")
    assert "was wrong" not in house.voicego("status").stdout
