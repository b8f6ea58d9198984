from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.rules_files import read
from voicego.app.first_run import Wishes, first_run, with_microphone
from voicego.config import starter
from voicego.errors import Exit, RulesError, VoicegoError
from voicego.hearing.choosing import NoSuchMicrophone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Says = dict[str, Any] | Exception | None

ASKED: Says = {"word": "go", "threshold": 0.5}
READY: Says = {"ready": True}
HEARD: Says = {"heard": "go", "score": 0.97}


def level(db: float) -> Says:
    return {"level_db": db}


def microphone(name: str, *, default: bool = False, host_api: str = "ALSA", node: str = "") -> dict[str, Any]:
    return {"name": name, "host_api": host_api, "channels": 1, "rate": 48_000.0, "default": default, "node": node}


TWO = (microphone("pulse", default=True), microphone("Yeti: USB"))


@dataclass
class FakeEar:
    """Gives the list that it has, and for each other question the next of what it says."""

    there: Sequence[dict[str, Any]] = TWO
    words: Sequence[Says] = (ASKED, READY, HEARD)
    asked: list[tuple[str, dict[str, object]]] = field(default_factory=list)
    closed: int = 0
    _coming: deque[Says] = field(default_factory=deque)

    def ask(self, what: str, **arguments: object) -> None:
        self.asked.append((what, arguments))
        self._coming = deque([level(-40.0)] if what == "level" else self.words)

    def next(self, timeout_s: float) -> dict[str, Any] | None:
        assert timeout_s > 0
        said = self._coming.popleft() if self._coming else None
        if isinstance(said, Exception):
            raise said
        return said

    def answer(self, what: str, timeout_s: float, **arguments: object) -> dict[str, Any]:
        assert (what, arguments) == ("list", {})
        assert timeout_s > 0
        return {"microphones": list(self.there)}

    def close(self) -> None:
        self.closed += 1


@dataclass
class FakeScreen:
    """Presses keys one after the other; an exception is raised instead. Enter, when there are no more."""

    keys: deque[str | BaseException] = field(default_factory=deque)
    asks: bool = True
    lines: list[str] = field(default_factory=list)
    shown: list[list[str]] = field(default_factory=list)
    left: int = 0
    """Pictures that were entered and are not gone yet."""

    def line(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def picture(self) -> Iterator[FakeScreen]:
        self.left += 1
        try:
            yield self
        finally:
            self.left -= 1

    def show(self, lines: Sequence[str]) -> None:
        self.shown.append(list(lines))

    def key(self, wait_s: float = 0.0) -> str:
        assert wait_s >= 0
        if not self.asks:
            return ""
        key = self.keys.popleft() if self.keys else "enter"
        if isinstance(key, BaseException):
            raise key
        return key


@dataclass
class Stage:
    file: Path
    ear: FakeEar = field(default_factory=FakeEar)
    screen: FakeScreen = field(default_factory=FakeScreen)
    logins: int = 0

    def run(self, *keys: str | BaseException, running: bool = False, **wishes: Any) -> Exit:  # noqa: ANN401
        self.screen.keys = deque(keys)
        return first_run(Wishes(self.file, **wishes), self.screen, self.ear, self._at_login, running=lambda: running)

    def pictures(self) -> str:
        return "\n".join(line for lines in self.screen.shown for line in lines)

    def _at_login(self) -> list[str]:
        self.logins += 1
        return ["voicego starts at login"]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "voicego.yaml")


@pytest.fixture
def silent(tmp_path: Path) -> Stage:
    """Nobody answers: `--yes`, or a pipe."""
    return Stage(tmp_path / "voicego.yaml", screen=FakeScreen(asks=False))


# --- where nobody answers --------------------------------------------------------------------------------------------


def test_without_a_terminal_the_starter_rules_are_written_and_nothing_is_asked_or_heard(silent: Stage) -> None:
    assert silent.run() is Exit.OK

    assert silent.file.read_text() == starter()
    assert silent.ear.asked == []
    assert silent.logins == 0
    assert silent.screen.lines == [f"wrote the starter rules to {silent.file}; edit them, then: voicego run"]


