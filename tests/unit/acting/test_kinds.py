"""`launch`, `run`, `notify`, `say`, `pause` and the chime: which command on which system."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from voicego.acting import chime, launch, notify, pause, powershell, run, say
from voicego.acting.desk import Desk, Ran, System
from voicego.acting.placeholders import Heard
from voicego.errors import VoicegoError
from voicego.flow import Launch, Notify, Outcome, Pause, Run, Say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.acting.conftest import Room

GO = Heard("go", 0.974, "14:03:05")
TRICKY = "-e \"quoted\" 'so' $(x) `y` <b>&\nü %PATH% $env:X"
EVERY = pytest.mark.parametrize("system", System)


class TestLaunch:
    @EVERY
    def test_a_program_on_the_path_starts_with_its_arguments(self, room: Room, system: System) -> None:
        ran = launch.carry_out(Launch(("code", "--new", "{keyword}")), GO, room.lay(system, "code"))

        assert ran.outcome is Outcome.OK
        assert [(asked.way, asked.argv) for asked in room.asked] == [("detach", ("code", "--new", "go"))]

    @EVERY
    def test_a_program_at_a_path_starts(self, room: Room, system: System) -> None:
        launch.carry_out(Launch(("~/bin/lights", "on")), GO, room.lay(system))

        assert [(asked.way, asked.argv) for asked in room.asked] == [("detach", ("~/bin/lights", "on"))]

    def test_an_application_starts_by_its_name(self, room: Room) -> None:
        desk = room.lay(System.LINUX)
        room.entry("code.desktop", "/opt/code/code %F", Name="Visual Studio Code")

        launch.carry_out(Launch(("Visual Studio Code", "a b")), GO, desk)

        assert room.commands == [("/opt/code/code", "a b")]

    @pytest.mark.parametrize("name", ["Music", "/Applications/Music.app"])
    def test_an_application_of_macos(self, room: Room, name: str) -> None:
        desk = room.lay(System.MACOS)

        launch.carry_out(Launch((name,)), GO, desk)
        launch.carry_out(Launch((name, "-x")), GO, desk)

        assert room.commands == [("open", "-a", name), ("open", "-a", name, "--args", "-x")]

    def test_an_application_that_windows_knows(self, room: Room) -> None:
        launch.carry_out(Launch(("spotify", "-x")), GO, room.lay(System.WINDOWS))

        assert [(asked.way, asked.argv) for asked in room.asked] == [("hand over", ("spotify", "-x"))]

    def test_what_nobody_knows_is_a_sentence(self, room: Room) -> None:
        ran = launch.carry_out(Launch(("cod",)), GO, room.lay(System.LINUX))

        assert (ran.outcome, ran.detail) == (
            Outcome.FAILED,
            'no program "cod" on PATH, and no application of that name',
        )


class TestRun:
    @EVERY
    def test_its_arguments_are_filled_one_by_one(self, room: Room, system: System) -> None:
        evil = Heard("a b; $(x)", 0.5, "14:03:05")

        run.carry_out(Run(("say-it", "{keyword}", "--at={time}", TRICKY), timeout_s=3.0), evil, room.lay(system))

        (asked,) = room.asked
        assert asked.argv == ("say-it", "a b; $(x)", "--at=14:03:05", TRICKY)
        assert (asked.way, asked.shell, asked.timeout_s) == ("run", False, 3.0)

    def test_a_shell_gets_the_string_and_the_values(self, room: Room) -> None:
        action = Run(("echo {keyword} | wc",), shell=True)  # noqa: S604

        run.carry_out(action, GO, room.lay(System.LINUX))

        (asked,) = room.asked
        assert (asked.argv, asked.shell, asked.extra) == (("echo go | wc",), True, GO.variables())

    @pytest.mark.parametrize(
        ("system", "command"), [(System.LINUX, 'echo "${VOICEGO_KEYWORD}"'), (System.WINDOWS, "echo acalc")]
    )
    def test_a_shell_never_reads_a_value_that_is_no_plain_word(self, room: Room, system: System, command: str) -> None:
        action = Run(("echo {keyword}",), shell=True)  # noqa: S604

        run.carry_out(action, Heard("a & calc", 0.5, ""), room.lay(system))

        assert room.commands == [(command,)]


class TestNotify:
    def test_on_linux_the_text_cannot_be_an_option_or_markup(self, room: Room) -> None:
        notify.carry_out(Notify(r"-x <b>{keyword}</b> & \co"), GO, room.lay(System.LINUX, "notify-send", "gdbus"))

        (asked,) = room.asked
        assert asked.argv[0] == "notify-send"
        assert asked.argv[-3:] == ("--", "voicego", r"-x &lt;b&gt;go&lt;/b&gt; &amp; \\co")
        assert asked.timeout_s == 10.0

    def test_gdbus_stands_in_for_notify_send(self, room: Room) -> None:
        notify.carry_out(Notify('"{score}"\n\\'), GO, room.lay(System.LINUX, "gdbus"))

        (argv,) = room.commands
        assert argv[:3] == ("gdbus", "call", "--session")
        assert json.loads(argv[-4]) == '"0.97"\n\\'

    def test_without_either_the_package_is_named(self, room: Room) -> None:
        ran = notify.carry_out(Notify("x"), GO, room.lay(System.LINUX))

        assert ran.outcome is Outcome.FAILED
        assert "libnotify-bin" in ran.detail

    @pytest.mark.parametrize("system", System)
    def test_a_text_of_voicegos_own_is_begun_as_it_stands_and_not_waited_for(self, room: Room, system: System) -> None:
        ran = notify.begin("{keyword}", room.lay(system, "notify-send"))

        (asked,) = room.asked
        assert ran.outcome is Outcome.OK
        assert (asked.way, asked.timeout_s) == ("begin", notify.LONGEST_S)
        assert "{keyword}" in (*asked.argv, asked.extra[powershell.TEXT])

    def test_a_text_that_cannot_be_shown_is_a_result(self, room: Room) -> None:
        assert notify.begin("x", room.lay(System.LINUX)).outcome is Outcome.FAILED

    def test_on_macos_the_text_is_an_argument_and_no_script(self, room: Room) -> None:
        notify.carry_out(Notify(TRICKY), GO, room.lay(System.MACOS))

        (argv,) = room.commands
        assert argv[0] == "osascript"
        assert argv[-2:] == ("--", TRICKY)
        assert not any(TRICKY in part for part in argv[:-1])

    def test_on_windows_the_text_is_a_variable_and_no_script(self, room: Room) -> None:
        notify.carry_out(Notify(TRICKY), GO, room.lay(System.WINDOWS))

        (asked,) = room.asked
        assert asked.extra == {powershell.TEXT: TRICKY}
        assert asked.argv == powershell.command(*notify.TOAST)
        assert f"CreateTextNode($env:{powershell.TEXT})" in asked.argv[-1]


class Ears:
    """Notes what was asked while it was deaf."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.heard_nothing_of = 0
        self.inside = False

    @contextlib.contextmanager
    def deaf(self) -> Iterator[None]:
        before = len(self.room.asked)
        self.inside = True
        yield
        self.inside = False
        self.heard_nothing_of += len(self.room.asked) - before


