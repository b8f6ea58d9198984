"""Bad input at the command line: each ends as one clear sentence and the right exit code."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
import soundfile

from tests.house import House, house_in, until
from tests.spoken import saying, spoken
from voicego.flow import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

GO = saying("go")

WITHOUT_PORTAUDIO = """
import ctypes.util
find = ctypes.util.find_library
ctypes.util.find_library = lambda name: None if "portaudio" in name.lower() else find(name)
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Nothing can be heard there: no sound server answers."""
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    silent = {"HOME": str(nowhere), "XDG_RUNTIME_DIR": str(nowhere), "PULSE_SERVER": f"unix:{nowhere}/none"}
    with house_in(tmp_path, dict(os.environ) | silent) as one:
        one.write(f"rules:\n  go: {{{one.mark()}}}\n")
        yield one


@pytest.fixture
def said(tmp_path: Path) -> Path:
    file = tmp_path / "said.wav"
    soundfile.write(file, spoken(1.0, GO, 1.0), SAMPLE_RATE)
    return file


def without_portaudio(house: House) -> None:
    """Let every voicego of this house find no PortAudio."""
    (house.folder / "sitecustomize.py").write_text(WITHOUT_PORTAUDIO)
    house.environ = dict(house.environ) | {"PYTHONPATH": str(house.folder)}


def at_a_terminal(house: House, *words: str, interrupt_at: str = "\0") -> tuple[int, str]:
    """Run a verb to its end as a person does, with Ctrl-C once a text is shown; the exit code and what was shown."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [sys.executable, "-m", "voicego", *words], house.env)  # noqa: S606 -- no shell is wanted
    shown, interrupted = "", False
    with suppress(OSError):  # the other end is closed
        while part := os.read(terminal, 4096):
            shown += part.decode().replace("\r\n", "\n")
            if interrupt_at in shown and not interrupted:
                interrupted = True
                os.write(terminal, b"\x03")
    _, ended = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(ended), shown


# --- rules ------------------------------------------------------------------------------------------------------------


def test_check_tells_of_files_that_are_no_rules(house: House, tmp_path: Path) -> None:
    contents = {
        "empty": b"",
        "binary": bytes(range(256)),
        "huge": b"#" * 10_000_000,
        "list": b"- go\n- stop\n",
        "yaml": b"rules: {go: {open: browser}\n",
        "loop": b"rules: &r\n  go: *r\n",
        "good": b"rules: {go: {open: browser}}\n",
    }
    for name, content in contents.items():
        (tmp_path / f"{name}.yaml").write_bytes(content)

    files = {name: str(tmp_path / f"{name}.yaml") for name in [*contents, "gone"]}
    done = house.voicego("check", *files.values())

    told = done.stderr.splitlines()
    assert done.returncode == 78
    assert "Traceback" not in done.stderr
    for name in set(files) - {"good"}:
        lines = [line.removeprefix(f"{files[name]}:") for line in told if line.startswith(f"{files[name]}:")]
        assert lines, name
        place = r" \w" if name in {"gone", "huge"} else r"\d+:\d+: \w"
        assert all(re.match(place, line) for line in lines), lines
    assert done.stdout == f"{files['good']}: good; listens for go\n"


def test_broken_rules_end_the_run_of_a_recording(house: House, said: Path) -> None:
    house.write("rules: {goo: {open: x}}\n")

    done = house.voicego("run", "--headless", "--fast", "--input", str(said))

    assert done.returncode == 78
    assert 'no keyword "goo"' in done.stderr


# --- sound and models -------------------------------------------------------------------------------------------------


def test_spot_hears_recordings_of_any_shape_and_names_each_bad_file(house: House, tmp_path: Path) -> None:
    sound = spoken(1.0, GO, 1.0)
    broken = sound.copy()
    broken[100:110], broken[200] = np.nan, np.inf
    wide = np.interp(np.arange(round(len(sound) * 44.1 / 16)) * 16 / 44.1, np.arange(len(sound)), sound)
    soundfile.write(tmp_path / "eight.wav", np.repeat(sound[:, None], 8, axis=1), SAMPLE_RATE)
    (tmp_path / "bad.ogg").write_bytes(b"OggS" + bytes(200))
    soundfile.write(tmp_path / "slow.wav", sound[::2], 8_000)
    (tmp_path / "empty.wav").touch()
    soundfile.write(tmp_path / "wide.flac", np.repeat(wide[:, None], 2, axis=1), 44_100)
    soundfile.write(tmp_path / "none.wav", sound[:0], SAMPLE_RATE)
    soundfile.write(tmp_path / "nan.wav", broken, SAMPLE_RATE, subtype="FLOAT")
    names = ("eight.wav", "bad.ogg", "slow.wav", "empty.wav", "wide.flac", "none.wav", "nan.wav", "gone.wav")

    done = house.voicego("spot", "--json", *(str(tmp_path / name) for name in names))

    assert done.returncode == 1
    assert [(Path(one["file"]).stem, one["keyword"]) for one in map(json.loads, done.stdout.splitlines())] == [
        ("eight", "go"),
        ("slow", "go"),
        ("wide", "go"),
        ("nan", "go"),
    ]
    bad, empty, none, gone = done.stderr.splitlines()
    assert f"{tmp_path}/bad.ogg: this is not a sound file that can be read" in bad
    assert empty == f"{tmp_path}/empty.wav is empty"
    assert none == f"{tmp_path}/none.wav holds no sound"
    assert gone == f"{tmp_path}/gone.wav cannot be read: No such file or directory"