def test_each_step_has_a_wish(silent: Stage) -> None:
    assert silent.run(microphone="Yeti: USB", test=True, login=True) is Exit.OK

    assert read(silent.file.read_text()).microphones == ("Yeti: USB",)
    assert silent.ear.asked == [("words", {"names": ["Yeti: USB"], "rules_file": None})]
    assert silent.logins == 1
    assert silent.screen.lines[0] == 'heard "go": 0.97, and 0.50 is enough'


def test_a_word_that_was_asked_for_and_not_heard_ends_with_1(silent: Stage) -> None:
    silent.ear.words = (ASKED, READY)

    assert silent.run(test=True) is Exit.FAILED
    assert silent.screen.lines[0] == '"go" was not heard'
    assert silent.file.exists()


def test_a_microphone_that_is_not_there_is_told_before_anything_is_written(silent: Stage) -> None:
    with pytest.raises(NoSuchMicrophone, match=r'no microphone "Yeto"; there are: "pulse"'):
        silent.run(microphone="Yeto")

    assert not silent.file.exists()


def test_rules_that_are_there_are_left_alone_and_the_line_for_the_microphone_is_named(silent: Stage) -> None:
    silent.file.write_text("rules: {go: {open: browser}}\n")

    silent.run(microphone="Yeti: USB")

    assert silent.file.read_text() == "rules: {go: {open: browser}}\n"
    assert "is there already and was left as it is; --force writes over it" in silent.screen.lines[0]
    assert silent.screen.lines[1] == 'for this microphone, let it say: microphone: "Yeti: USB"'


def test_the_word_is_asked_for_by_the_rules_that_are_there(silent: Stage) -> None:
    silent.file.write_text("microphone: Yeti\nrules: {stop: {open: browser}}\n")

    silent.run(test=True)

    assert silent.ear.asked == [("words", {"names": ["Yeti"], "rules_file": str(silent.file)})]


def test_force_writes_over_rules_that_are_there(silent: Stage) -> None:
    silent.file.write_text("broken: [")

    assert silent.run(force=True) is Exit.OK
    assert silent.file.read_text() == starter()


def test_broken_rules_are_told_first(silent: Stage) -> None:
    silent.file.write_text("rules: {go: {opn: x}}\n")

    with pytest.raises(RulesError, match="opn"):
        silent.run()


# --- choosing a microphone -------------------------------------------------------------------------------------------


def test_enter_takes_the_default_microphone_and_leaves_the_line_as_it_is(stage: Stage) -> None:
    stage.run("", "enter")

    assert stage.file.read_text() == starter()
    assert "> 1  pulse (the default)" in stage.pictures()
    assert "-40 dBFS" in stage.pictures()


@pytest.mark.parametrize("key", ["down", "up", "2"])
def test_arrows_and_numbers_turn_to_another_one_which_is_heard(stage: Stage, key: str) -> None:
    stage.run("", key, "", "enter")

    assert read(stage.file.read_text()).microphones == ("Yeti: USB",)
    assert [arguments["names"] for what, arguments in stage.ear.asked if what == "level"] == [
        ["default"],
        ["Yeti: USB"],
    ]
    assert "microphone: Yeti: USB" in stage.screen.lines


def test_the_one_that_the_rules_mean_is_heard_first_and_needs_no_new_line(stage: Stage) -> None:
    stage.file.write_text("microphone: [Snowball, yeti]\nrules: {stop: {open: browser}}\n")

    stage.run("", "enter")

    assert stage.ear.asked[0] == ("level", {"names": ["Yeti: USB"]})
    assert stage.ear.asked[1] == ("words", {"names": ["Snowball", "yeti"], "rules_file": str(stage.file)})
    assert not any("let it say" in line for line in stage.screen.lines)


def test_keys_that_mean_nothing_change_nothing(stage: Stage) -> None:
    stage.run("x", "7", "", "enter")

    assert [what for what, _ in stage.ear.asked] == ["level", "words"]


