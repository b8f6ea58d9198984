from __future__ import annotations

import json
import subprocess
import sys
import urllib.parse
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicego.acting.placeholders import Heard, fill, fill_cmd, fill_shell

if TYPE_CHECKING:
    from pathlib import Path

GO = Heard("go", 0.974, "14:03:05")

EVIL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20) | st.sampled_from(
    [
        "$(touch mark)",
        "`touch mark`",
        "'; touch mark; '",
        '"; touch mark; "',
        "a b",
        "*",
        "\n touch mark",
        "-n",
        "${IFS}",
    ]
)


def test_each_name_gives_its_value() -> None:
    assert fill("{keyword} ({score}) at {time}", GO) == "go (0.97) at 14:03:05"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{{keyword}} is {keyword}", "{keyword} is go"),
        ("{{}}", "{}"),
        ('{{"word": {{"is": "{keyword}"}}}}', '{"word": {"is": "go"}}'),
        ("awk '{{print $1}}'", "awk '{print $1}'"),
        ("{{{keyword}}}", "{go}"),
    ],
)
def test_doubled_braces_give_bare_ones(text: str, filled: str) -> None:
    assert fill(text, GO) == filled


@pytest.mark.parametrize(
    "text",
    [
        *('{"on": {"bri": 254}}', "awk '{print $1}'", "{}", "{Keyword}", "{ keyword }", "${keyword_x}", "{", "a } b"),
        *("${A:-${B}}", "{keyword!r}", "{keyword:>9}"),
    ],
)
def test_a_text_with_braces_of_its_own_keeps_them(text: str) -> None:
    assert fill(text, GO) == text


def test_a_placeholder_inside_json_is_filled() -> None:
    assert json.loads(fill('{"word": {"is": "{keyword}"}, "score": {score}}', GO)) == {
        "word": {"is": "go"},
        "score": 0.97,
    }


def test_a_value_is_not_filled_again() -> None:
    assert fill("{keyword}", Heard("{score}", 0.5, "")) == "{score}"


def test_a_value_can_be_quoted_for_an_address() -> None:
    assert fill("https://x.org/?q={keyword}", Heard("go home", 1.0, ""), urllib.parse.quote) == (
        "https://x.org/?q=go%20home"
    )


def test_even_there_a_doubled_placeholder_gives_the_bare_word() -> None:
    assert fill('{"x": "{{score}} is {score}"}', GO) == '{"x": "{score} is 0.97"}'


@given(st.text(st.characters(exclude_characters="{}")))
def test_a_text_without_braces_stays(text: str) -> None:
    assert fill(text, GO) == text


@given(st.text())
def test_any_text_can_be_written_with_doubled_braces(text: str) -> None:
    assert fill(text.replace("{", "{{").replace("}", "}}"), GO) == text


def test_plain_values_stand_in_a_shell_command_as_they_are() -> None:
    assert fill_shell("echo '{keyword}' {score} \"{time}\" {{score}}", GO) == "echo 'go' 0.97 \"14:03:05\" {score}"


@pytest.mark.skipif(sys.platform == "win32", reason="no /bin/sh")
@pytest.mark.parametrize("place", ["{keyword}", '"{keyword}"', "'{keyword}'", '"heard {keyword} now"', "x{keyword}y"])
def test_no_value_is_ever_run_by_the_shell(place: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("shell")

    @given(EVIL)
    def runs(keyword: str) -> None:
        heard = Heard(keyword, 0.5, "14:03:05")
        command = fill_shell(f"printf %s {place}", heard)
        done = subprocess.run(
            ("sh", "-c", command), cwd=folder, env=heard.variables(), capture_output=True, check=False, timeout=10
        )

        assert done.returncode == 0, (command, done.stderr)
        assert not list(folder.iterdir())

    runs()


@pytest.mark.skipif(sys.platform == "win32", reason="no /bin/sh")
@pytest.mark.parametrize("keyword", ["$(touch mark)", "two  words", "it's", '"', "*"])
def test_an_unquoted_placeholder_gives_the_shell_one_whole_word(keyword: str, tmp_path: Path) -> None:
    heard = Heard(keyword, 0.5, "")
    done = subprocess.run(
        ("sh", "-c", fill_shell("printf '<%s>' {keyword}", heard)),
        cwd=tmp_path,
        env=heard.variables(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == f"<{keyword}>"


@given(EVIL)
def test_cmd_sees_plain_letters_only(keyword: str) -> None:
    assert not set(fill_cmd("{keyword}", Heard(keyword, 0.5, ""))) & set("&|<>^%!\"'() \n;,=")


def test_a_shell_finds_the_values_in_its_environment() -> None:
    assert GO.variables() == {"VOICEGO_KEYWORD": "go", "VOICEGO_SCORE": "0.97", "VOICEGO_TIME": "14:03:05"}
