"""The sound server's own tool, `pactl`: what it lists, and its running word on what changes. Alone in starting it.

It comes with PulseAudio, and speaks to PipeWire through pipewire-pulse just as well.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from voicego.acting.environment import child_environment

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

ANSWER_S = 3.0
"""Seconds that a list may take; a server that hangs answers never."""
BEGINS_S = 0.1
"""Seconds in which pactl usually begins to be told of changes."""
MOST = 65_536
"""Bytes of news taken at a time."""
UNTIL_WE_END = ("setpriv", "--pdeathsig", "KILL", "--")
"""Becomes the program, which then ends with the thread that started it, even when we are killed; pactl itself notices
nothing, and would go on telling nobody. From util-linux."""
LACKING = (
    "there is no `pactl`, which tells of other programs' recordings; "
    "install it: the package pulseaudio-utils (on Arch libpulse), on PipeWire too"
)


class Silent(Exception):  # noqa: N818  # it reads as what happened
    """The sound server, or its tool, did not answer."""


class Pactl:
    """One long-lived child that tells of changes, and short ones that list."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Remember; what `environ` says about the sound server is read when it is asked."""
        self._environ = environ
        self._news: subprocess.Popen[bytes] | None = None
        self._asked: subprocess.Popen[bytes] | None = None
        self._hushed = False

    def listed(self, what: str) -> list[dict[str, Any]]:
        """List `source-outputs`, `sources` or `clients`.

        Raises:
            Silent: the message says why.
        """
        text = self._run("--format=json", "list", what)
        try:
            found = json.loads(text or "[]")
        except ValueError as error:
            raise Silent("pactl lists no JSON; it is older than version 16") from error
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def default_source(self) -> str:
        """Name the default microphone.

        Raises:
            Silent: the message says why.
        """
        return self._run("get-default-source").strip()

    def changes(self) -> Generator[bytes]:
        """Yield what is told as it comes, many lines at a time; until the first, nothing again and again.

        Ends with the server, or with `hush`.

        Raises:
            Silent: the tool cannot be started.
        """
        news = self._news = self._started("subscribe", until_we_end=True)
        assert news.stdout is not None  # noqa: S101 -- it was asked for
        try:
            with news.stdout as told:
                while not self._hushed and not select.select([told], [], [], BEGINS_S)[0]:
                    yield b""
                while not self._hushed and (lines := os.read(told.fileno(), MOST)):
                    yield lines
        finally:
            news.kill()  # it may have closed its output and still live
            news.wait()

    def hush(self) -> None:
        """End `changes` for good, and what is being listed; from any thread."""
        self._hushed = True
        for process in (self._news, self._asked):
            if process is not None:
                process.kill()

    def _run(self, *words: str) -> str:
        with self._started(*words) as asked:
            self._asked = asked
            if self._hushed:
                asked.kill()
            try:
                told, complaint = asked.communicate(timeout=ANSWER_S)
            except subprocess.TimeoutExpired as error:
                asked.kill()
                raise Silent(f"the sound server did not answer within {ANSWER_S:g} s") from error
        if asked.returncode != 0:
            why = complaint.decode(errors="replace").strip().splitlines()
            raise Silent(f"pactl cannot reach a sound server: {why[-1] if why else f'exit code {asked.returncode}'}")
        return told.decode(errors="replace")

    def _started(self, *words: str, until_we_end: bool = False) -> subprocess.Popen[bytes]:
        if not self._found("pactl"):
            raise Silent(LACKING)
        ends = UNTIL_WE_END if until_we_end and self._found(UNTIL_WE_END[0]) else ()
        command = [*ends, "pactl", *words]
        try:
            return subprocess.Popen(  # noqa: S603 -- the sound server's own
                [self._found(command[0]), *command[1:]],
                env=child_environment(self._environ) | {"LC_ALL": "C"},  # the plain locale: JSON can read its numbers
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL if until_we_end else subprocess.PIPE,
                bufsize=0,
            )
        except OSError as error:
            raise Silent(f"pactl cannot be started: {error.strerror or error}") from error

    def _found(self, program: str) -> str:
        """Find a program; an empty text if it is not there."""
        return shutil.which(program, path=self._environ.get("PATH")) or ""