def test_looking_again_starts_the_ear_anew(stage: Stage) -> None:
    stage.ear.there = TWO[:1]
    before = stage.ear.closed

    stage.run("r", "enter")

    assert stage.ear.closed == before + 2, "once for looking, once at the end"


def test_of_two_with_one_name_the_host_api_is_written_too(stage: Stage) -> None:
    stage.ear.there = (
        microphone("Array", default=True, host_api="Windows WASAPI"),
        microphone("Array", host_api="Windows DirectSound"),
    )

    stage.run("2", "enter")

    assert read(stage.file.read_text()).microphones == ("Array, Windows DirectSound",)


def test_of_two_of_one_kind_the_servers_own_name_is_heard_shown_and_written(stage: Stage) -> None:
    stage.ear.there = (microphone("Yeti", default=True, node="usb-1"), microphone("Yeti", node="usb-2"))

    stage.run("2", "", "enter")

    assert ("level", {"names": ["usb-2"]}) in stage.ear.asked
    assert "> 2  Yeti, usb-2" in stage.pictures()
    assert read(stage.file.read_text()).microphones == ("usb-2",)


def test_a_microphone_that_cannot_be_opened_says_why(stage: Stage) -> None:
    class Refusing(FakeEar):
        def next(self, timeout_s: float) -> dict[str, Any] | None:
            if self.asked[-1][0] == "level":
                raise VoicegoError("it cannot be opened: busy")
            return super().next(timeout_s)

    stage.ear = Refusing()

    stage.run("", "enter")

    assert "it cannot be opened: busy" in stage.pictures()


def test_a_long_list_shows_nine_around_the_one_that_is_heard(stage: Stage) -> None:
    stage.ear.there = [microphone(f"number {number}", default=number == 0) for number in range(30)]

    stage.run(*["down"] * 20, "enter")

    rows = [line for line in stage.screen.shown[20] if "number" in line and not line.startswith("Which")]
    assert len(rows) == 9
    assert any(row.startswith(" > 5  number 20") for row in rows)


def test_the_list_fits_eighty_columns(stage: Stage) -> None:
    stage.ear.there = [microphone("a microphone with a very long name: " * 3, default=True)]

    stage.run("", "enter")

    assert max(map(len, stage.pictures().split("\n"))) <= 80


def test_without_any_microphone_the_rules_are_written_all_the_same(stage: Stage) -> None:
    stage.ear.there = ()

    assert stage.run() is Exit.OK
    assert stage.file.read_text() == starter()
    assert "no microphone was found" in stage.screen.lines[0]


# --- one word --------------------------------------------------------------------------------------------------------


def test_what_it_sounded_like_is_shown_with_its_score_against_the_threshold(stage: Stage) -> None:
    sounded: list[Says] = [
        {"sounded": "no", "score": 0.91, "of_word": 0.02},
        {"sounded": "go", "score": 0.44, "of_word": 0.44},
        {"sounded": "", "score": 0.99, "of_word": 0.0},
        {"long": True},
    ]
    stage.ear.words = (ASKED, READY, *sounded, HEARD)

    stage.run("enter", *[""] * 6)

    shown = stage.pictures()
    assert 'that sounded like "no" (0.91); "go" got 0.02, and it takes 0.50' in shown
    assert 'almost: "go" got 0.44, and it takes 0.50' in shown
    assert "no word that this model knows" in shown
    assert "long for a word" in shown
    assert 'heard "go": 0.97, and 0.50 is enough' in stage.screen.lines


@pytest.mark.parametrize(
    ("db", "advice"),
    [(-99.0, "digital silence"), (-70.0, "Too quiet"), (-2.0, "Too loud")],
)
def test_a_level_that_cannot_work_is_told_with_advice(silent: Stage, db: float, advice: str) -> None:
    silent.ear.words = (ASKED, READY, *[level(db)] * 60)

    assert silent.run(test=True) is Exit.FAILED
    assert any(advice in line for line in silent.screen.lines)


