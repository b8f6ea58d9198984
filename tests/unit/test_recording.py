"""Recordings of every kind become the same blocks; bad ones are named in one sentence."""

from __future__ import annotations

import os
import pty
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, AudioBlock, Samples
from voicego.hearing.recording import Pace, Recording, read_clip

if TYPE_CHECKING:
    from voicego.hearing.ring import Frames

SOUND = (0.5 * np.sin(np.arange(3 * SAMPLE_RATE) / 7)).astype(np.float32)


class SteppedClock:
    """Seconds pass only while somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False


def written(path: Path, sound: Frames, rate: int = SAMPLE_RATE, subtype: str | None = None) -> Path:
    soundfile.write(path, sound, rate, subtype=subtype)
    return path


def heard(recording: Recording) -> list[AudioBlock]:
    recording.open()
    try:
        return list(recording.blocks())
    finally:
        recording.close()


def joined(blocks: list[AudioBlock]) -> Samples:
    at = 0
    for block in blocks:
        assert block.start == at
        assert block.skipped == 0
        at += len(block.samples)
    return np.concatenate([block.samples for block in blocks])


def piped(sound: bytes) -> int:
    """Return a descriptor from which `sound` can be read."""
    out, into = os.pipe()

    def fill() -> None:
        with os.fdopen(into, "wb") as file:
            file.write(sound)

    Thread(target=fill, daemon=True).start()
    return out


def as_s16(sound: Samples) -> bytes:
    return (sound * 32768).astype("<i2").tobytes()


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["word.wav", "word.flac", "word.ogg", "word.aiff", "word.mp3", "word.with.no.ending"])
def test_every_usual_format_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    kind = {"ending": "WAV"}.get(name.rsplit(".", 1)[1])
    soundfile.write(path, SOUND, SAMPLE_RATE, format=kind)

    sound = joined(heard(Recording(path)))

    assert len(sound) == pytest.approx(len(SOUND), abs=1_200)  # MP3 pads
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("pace", ["life", "fast"])
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_the_pace_changes_nothing_in_the_sound(tmp_path: Path, pace: Pace, rate: int) -> None:
    path, clock = written(tmp_path / "word.wav", SOUND, rate), SteppedClock()

    blocks = heard(Recording(path, pace=pace, clock=clock, wait=clock.wait))

    np.testing.assert_array_equal(joined(blocks), read_clip(path))
    assert sum(len(block.samples) for block in blocks) == pytest.approx(len(SOUND) * SAMPLE_RATE / rate, abs=1)


def test_at_life_speed_a_block_comes_when_its_last_sample_would(tmp_path: Path) -> None:
    path, clock = written(tmp_path / "word.wav", SOUND), SteppedClock()
    recording = Recording(path, pace="life", clock=clock, wait=clock.wait)
    recording.open()

    for block in recording.blocks():
        assert len(block.samples) <= 0.05 * SAMPLE_RATE
        assert clock.now - 100 == pytest.approx((block.start + len(block.samples)) / SAMPLE_RATE)
    recording.close()

    assert clock.now - 100 == pytest.approx(3)


def test_at_life_speed_a_late_reader_catches_up_and_loses_nothing(tmp_path: Path) -> None:
    path, clock = written(tmp_path / "word.wav", SOUND), SteppedClock()
    recording = Recording(path, pace="life", clock=clock, wait=clock.wait)
    recording.open()
    blocks = recording.blocks()
    first = next(blocks)
    clock.now += 1.5
    clock.waits.clear()

    rest = list(blocks)
    recording.close()

    np.testing.assert_allclose(joined([first, *rest]), SOUND, atol=1e-4)
    assert sum(clock.waits) == pytest.approx(3 - 1.5 - 0.03, abs=0.01)


def test_fast_never_waits(tmp_path: Path) -> None:
    clock = SteppedClock()

    heard(Recording(written(tmp_path / "word.wav", SOUND), clock=clock, wait=clock.wait))

    assert clock.waits == []


def test_channels_are_mixed_or_picked(tmp_path: Path) -> None:
    eight = np.stack([SOUND * np.float32((n + 1) / 8) for n in range(8)], axis=1)
    path = written(tmp_path / "eight.wav", eight, 48_000)

    mixed, third = joined(heard(Recording(path))), joined(heard(Recording(path, channel=3)))

    inside = slice(200, -200)  # where a sound is cut off, the resampler rings
    assert np.abs(mixed[inside]).max() == pytest.approx(0.5 * 4.5 / 8, abs=0.01)
    assert np.abs(third[inside]).max() == pytest.approx(0.5 * 3 / 8, abs=0.01)


@pytest.mark.parametrize("channel", [0, 3, -1])
def test_a_channel_that_is_not_there_is_named(tmp_path: Path, channel: int) -> None:
    path = written(tmp_path / "two.wav", np.stack([SOUND, SOUND], axis=1))

    with pytest.raises(VoicegoError, match=rf"two\.wav has no channel {channel}, only 2"):
        heard(Recording(path, channel=channel))


def test_what_is_no_number_becomes_silence_and_is_counted(tmp_path: Path) -> None:
    sound = SOUND.copy()
    sound[100:200] = np.nan
    sound[300] = np.inf
    recording = Recording(written(tmp_path / "nan.wav", sound, subtype="FLOAT"))

    blocks = heard(recording)

    assert np.isfinite(joined(blocks)).all()
    assert not joined(blocks)[100:200].any()
    assert recording.broken == 101


def test_it_can_be_heard_again_from_the_beginning(tmp_path: Path) -> None:
    recording = Recording(written(tmp_path / "word.wav", SOUND))

    np.testing.assert_array_equal(joined(heard(recording)), joined(heard(recording)))


@pytest.mark.parametrize("pace", ["life", "fast"])
def test_closed_by_another_thread_it_ends(tmp_path: Path, pace: Pace) -> None:
    recording = Recording(written(tmp_path / "long.wav", np.zeros(60 * SAMPLE_RATE, dtype=np.float32)), pace=pace)
    recording.open()
    blocks = recording.blocks()
    next(blocks)
    rest: list[AudioBlock] = []
    reader = Thread(target=lambda: rest.extend(blocks))

    recording.close()
    reader.start()
    reader.join(timeout=10)
    recording.close()

    assert not reader.is_alive()
    assert len(rest) <= 1


def test_its_name_is_what_a_person_calls_it() -> None:
    assert Recording("some/word.wav").name == "some/word.wav"
    assert Recording("-").name == "standard input"
    assert not Recording("-").live


# --- bad files -------------------------------------------------------------------------------------------------------


def bad_file(path: Path, kind: str) -> Path:
    if kind == "folder":
        path.mkdir()
    elif kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("this is no sound\n" * 100)
    elif kind == "raw":
        path.write_bytes(as_s16(SOUND))
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "no samples":
        soundfile.write(path, SOUND[:0], SAMPLE_RATE)
    elif kind == "absurd rate":
        soundfile.write(path, SOUND, 1)
    elif kind == "only a header":
        soundfile.write(path, SOUND, SAMPLE_RATE)
        os.truncate(path, 44)
    elif kind == "damaged":
        soundfile.write(path, np.random.default_rng(1).normal(0, 0.1, 160_000), SAMPLE_RATE)
        content = bytearray(path.read_bytes())
        content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
        path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "kind", "sentence"),
    [
        ("gone.wav", "missing", r"gone\.wav cannot be read: No such file or directory"),
        ("music.wav", "folder", r"music\.wav is a folder, not a sound file"),
        ("none.wav", "empty", r"none\.wav is empty"),
        ("notes.wav", "text", r"notes\.wav: this is not a sound file that can be read \(format not recognised\)"),
        ("notes.txt", "text", r"notes\.txt: this is not a sound file"),
        ("sound.raw", "raw", r"sound\.raw: raw sound does not tell its rate"),
        ("pipe.wav", "fifo", r"pipe\.wav is not a file; pipe its sound into `-`"),
        ("short.wav", "no samples", r"short\.wav holds no sound"),
        ("slow.wav", "absurd rate", r"slow\.wav: sound at 1 Hz cannot be used"),
        ("cut.wav", "only a header", r"cut\.wav"),
        ("hurt.flac", "damaged", r"hurt\.flac: the file is damaged after \d\.\d s"),
    ],
)
def test_a_bad_file_is_named_in_one_sentence(tmp_path: Path, name: str, kind: str, sentence: str) -> None:
    path = bad_file(tmp_path / name, kind)

    with pytest.raises(VoicegoError, match=sentence) as caught:
        heard(Recording(path))
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("name", ["zero\0byte.wav", "x" * 300 + ".wav"])
def test_a_name_that_no_file_can_have_is_an_error_for_people(tmp_path: Path, name: str) -> None:
    with pytest.raises(VoicegoError, match="cannot be read"):
        heard(Recording(tmp_path / name))


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
def test_a_file_without_read_permission_is_named() -> None:
    check = (
        "import os, sys, soundfile\nfrom voicego.hearing.recording import read_clip\n"
        "if os.geteuid() == 0: os.setuid(65534)\n"  # the superuser may read anything
        "read_clip(sys.argv[1])"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = written(Path(folder, "secret.wav"), SOUND)
        path.chmod(0)

        done = subprocess.run(
            [sys.executable, "-c", check, path], capture_output=True, text=True, timeout=60, check=False
        )

    assert "secret.wav cannot be read: Permission denied" in done.stderr


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=st.data(), suffix=st.sampled_from(["wav", "flac", "ogg", "mp3"]))
def test_no_damage_brings_more_than_a_sentence(tmp_path: Path, data: st.DataObject, suffix: str) -> None:
    whole = tmp_path / f"whole.{suffix}"
    if not whole.exists():
        soundfile.write(whole, SOUND, 22_050)
    content = bytearray(whole.read_bytes())
    for at in data.draw(st.lists(st.one_of(st.integers(0, 99), st.integers(0, len(content) - 1)), max_size=8)):
        content[at] = data.draw(st.integers(0, 255))
    hurt = tmp_path / f"hurt.{suffix}"
    hurt.write_bytes(content[: data.draw(st.integers(0, len(content)))])

    try:
        sound = read_clip(hurt)
    except VoicegoError as error:
        assert "hurt" in str(error)  # noqa: PT017 - either ending will do
    else:
        assert np.isfinite(sound).all()


# --- standard input --------------------------------------------------------------------------------------------------


def test_raw_sound_comes_in_through_a_pipe() -> None:
    sound = joined(heard(Recording("-", stdin=piped(as_s16(SOUND)))))

    np.testing.assert_allclose(sound, SOUND, atol=1e-4)


def test_a_sample_cut_in_two_by_the_pipe_is_mended() -> None:
    out, into = os.pipe()
    recording = Recording("-", stdin=out)
    recording.open()
    blocks, content, parts = recording.blocks(), as_s16(SOUND[:1_000]), []
    for start in range(0, len(content), 333):
        os.write(into, content[start : start + 333])
        parts.append(next(blocks))
    os.write(into, b"\x01")  # half a sample at the very end is no sample
    os.close(into)
    parts.extend(blocks)

    np.testing.assert_allclose(joined(parts), SOUND[:1_000], atol=1e-4)


def test_a_silent_pipe_gives_empty_blocks_and_can_be_closed() -> None:
    out, into = os.pipe()
    recording = Recording("-", stdin=out)
    recording.open()
    blocks = recording.blocks()

    assert len(next(blocks).samples) == 0
    recording.close()
    assert list(blocks) == []
    os.fstat(out)  # it is not ours to close
    os.close(into)


def test_at_life_speed_a_pipe_is_held_back_too() -> None:
    clock = SteppedClock()

    heard(Recording("-", stdin=piped(as_s16(SOUND)), pace="life", clock=clock, wait=clock.wait))

    assert clock.now - 100 == pytest.approx(3)


def test_an_empty_pipe_is_named() -> None:
    with pytest.raises(VoicegoError, match="standard input holds no sound"):
        heard(Recording("-", stdin=piped(b"")))


def test_a_sound_file_in_the_pipe_is_refused(tmp_path: Path) -> None:
    content = written(tmp_path / "word.wav", SOUND).read_bytes()

    with pytest.raises(VoicegoError, match="carries a sound file, not raw sound"):
        heard(Recording("-", stdin=piped(content)))


def test_a_terminal_is_refused() -> None:
    ours, theirs = pty.openpty()

    with pytest.raises(VoicegoError, match="standard input is a terminal"):
        Recording("-", stdin=theirs).open()
    os.close(ours)
    os.close(theirs)


def test_no_standard_input_at_all_is_named() -> None:
    out, into = os.pipe()
    os.close(into)
    os.close(out)

    with pytest.raises(VoicegoError, match="standard input cannot be read: Bad file descriptor"):
        Recording("-", stdin=out).open()


# --- clips and long ones ---------------------------------------------------------------------------------------------


def test_a_clip_comes_whole(tmp_path: Path) -> None:
    np.testing.assert_allclose(read_clip(written(tmp_path / "word.wav", SOUND)), SOUND, atol=1e-4)


def test_an_absurdly_long_clip_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "day.wav", SOUND)

    with pytest.raises(VoicegoError, match=r"day\.wav is longer than 2 s, too long for one clip"):
        read_clip(path, longest_s=2)


def test_a_long_recording_is_not_taken_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", SAMPLE_RATE, 1) as file:
        for _ in range(20):
            file.write(np.zeros(60 * SAMPLE_RATE, dtype=np.int16))
    recording, total = Recording(path), 0
    recording.open()
    blocks = recording.blocks()
    next(blocks)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    for block in blocks:
        total += len(block.samples)
    recording.close()

    assert total > 1_190 * SAMPLE_RATE
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB; the whole would be 77 MB
