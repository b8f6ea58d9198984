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
        try:
            news = self._news = subprocess.Popen(  # noqa: S603 -- the sound server's own
                [_path(self._environ), "subscribe"],
                env=self._env(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
            )
        except OSError as error:
            raise Silent(f"pactl cannot be started: {error.strerror or error}") from error
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
        """End `changes` for good; from any thread."""
        self._hushed = True
        if self._news is not None:
            self._news.kill()

    def _run(self, *words: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 -- the sound server's own
                [_path(self._environ), *words],
                env=self._env(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=ANSWER_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Silent(f"the sound server did not answer within {ANSWER_S:g} s") from error
        except OSError as error:
            raise Silent(f"pactl cannot be started: {error.strerror or error}") from error
        if done.returncode != 0:
            why = done.stderr.decode(errors="replace").strip().splitlines()
            raise Silent(f"pactl cannot reach a sound server: {why[-1] if why else f'exit code {done.returncode}'}")
        return done.stdout.decode(errors="replace")

    def _env(self) -> dict[str, str]:
        """Give its environment: in the plain locale, whose numbers JSON can read."""
        return child_environment(self._environ) | {"LC_ALL": "C"}


def _path(environ: Mapping[str, str]) -> str:
    found = shutil.which("pactl", path=environ.get("PATH"))
    if found is None:
        raise Silent(LACKING)
    return found
