"""What one look of the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """voicego works, but less than it could, or this could not be looked at."""
    PROBLEM = "problem"
    """voicego does not work until this is mended."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    """In one sentence."""
    advice: str = ""
    """What to do; empty where there is nothing."""


def ok(name: str, found: str) -> Check:
    """It is as it should be."""
    return Check(name, State.OK, found)


def warning(name: str, found: str, advice: str = "") -> Check:
    """It could be better."""
    return Check(name, State.WARNING, found, advice)


def problem(name: str, found: str, advice: str = "") -> Check:
    """It has to be mended."""
    return Check(name, State.PROBLEM, found, advice)


def told(name: str, state: State, error: Exception) -> Check:
    """Make a check of a sentence; voicego's own say after a semicolon what to do."""
    found, _, advice = str(error).partition("; ")
    return Check(name, state, found, advice)