class TestSay:
    @staticmethod
    def say(text: str, desk: Desk, room: Room) -> Ran:
        ears = Ears(room)
        ran = say.carry_out(Say(text, timeout_s=4.0), GO, desk, ears.deaf)
        assert ears.heard_nothing_of == len(room.asked)
        assert not ears.inside
        return ran

    @pytest.mark.parametrize(
        ("programs", "argv", "stdin"),
        [
            (("spd-say", "espeak-ng"), ("spd-say", "--wait", "--", "-v go"), b""),
            (("espeak-ng", "espeak"), ("espeak-ng", "--", "-v go"), b""),
            (("espeak", "flite"), ("espeak", "--", "-v go"), b""),
            (("festival", "flite"), ("festival", "--tts"), b"-v go"),
            (("flite",), ("flite", "-t", "-v go"), b""),
        ],
    )
    def test_on_linux_the_first_that_is_there_speaks(
        self, room: Room, programs: tuple[str, ...], argv: tuple[str, ...], stdin: bytes
    ) -> None:
        ran = self.say("-v {keyword}", room.lay(System.LINUX, *programs), room)

        (asked,) = room.asked
        assert ran.outcome is Outcome.OK
        assert (asked.argv, asked.stdin, asked.timeout_s) == (argv, stdin, 4.0)

    def test_a_voice_that_fails_gives_way_to_the_next(self, room: Room, failure: Ran) -> None:
        ran = self.say("x", room.lay(System.LINUX, "spd-say", "flite", answers={"spd-say": failure}), room)

        assert ran.outcome is Outcome.OK
        assert [argv[0] for argv in room.commands] == ["spd-say", "flite"]

    def test_at_the_timeout_the_speech_service_is_silenced_before_anyone_listens(self, room: Room) -> None:
        answers = {"spd-say": Ran(Outcome.TIMED_OUT, "spd-say was ended after 4 s")}

        ran = self.say("x", room.lay(System.LINUX, "spd-say", "flite", answers=answers), room)

        assert ran.outcome is Outcome.TIMED_OUT
        assert room.commands == [("spd-say", "--wait", "--", "x"), ("spd-say", "--cancel")]

    def test_without_a_voice_one_is_named(self, room: Room) -> None:
        ran = self.say("x", room.lay(System.LINUX), room)

        assert ran.outcome is Outcome.FAILED
        assert "espeak-ng" in ran.detail

    def test_on_macos_the_text_is_read_from_standard_input(self, room: Room) -> None:
        self.say(TRICKY, room.lay(System.MACOS), room)

        (asked,) = room.asked
        assert (asked.argv, asked.stdin) == (("say", "-f", "-"), TRICKY.encode())

    def test_on_windows_the_text_is_a_variable_and_no_script(self, room: Room) -> None:
        self.say(TRICKY, room.lay(System.WINDOWS), room)

        (asked,) = room.asked
        assert asked.extra == {powershell.TEXT: TRICKY}
        assert asked.argv == powershell.command(*say.SPEAK)