def test_a_sound_system_that_gives_nothing_is_told(silent: Stage) -> None:
    silent.ear.words = (ASKED, {"loaded": True})

    assert silent.run(test=True) is Exit.FAILED
    assert "The sound system gives no answer; `voicego doctor` looks into it." in silent.screen.lines


def test_a_good_level_needs_no_advice(silent: Stage) -> None:
    silent.ear.words = (ASKED, READY, *[level(-25.0)] * 60)

    silent.run(test=True)

    assert silent.screen.lines[0] == '"go" was not heard'
    assert silent.screen.lines[1].startswith("wrote")


def test_m_goes_back_to_the_microphones_and_enter_goes_on_without(stage: Stage) -> None:
    stage.ear.words = (ASKED, READY)

    assert stage.run("enter", "m", "2", "enter", "", "", "enter") is Exit.OK

    assert [what for what, _ in stage.ear.asked] == ["level", "words", "level", "level", "words"]
    assert read(stage.file.read_text()).microphones == ("Yeti: USB",)
    assert '"go" was not heard' in stage.screen.lines


def test_a_microphone_that_is_lost_meanwhile_is_told_and_the_rules_are_written(stage: Stage) -> None:
    stage.ear.words = (ASKED, VoicegoError("it gives no more sound"))

    stage.run("enter", "", "")

    assert "it gives no more sound" in stage.screen.lines
    assert stage.file.exists()


def test_who_runs_already_is_said_to_obey_too(stage: Stage) -> None:
    stage.run(running=True)

    assert "voicego runs already: what you say now, it obeys as well" in stage.screen.lines


def test_no_test_asks_for_no_word(stage: Stage) -> None:
    stage.run("enter", test=False)

    assert [what for what, _ in stage.ear.asked] == ["level"]


def test_who_chooses_the_default_against_the_rules_is_told_the_line(stage: Stage) -> None:
    stage.file.write_text("microphone: Yeti\nrules: {go: {open: browser}}\n")

    stage.run("up", "enter")

    assert ("words", {"names": ["default"], "rules_file": str(stage.file)}) in stage.ear.asked
    assert 'for this microphone, let it say: microphone: "default"' in stage.screen.lines


# --- login, and leaving ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "logins"), [("y", 1), ("n", 0), ("enter", 0)])
def test_login_is_only_for_who_says_yes(stage: Stage, key: str, logins: int) -> None:
    stage.run("enter", key, test=False)

    assert stage.logins == logins
    assert ("voicego starts at login" in stage.screen.lines) is bool(logins)


def test_login_wishes_are_not_asked_for(stage: Stage) -> None:
    stage.run(login=False)
    assert stage.logins == 0
    stage.run(login=True)
    assert stage.logins == 1
    assert "log in" not in stage.pictures()


@pytest.mark.parametrize("before", [0, 1])
def test_ctrl_c_before_the_end_of_the_sound_writes_nothing(stage: Stage, before: int) -> None:
    stage.ear.words = (ASKED, READY)

    with pytest.raises(KeyboardInterrupt):
        stage.run(*["enter"] * before, KeyboardInterrupt())

    assert list(stage.file.parent.iterdir()) == []
    assert stage.screen.lines[-1] == "stopped; nothing was written"
    assert stage.screen.left == 0


def test_ctrl_c_at_the_last_question_leaves_whole_rules(stage: Stage) -> None:
    with pytest.raises(KeyboardInterrupt):
        stage.run("enter", KeyboardInterrupt(), test=False)

    assert stage.file.read_text() == starter()
    assert stage.screen.lines[-1] == f"stopped; the rules are in {stage.file}"
    assert stage.logins == 0


# --- the line in the rules -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pulse", 'a "quoted" \\ name: x', "Mikrofon (über USB) #2", "yes", "1", r"a\1g<0>"])
def test_any_name_comes_back_from_the_starter_rules(name: str) -> None:
    text = with_microphone(starter(), name)

    assert read(text).microphones == (name,)
    assert len(text.splitlines()) == len(starter().splitlines())
