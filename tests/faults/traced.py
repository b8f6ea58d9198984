"""What a traced daemon did with files and sockets, its threads included, the programs that it started left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

STRACE = ("strace", "-f", "-D", "-qq", "-s", "256", "-e", "trace=open,openat,openat2,creat,socket,execve", "-o")
"""`-D`: the daemon keeps the process that was started, and strace looks on from the side."""

_LINE = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\((?P<told>.*)\) += (?P<result>-?\d+)")
_WHOLE = re.compile(r"(?P<thread>\d+) +<\.\.\. \w+ resumed>(?P<rest>.*)")


@dataclass
class Traced:
    """Files that were opened for writing, and families of sockets."""

    written: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)
    lines: int = 0


def read(trace: Path) -> Traced:
    """Read what strace wrote."""
    found, others, halves, first = Traced(), set[str](), dict[str, str](), ""
    for line in trace.read_text(encoding="utf-8", errors="replace").splitlines():
        whole = line
        if line.endswith("<unfinished ...>"):
            halves[line.split()[0]] = line.removesuffix("<unfinished ...>")
            continue
        if (rest := _WHOLE.match(line)) and rest["thread"] in halves:
            whole = halves.pop(rest["thread"]) + rest["rest"]
        call = _LINE.match(whole)
        if call is None or int(call["result"]) < 0:
            continue
        found.lines += 1
        first = first or call["thread"]
        if call["call"] == "execve" and call["thread"] != first:
            others.add(call["thread"])
        if call["thread"] in others:
            continue
        _note(found, call["call"], call["told"])
    return found


def _note(found: Traced, call: str, told: str) -> None:
    if call == "socket":
        found.families.add(told.split(",", maxsplit=1)[0])
    elif call == "creat" or re.search(r"O_(WRONLY|RDWR|CREAT|APPEND|TRUNC)", told):
        name = re.search(r'"([^"]*)"', told)
        found.written.add(name[1] if name else told)