@pytest.mark.parametrize("statements", [notify.TOAST, say.SPEAK, (chime.PLAY,)])
def test_no_script_for_windows_needs_quotes_on_its_command_line(statements: tuple[str, ...]) -> None:
    assert '"' not in " ".join(powershell.command(*statements))


def test_a_script_with_double_quotes_is_refused() -> None:
    with pytest.raises(ValueError, match="double quote"):
        powershell.command('Write-Host "x"')


class TestPause:
    @pytest.mark.parametrize("for_s", [None, 600.0])
    def test_it_is_handed_to_the_one_who_owns_the_ears(self, for_s: float | None) -> None:
        asked: list[float | None] = []

        ran = pause.carry_out(Pause(for_s), asked.append)

        assert ran.outcome is Outcome.OK
        assert asked == [for_s]

    def test_a_refusal_is_a_result(self) -> None:
        def refuse(_: float | None) -> None:
            raise VoicegoError("voicego is not running")

        ran = pause.carry_out(Pause(), refuse)

        assert (ran.outcome, ran.detail) == (Outcome.FAILED, "voicego is not running")

    @pytest.mark.parametrize(
        ("for_s", "said"), [(45.0, "45 s"), (90.0, "90 s"), (0.5, "0.5 s"), (600.0, "10 min"), (7200.0, "2 h")]
    )
    def test_its_length_in_words(self, for_s: float, said: str) -> None:
        assert pause.length(for_s) == said


class TestChime:
    @pytest.fixture
    def sound(self, tmp_path: Path) -> Path:
        (tmp_path / "it's.wav").touch()
        return tmp_path / "it's.wav"

    @pytest.mark.parametrize(
        ("programs", "argv"),
        [
            (("pw-play", "paplay", "aplay"), ("paplay",)),
            (("aplay",), ("aplay", "-q")),
        ],
    )
    def test_on_linux_the_sound_server_plays(
        self, room: Room, sound: Path, programs: tuple[str, ...], argv: tuple[str, ...]
    ) -> None:
        chime.play(room.lay(System.LINUX, *programs), sound)

        assert [(asked.way, asked.argv) for asked in room.asked] == [("begin", (*argv, str(sound)))]

    def test_pipewire_plays_where_it_runs(self, room: Room, sound: Path) -> None:
        (room.folder / "pipewire-0").touch()
        desk = room.lay(System.LINUX, "pw-play", "paplay", XDG_RUNTIME_DIR=str(room.folder))

        chime.play(desk, sound)

        assert room.commands == [("pw-play", str(sound))]

    def test_on_macos(self, room: Room, sound: Path) -> None:
        chime.play(room.lay(System.MACOS), sound)

        assert [(asked.way, asked.argv) for asked in room.asked] == [("begin", ("afplay", str(sound)))]

    def test_on_windows_its_path_is_a_variable_and_no_script(self, room: Room, sound: Path) -> None:
        chime.play(room.lay(System.WINDOWS), sound)

        (asked,) = room.asked
        assert (asked.way, asked.extra) == ("begin", {powershell.TEXT: str(sound)})
        assert asked.argv == powershell.command(chime.PLAY)

    def test_without_a_player_it_is_a_result(self, room: Room, sound: Path) -> None:
        assert chime.play(room.lay(System.LINUX), sound).outcome is Outcome.FAILED

    def test_without_the_sound_it_is_a_result(self, room: Room) -> None:
        ran = chime.play(room.lay(System.LINUX, "aplay"), Path("/nowhere/chime.wav"))

        assert (ran.outcome, ran.detail) == (Outcome.FAILED, "the sound /nowhere/chime.wav is not there")
