"""What holds for every check: bounded, private, and readable."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from voicego.app.doctor.bounded import bounded
from voicego.app.doctor.check import Check, State, ok, problem, warning
from voicego.app.doctor.examination import Patient, looks
from voicego.app.doctor.private import Secrets, device, quoted, secrets
from voicego.app.ear import Ear
from voicego.cli.doctor import lines, summary
from voicego.errors import VoicegoError
from voicego.paths import paths

if TYPE_CHECKING:
    from pathlib import Path

ADAS = Secrets(homes=("/home/ada",), names=("ada", "Ada Byron", "engine"))


# --- bounded ---------------------------------------------------------------------------------------------------------


def test_a_look_that_hangs_is_a_warning_and_left_behind() -> None:
    let_go = threading.Event()

    def hang() -> Check:
        let_go.wait(60)
        return ok("slow", "at last")

    check = bounded("slow", hang, limit_s=0.05)
    let_go.set()

    assert (check.state, check.found) == (State.WARNING, "gave no answer within 0.05 s")


def test_a_look_that_breaks_is_a_warning_with_a_sentence() -> None:
    def surprise() -> Check:
        raise ZeroDivisionError("by zero")

    def expected() -> Check:
        raise VoicegoError("it is broken; mend it")

    assert bounded("x", surprise, 5).found == "could not be looked at (ZeroDivisionError: by zero)"
    assert bounded("x", surprise, 5).state is State.WARNING
    assert bounded("x", expected, 5) == warning("x", "it is broken", "mend it")


def test_a_look_that_goes_well_is_what_it_found() -> None:
    assert bounded("x", lambda: ok("x", "fine"), 5) == ok("x", "fine")


# --- private ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("/home/ada/.config/voicego.yaml", "~/.config/voicego.yaml"),
        ("/home/ada: full", "~: full"),
        ("/home/adam/x", "/home/adam/x"),
        ("by Ada Byron on engine", "by (name) on (name)"),
        ("ADA, but not ADAPTER", "(name), but not ADAPTER"),
        ("bluez 00:1B:66:0A:ff:12", "bluez (address)"),
    ],
)
def test_home_names_and_addresses_are_taken_out(text: str, without: str) -> None:
    assert ADAS.of(problem("x", text, text)) == problem("x", without, without)


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("HDA Intel PCH: ALC257 Analog (hw:0,0)", "HDA Intel PCH: ALC257 Analog (hw:0,0)"),
        ("Scarlett 2i2 USB: Audio (hw:1,0)", "Scarlett 2i2 USB: Audio (hw:1,0)"),
        ("alsa_input.usb-Blue_Yeti_REV8_A1B2C3D4E5-00.mono", "alsa_input.usb-Blue_Yeti_REV8_(serial)-00.mono"),
        ("Ada Byron\u2019s iPhone Microphone", "(name)'s iPhone Microphone"),
        ("raise the microphone's level", "raise the microphone's level"),
    ],
)
def test_a_microphone_keeps_its_kind_and_loses_owner_and_serial_number(name: str, without: str) -> None:
    assert device(name) == without


def test_what_a_message_quotes_is_left_out_unless_it_is_plain() -> None:
    assert quoted('no keyword "goo"; but "https://x/?token=1"') == 'no keyword "goo"; but "(left out)"'


def test_this_computers_names_are_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOGNAME", "babbage")
    monkeypatch.setattr("platform.node", lambda: "engine.example.org")

    told = secrets().without(f"{tmp_path}/x of babbage at engine.example.org, engine")

    assert told == "~/x of (name) at (name), (name)"


# --- all of them -----------------------------------------------------------------------------------------------------


def test_each_look_has_a_name_of_its_own_and_an_end(tmp_path: Path) -> None:
    found = looks(Patient(paths({"VOICEGO_STATE_DIR": str(tmp_path)}), tmp_path / "rules"), Ear(), {})

    assert len({look.name for look in found}) == len(found) == 18
    assert all(0 < look.limit_s <= 90 for look in found)


def test_who_has_no_home_is_looked_at_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("pathlib.Path.home", nowhere)

    assert secrets().without("/etc/voicego is /") == "/etc/voicego is /"


# --- what several of them need ----------------------------------------------------------------------------------------


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    places = paths({f"VOICEGO_{kind}_DIR": str(tmp_path) for kind in ("STATE", "RUNTIME")})
    (tmp_path / "rules.yaml").write_text("microphone: Yeti\nrules: {go: {open: browser}}\n")
    return Patient(places, tmp_path / "rules.yaml")


def test_the_microphone_of_the_rules_is_measured_after_one_that_was_chosen(patient: Patient) -> None:
    assert patient.microphones == ("Yeti",)

    patient.places.choices.write_text('{"microphone": "Snowball"}')
    again = Patient(patient.places, patient.rules_file)

    assert again.microphones == ("Snowball", "Yeti")


def test_what_a_running_voicego_wants_to_hear_counts(patient: Patient) -> None:
    patient.status_or_none = {"microphones_wanted": ["by the command line"]}

    assert patient.microphones == ("by the command line",)


def test_broken_rules_leave_what_is_in_use_without_any(patient: Patient) -> None:
    patient.rules_file.write_text("rules: [")

    assert patient.microphones == ("default",)
    assert patient.setup.model == "embedded"


# --- text ------------------------------------------------------------------------------------------------------------


def test_text_fits_eighty_columns_and_stands_in_one_column() -> None:
    check = problem("classification", "a long story " * 20, "do this " * 20)

    written = list(lines(check, 80, colours=False))

    assert all(len(line) <= 80 for line in written)
    assert written[0].startswith("problem  classification a long story")
    assert written[1].startswith(" " * 24 + "long story")
    assert sum("=> do this" in line for line in written) == 1


def test_colour_changes_nothing_else() -> None:
    plain, coloured = (next(lines(ok("x", "fine"), 80, colours=colours)) for colours in (False, True))

    assert coloured == plain.replace("ok      ", "\x1b[32mok      \x1b[0m")


@pytest.mark.parametrize(
    ("checks", "told"),
    [
        ([ok("x", "")], "everything is as it should be"),
        ([problem("x", ""), warning("y", ""), warning("z", "")], "1 problem, 2 warnings"),
        ([ok("x", ""), warning("y", "")], "1 warning"),
    ],
)
def test_the_last_line_counts(checks: list[Check], told: str) -> None:
    assert summary(checks) == told
