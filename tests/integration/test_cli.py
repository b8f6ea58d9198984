"""The command line as its user meets it: what is written, where, and the exit code."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

import voicego
import voicego.spotting
from tests.house import House, house_in, until
from tests.spoken import files_saying, saying, spoken
from voicego.flow import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

GO, STOP = saying("go"), saying("stop")
NOBODYS = "a microphone that nobody has"
EMBEDDED = Path(voicego.spotting.__file__).parent / "embedded"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_in(tmp_path, os.environ) as one:
        one.always = f"microphone: {NOBODYS}\n"
        one.write(f"rules:\n  go: {{{one.mark()}}}\n")
        yield one


@pytest.fixture
def said(tmp_path: Path) -> str:
    file = tmp_path / "said.wav"
    soundfile.write(file, spoken(1.0, GO, 1.2, STOP, 1.0), SAMPLE_RATE)
    return str(file)


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


# --- the rules file ------------------------------------------------------------------------------------------------


def test_init_writes_the_starter_rules_once(house: House) -> None:
    house.rules_file.unlink()

    first, second = house.voicego("init"), house.voicego("init")

    assert "wrote the starter rules" in first.stdout
    assert "is there already and was left as it is" in second.stdout
    assert house.voicego("check").stdout.endswith("good; listens for go\n")


def test_check_ends_with_78_and_every_mistake(house: House) -> None:
    house.write("rules:\n  goo: {open: browser}\n  stop: {opn: x}\n")

    done = house.voicego("check")

    assert done.returncode == 78
    assert f'{house.rules_file}:3:3: no keyword "goo"' in done.stderr
    assert f'{house.rules_file}:4:10: no key of a rule is called "opn"' in done.stderr


def test_a_model_that_was_not_fetched_is_named_with_what_to_do(house: House) -> None:
    house.write("model: some/one\nrules: {}\n")

    done = house.voicego("check", HF_HOME=str(house.folder / "hf"))

    assert done.returncode == 78
    assert "fetch it once with: voicego fetch some/one" in done.stderr


def test_config_tells_where_the_rules_are_and_what_is_in_use(house: House) -> None:
    assert house.voicego("config", "path").stdout.strip() == str(house.rules_file)
    every = house.voicego("config", "path", "--all").stdout
    assert all(
        str(house.folder / place) in every for place in ("state/choices.json", "state/wrong.tsv", "log/tray.log")
    )
    shown = house.voicego("config", "show").stdout
    assert "go: said alone, threshold" in shown
    assert "(the model's table, normal sensitivity)" in shown
    assert "sensitivity: normal  (the default)" in shown


# --- files ----------------------------------------------------------------------------------------------------------


def test_classify_names_each_word_and_one_bad_file_of_many(house: House, tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"RIFF nothing")

    done = house.voicego("classify", "--json", "--top", "2", str(GO), str(tmp_path / "bad.wav"), str(STOP))

    found = lines(done.stdout)
    assert done.returncode == 1
    assert "bad.wav" in done.stderr
    assert [(one["file"], one["label"]) for one in found] == [(str(GO), "go"), (str(STOP), "stop")]
    assert set(found[0]) == {"file", "label", "score", "top"}
    assert found[0]["top"][0] == {"label": "go", "score": found[0]["score"]}  # type: ignore[index]
    assert len(found[0]["top"]) == 2  # type: ignore[arg-type]


def test_classify_with_twelve_labels_gives_other_words_no_name(house: House) -> None:
    zero = files_saying("zero")[0]

    all_, twelve = (house.voicego("classify", "--json", *more, str(zero)) for more in ([], ["--labels", "12"]))

    assert lines(all_.stdout)[0]["label"] == "zero"
    assert lines(twelve.stdout)[0]["label"] == "_unknown_"
    assert house.voicego("classify", "--labels", "11", str(zero)).returncode == 2


def test_sound_of_any_kind_is_heard_or_told(house: House, tmp_path: Path) -> None:
    go, _ = soundfile.read(GO, dtype="float32")
    soundfile.write(tmp_path / "eight.wav", np.repeat(go[:, None], 8, axis=1), SAMPLE_RATE)
    soundfile.write(tmp_path / "slow.wav", go[::2], 8000)
    broken = go.copy()
    broken[:10] = np.nan
    soundfile.write(tmp_path / "nan.wav", broken, SAMPLE_RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "none.wav", go[:0], SAMPLE_RATE)
    (tmp_path / "empty.wav").touch()

    done = house.voicego(
        "classify",
        "--json",
        *(str(tmp_path / f"{name}.wav") for name in ("eight", "slow", "nan", "none", "empty", "gone")),
    )

    assert [(Path(str(one["file"])).stem, one["label"]) for one in lines(done.stdout)] == [
        ("eight", "go"),
        ("slow", "go"),
        ("nan", "go"),
    ]
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 3
    assert "Traceback" not in done.stderr


def test_spot_finds_keywords_and_when_they_ended(house: House, said: str) -> None:
    done = house.voicego("spot", "--json", said)

    found = lines(done.stdout)
    assert [one["keyword"] for one in found] == ["go", "stop"]
    assert set(found[0]) == {"file", "keyword", "score", "at_s"}
    go, _ = soundfile.read(GO)
    assert found[0]["at_s"] == pytest.approx(1.0 + len(go) / SAMPLE_RATE, abs=0.25)
    ruled = house.voicego("spot", "--json", "--config", str(house.rules_file), said)
    assert [one["keyword"] for one in lines(ruled.stdout)] == ["go"]


def test_spot_shows_every_window_and_hears_standard_input(house: House, said: str) -> None:
    sound, _ = soundfile.read(said, dtype="int16")

    done = house.voicego("spot", "--json", "--scores", "-", stdin=sound.tobytes())

    windows = [one for one in lines(done.stdout) if "scores" in one]
    detections = [one for one in lines(done.stdout) if "keyword" in one]
    assert [one["keyword"] for one in detections] == ["go", "stop"]
    assert sum(bool(one["laid"]) for one in windows) >= 2
    assert len(windows) > 8
    assert sum(windows[0]["scores"].values()) == pytest.approx(1.0, abs=0.01)  # type: ignore[attr-defined]


def test_spot_without_a_microphone_says_so(house: House) -> None:
    done = house.voicego("spot", "--device", NOBODYS)

    assert done.returncode == 1
    assert "microphone" in done.stderr


def test_a_checkpoint_without_labels_is_told(house: House, said: str, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(EMBEDDED, model)
    config = json.loads((model / "config.json").read_text())
    del config["id2label"]
    (model / "config.json").write_text(json.dumps(config))

    done = house.voicego("spot", "--model", str(model), said)

    assert done.returncode == 1
    assert "does not name what it hears" in done.stderr


def test_damaged_weights_are_told(house: House, said: str, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(EMBEDDED, model)
    (model / "model.safetensors").write_bytes(b"\0" * 100)

    done = house.voicego("classify", "--model", str(model), said)

    assert done.returncode == 1
    assert f"the model {model} cannot be loaded" in done.stderr
    assert "Traceback" not in done.stderr


# --- running --------------------------------------------------------------------------------------------------------


def test_a_recording_is_acted_on_and_ends_the_run(house: House, said: str) -> None:
    done = house.voicego("run", "--headless", "--fast", "--input", said)

    assert done.returncode == 0
    assert house.marks == ["go"]


def test_a_dry_run_says_what_it_would_do_and_does_nothing(house: House, said: str) -> None:
    done = house.voicego("run", "--headless", "--dry-run", "--fast", "--input", said)

    assert done.returncode == 0
    assert house.marks == []
    assert "would run: sh -c" in house.log()


def test_a_missing_recording_is_told(house: House) -> None:
    done = house.voicego("run", "--headless", "--input", "/nowhere.wav")

    assert done.returncode == 1
    assert "/nowhere.wav" in done.stderr


def test_do_carries_out_a_rule_with_and_without_a_daemon(house: House) -> None:
    alone = house.voicego("do", "go")
    house.begin(state="reconnecting")
    together = house.voicego("do", "go")
    unknown = house.voicego("do", "stop")

    assert (alone.returncode, together.returncode, unknown.returncode) == (0, 0, 1)
    assert house.marks == ["go", "go"]
    assert 'no active rule for "stop"; there are: go' in unknown.stderr


def test_without_a_microphone_it_waits_and_says_so(house: House) -> None:
    house.begin(state="reconnecting")

    done = house.voicego("status")

    assert done.returncode == 0
    assert "microphone" in done.stdout
    assert "reconnecting" in done.stdout


def test_nobody_running_is_told(house: House) -> None:
    for verb in ("status", "pause", "resume", "reload", "stop"):
        done = house.voicego(verb)
        assert (done.returncode, done.stderr) == (1, "voicego is not running; start it with `voicego run`\n")


def test_a_second_one_names_the_first_and_a_killed_one_is_no_obstacle(house: House) -> None:
    house.begin(state="reconnecting")
    assert house.process is not None

    second = house.voicego("run", "--headless")
    assert second.returncode == 1
    assert f"already running (process {house.process.pid})" in second.stderr

    house.process.send_signal(signal.SIGKILL)
    house.ended()
    assert house.socket.exists()
    house.begin(state="reconnecting")
    assert house.status()["pid"] == house.process.pid


def test_under_a_service_broken_rules_leave_the_last_good_at_work(house: House) -> None:
    house.begin(state="reconnecting")
    house.voicego("stop")
    house.ended()
    house.write("rules: {goo: {open: x}}\n")

    house.begin(state="reconnecting")
    status = house.status()

    assert status["rules"] == ["go"]
    assert 'no keyword "goo"' in status["config_error"]
    assert house.told.count('no keyword "goo"') == 1
    assert "the last good rules stand in" in house.told


def test_a_file_that_is_named_for_one_run_never_gets_the_rules_of_another(house: House, tmp_path: Path) -> None:
    house.begin(state="reconnecting")
    house.voicego("stop")
    house.ended()

    house.begin("--config", str(tmp_path / "nope.yaml"), state="config error")

    assert house.status()["rules"] == []
    assert "nope.yaml: there is no such file" in house.told
    assert house.voicego("status").stdout.count("there is no such file") == 1
    assert house.voicego("wrong").stderr.startswith("voicego has heard no word yet")


def test_under_a_service_it_waits_for_rules_that_work(house: House) -> None:
    house.write("rules: {goo: {open: x}}\n")

    house.begin(state="config error")
    assert 'no keyword "goo"' in house.status()["reason"]
    house.write(f"rules:\n  go: {{{house.mark()}}}\n")

    house.until_state("reconnecting")
    assert house.status()["config_error"] == ""


def test_on_a_terminal_broken_rules_end_it_with_78(house: House) -> None:
    house.write("rules: {goo: {open: x}}\n")
    environ = house.env

    pid, terminal = pty.fork()
    if pid == 0:
        words = [sys.executable, "-m", "voicego", "run", "--headless"]
        os.execve(sys.executable, words, environ)  # noqa: S606 -- no shell is wanted
    shown = b""
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    _, ended = os.waitpid(pid, 0)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(ended) == 78
    assert b'no keyword "goo"' in shown


def test_pause_takes_a_time_and_a_broken_one_is_a_usage_error(house: House) -> None:
    house.begin(state="reconnecting")

    assert "paused (until" in house.voicego("pause", "15m").stdout
    assert house.voicego("resume").stdout.startswith("reconnecting")
    wrong = house.voicego("pause", "15")
    assert wrong.returncode == 2
    assert "it is 15, without a unit; write 15m for minutes, 15s for seconds\n" in wrong.stderr


def test_a_changed_rule_is_followed_when_it_is_saved(house: House) -> None:
    house.begin(state="reconnecting")

    house.write(f"rules:\n  stop: {{{house.mark()}}}\n")

    until(lambda: house.status()["rules"] == ["stop"], "the new rules")


def test_version_and_log(house: House) -> None:
    assert house.voicego("--version").stdout == f"voicego {voicego.__version__}\n"
    assert "there is no log yet" in house.voicego("log").stderr
    house.begin(state="reconnecting")
    assert "loading" in house.voicego("log").stdout
