"""A small supervisor: reads a unit and does what it says, as far as it is about starting and starting again."""

from __future__ import annotations

import configparser
import os
import shlex
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

READY_S = 60.0


class Sections(configparser.RawConfigParser):
    """Keys as they are written."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@dataclass
class Keeper:
    """Obeys a unit; `folder` is for its socket. Not systemd's code and not voicego's: it reads the unit on its own."""

    unit: Path
    folder: Path
    environ: Mapping[str, str]
    more: tuple[str, ...] = ()
    """Words after the unit's own command."""
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    heard: list[str] = field(default_factory=list)
    _channel: socket.socket | None = None
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def service(self) -> Mapping[str, str]:
        sections = Sections(strict=False, delimiters=("=",), comment_prefixes=("#", ";"), interpolation=None)
        sections.read_string(self.unit.read_text())
        return sections["Service"]

    def command(self) -> list[str]:
        words = shlex.split(self.service["ExecStart"])
        return [word.replace("%%", "%").replace("$$", "$") for word in (*words, *self.more)]

    def variables(self) -> dict[str, str]:
        """The unit's own lines: a parser of sections keeps only the last of several."""
        lines = (
            line.split("=", 1)[1] for line in self.unit.read_text().splitlines() if line.startswith("Environment=")
        )
        pairs = (word.replace("%%", "%").partition("=") for line in lines for word in shlex.split(line))
        return {name: value for name, _, value in pairs}

    def start(self) -> None:
        """Start it; where Type=notify, until it says that it is ready."""
        assert self.service["Type"] == "notify"
        if self._channel is None:
            self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._channel.bind(str(self.folder / "notify"))
        told = {
            "NOTIFY_SOCKET": str(self.folder / "notify"),
            "WATCHDOG_USEC": str(int(self.service["WatchdogSec"]) * 1_000_000),
        }
        self.starts += 1
        self.process = subprocess.Popen(
            self.command(),
            env={**self.environ, **self.variables(), **told},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def until_told(self, message: str, within_s: float = READY_S) -> None:
        """Wait for a message of the running process."""
        assert self._channel is not None
        assert self.process is not None
        while message not in self.heard:
            self._channel.settimeout(within_s)
            self.heard += self._channel.recv(4_096).decode().splitlines()
        self.heard.clear()

    def tend(self) -> bool:
        """Wait for its end, and start it again if the unit says so; whether it was."""
        assert self.process is not None
        code = self.process.wait(READY_S)
        assert self.service["Restart"] == "on-failure"
        good = code == 0 or -code in {1, 2, 13, 15}  # SIGHUP, SIGINT, SIGPIPE, SIGTERM: systemd.service(5)
        if good or str(code) in self.service["RestartPreventExitStatus"].split():
            return False
        self._stop.wait(float(self.service["RestartSec"]))
        self.start()
        return True

    def leave(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._channel is not None:
            self._channel.close()
            os.unlink(self.folder / "notify")  # noqa: PTH108 -- a socket
