"""What nobody needs to know who reads a bug report: who, where, and which piece of hardware exactly."""

from __future__ import annotations

import getpass
import os
import platform
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicego.app.doctor.check import Check

SHORTEST_NAME = 2
"""Letters; a user `a` would take every "a" out of the text."""

OWN_WORDS = frozenset({"voicego", "python", "default", "localhost"})
"""They give nobody away, and the text needs them."""

MAC = re.compile(r"\b(?:[0-9A-Fa-f]{2}[:_-]){5}[0-9A-Fa-f]{2}\b")
SERIAL = re.compile(r"(?<![0-9A-Za-z])(?=(?:[A-Za-z]*[0-9]){4})[0-9A-Za-z]{8,}(?![0-9A-Za-z])")
"""Eight letters and digits in a row, four digits among them: no model's name is like that, most serials are."""

OWNER = re.compile(r"\b[^\W\d_][\w.-]*(?: [^\W\d_][\w.-]*)?['\u2019]s (?=\w)")
"""What Apple calls things after a person, who has a capital letter: `Ada's AirPods`."""

QUOTED = re.compile(r'"([^"\n]*)"')
OTHERS = re.compile(r"(belongs to|the group) [^\s,;]+")
PLAIN = re.compile(r"[\w-]{1,20}")


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is taken out."""

    homes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Of the user and of the computer."""

    def without(self, text: str) -> str:
        """Take them out of a text."""
        for home in sorted(self.homes, key=len, reverse=True):
            text = re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)
        for name in sorted(self.names, key=len, reverse=True):
            text = re.sub(rf"(?<![\w]){re.escape(name)}(?![\w])", "(name)", text, flags=re.IGNORECASE)
        return MAC.sub("(address)", text)

    def of(self, check: Check) -> Check:
        """Take them out of a check."""
        return replace(check, found=self.without(check.found), advice=self.without(check.advice))


def home() -> Path:
    """Find the home folder; the root for who has none, as a number without an account in a container."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def secrets() -> Secrets:
    """Find out who and where this is."""
    homes = [str(each) for each in {home(), Path(os.path.realpath(home()))} if len(each.parts) > 1]
    host = platform.node()
    names = {*_user(), host, host.partition(".")[0]} - {""}
    kept = (name for name in names if len(name) >= SHORTEST_NAME and name.lower() not in OWN_WORDS)
    return Secrets(tuple(homes), tuple(sorted(kept)))


def device(name: str) -> str:
    """Name a microphone, alone or in a sentence, without what tells its owner or its serial number."""
    name = OWNER.sub(lambda found: "(name)'s " if found[0][0].isupper() else found[0], name)
    return SERIAL.sub("(serial)", MAC.sub("(address)", name))


def quoted(text: str) -> str:
    """Leave out what a message about a file quotes, unless it is a plain word, and whom the file belongs to."""
    text = QUOTED.sub(lambda found: found[0] if PLAIN.fullmatch(found[1]) else '"(left out)"', text)
    return OTHERS.sub(r"\1 (name)", text)


def _user() -> set[str]:
    found = set()
    try:
        found.add(getpass.getuser())
    except (OSError, KeyError):  # a number without an account, as in a container
        return set()
    if sys.platform != "win32":
        import pwd  # noqa: PLC0415 -- there is none on Windows

        try:
            whole = pwd.getpwuid(os.getuid()).pw_gecos.split(",")[0]
        except KeyError:
            return found
        found |= {whole, *whole.split()}
    return found