def test_a_run_of_a_damaged_recording_ends_with_1_and_names_it(house: House, tmp_path: Path) -> None:
    (tmp_path / "bad.flac").write_bytes(b"fLaC" + bytes(500))

    done = house.voicego("run", "--headless", "--fast", "--input", str(tmp_path / "bad.flac"))

    assert done.returncode == 1
    assert "bad.flac" in done.stderr + house.log()
    assert "Traceback" not in done.stderr + house.log()


def test_a_run_hears_standard_input_and_refuses_a_sound_file_there(house: House, said: Path) -> None:
    sound, _ = soundfile.read(said, dtype="int16")

    heard = house.voicego("run", "--headless", "--input", "-", stdin=sound.tobytes())
    wrong = house.voicego("run", "--headless", "--input", "-", stdin=said.read_bytes())

    assert heard.returncode == 0
    assert house.marks == ["go"]
    assert wrong.returncode == 1
    assert "carries a sound file, not raw sound" in wrong.stderr + house.log()


@pytest.mark.parametrize("words", [["classify", "--model", "some/one"], ["spot", "--model", "some/one"]])
def test_a_hub_id_that_was_never_fetched_is_named(house: House, said: Path, words: list[str]) -> None:
    done = house.voicego(*words, str(said), HF_HOME=str(house.folder / "hf"))

    assert done.returncode == 1
    assert "voicego fetch some/one" in done.stderr
    assert "Traceback" not in done.stderr


# --- no microphone ----------------------------------------------------------------------------------------------------


def test_without_any_microphone_a_service_waits_and_says_so_once(house: House) -> None:
    house.begin(state="reconnecting")

    shown = house.voicego("status").stdout

    assert "reconnecting (no microphone was found" in shown
    assert house.log().count("waiting for one (`voicego demo`, or `make demo`, needs none)") == 1


def test_without_any_microphone_a_person_is_told_what_works_without_and_can_end_it(house: House) -> None:
    code, shown = at_a_terminal(house, "run", "--headless", interrupt_at="waiting for one")

    assert code == 0
    assert "no microphone was found" in shown
    assert "`make demo`" in shown
    assert "Traceback" not in shown
    assert not house.socket.exists()


@pytest.mark.parametrize("verb", [["devices"], ["record", "1", "said.wav"], ["spot"]])
def test_without_portaudio_a_verb_names_what_to_install(house: House, verb: list[str]) -> None:
    without_portaudio(house)

    done = house.voicego(*verb)

    assert done.returncode == 1
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith("PortAudio, which hears the microphone, is missing; install it: ")


def test_without_portaudio_a_service_waits_and_a_person_is_told(house: House) -> None:
    without_portaudio(house)

    code, shown = at_a_terminal(house, "run", "--headless")
    house.begin(state="reconnecting")

    assert code == 1
    assert "PortAudio, which hears the microphone, is missing; install it: " in shown
    assert "Traceback" not in shown
    assert "PortAudio" in house.status()["reason"]


# --- a running one ----------------------------------------------------------------------------------------------------


def test_status_as_json_is_what_the_daemon_says(house: House) -> None:
    house.begin(state="reconnecting")

    done = house.voicego("status", "--json")

    shown = json.loads(done.stdout)
    assert done.returncode == 0
    assert shown == house.status()
    assert {"state", "reason", "pid", "rules", "config_error", "microphone", "counters", "last_detection"} <= set(shown)


def test_stop_ends_what_a_rule_still_runs(house: House) -> None:
    house.write(f"rules:\n  go: {{run: [{sys.executable}, -c, 'import time; time.sleep(62)'], timeout: 60s}}\n")
    house.begin(state="reconnecting")
    assert house.process is not None
    daemon = psutil.Process(house.process.pid)
    with subprocess.Popen(
        [sys.executable, "-m", "voicego", "do", "go"], env=house.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as asker:
        [sleeper] = until(daemon.children, "the program that the rule runs")

        house.process.terminate()
        code = house.ended(30.0)  # the program would run for longer
        asker.communicate(timeout=30)

    assert code == 0
    assert not sleeper.is_running()
    assert asker.returncode != 0


def test_a_failing_action_is_told_and_ends_do_with_1(house: House) -> None:
    house.write("rules:\n  go: {run: [no-such-program-at-all]}\n  stop: {run: [sh, -c, 'exit 5']}\n")

    absent, five = house.voicego("do", "go"), house.voicego("do", "stop")
    rehearsed = house.voicego("do", "stop", "--dry-run")

    assert (absent.returncode, five.returncode, rehearsed.returncode) == (1, 1, 0)
    assert "no-such-program-at-all" in absent.stdout
    assert "5" in five.stdout.split("failed", 1)[1]
