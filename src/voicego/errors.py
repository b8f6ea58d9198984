"""What can go wrong and be mended by a person: one clear sentence each, and the exit code that goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """How the process ends; 78 is EX_CONFIG of sysexits.h, which systemd is told not to restart on."""

    OK = 0
    FAILED = 1
    USAGE = 2
    SURPRISE = 3
    BROKEN_RULES = 78


class VoicegoError(Exception):
    """Something a person can mend. The message says what happened, where, and what to do."""

    exit_code: Exit = Exit.FAILED


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a rules file."""

    where: str
    """`file:line:column`, counted from 1; the file alone where no line is to blame."""
    text: str
    """What is wrong and what to do."""

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


class RulesError(VoicegoError):
    """The rules file cannot be used; every mistake in it is named at once, one a line."""

    exit_code = Exit.BROKEN_RULES

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


LEFT_OUT = frozenset({"torch", "transformers", "huggingface_hub", "safetensors"})
"""What pip brings and the packages of the systems' own kinds leave out: the model inside needs none of it."""


class LeftOut(VoicegoError):  # noqa: N818  # it reads as what happened
    """A part of voicego that this installation does not have."""

    def __init__(self, package: str, wanted: str) -> None:
        super().__init__(
            f"{wanted} needs {package}, which this installation leaves out; the embedded model, and models that were "
            "exported beside their weights, work without it, and `pip install voicego` brings all of it"
        )
