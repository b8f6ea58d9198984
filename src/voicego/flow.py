"""The values that flow through voicego. All are frozen; time in the flow is a sample index at 16 kHz, never a clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from voicego.wanted import (
    Absence,
    Action,
    ConfirmWith,
    Engine,
    Launch,
    Notify,
    Open,
    Pause,
    Rate,
    Rule,
    Run,
    Say,
    Sensitivity,
    Setup,
)

__all__ = [
    "Absence",
    "Action",
    "ConfirmWith",
    "Engine",
    "Launch",
    "Notify",
    "Open",
    "Pause",
    "Rate",
    "Rule",
    "Run",
    "Say",
    "Sensitivity",
    "Setup",
]
"""What the rules ask for flows, too; it lies in a room of its own, so that `voicego check` makes nothing else."""

SAMPLE_RATE = 16_000
"""Hz. Everything after the microphone's resampler is mono float32 at this rate."""

if TYPE_CHECKING:  # numpy takes 80 ms to import, and `voicego check` hears nothing
    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.float32]
else:
    Samples = Any
"""Mono sound in [-1, 1] at `SAMPLE_RATE`, shape `(n,)` unless a docstring says otherwise."""


def seconds(samples: int) -> float:
    """Length of `samples` in seconds."""
    return samples / SAMPLE_RATE


def in_samples(seconds_: float) -> int:
    """Length of `seconds_` in samples, rounded."""
    return round(seconds_ * SAMPLE_RATE)


# --- hearing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """A stretch of sound as it was heard. An empty block says "nothing new within a second"."""

    samples: Samples
    start: int
    """Index of the first sample since capture began."""
    skipped: int = 0
    """Samples lost right before this block (the reader was too slow, or the device dropped them)."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Speech between quiet and quiet, as far as it is known."""

    start: int
    """Sample at which speech began."""
    until: int
    """Sample up to which it was followed; while it goes on, this grows."""
    end: int | None = None
    """Sample after the last speech; None while it goes on."""
    quiet_before: int = 0
    """Samples of quiet before it. The edge of a recording counts as endless quiet."""
    cut: bool = False
    """Too long: ended by the gate, not by quiet."""

    @property
    def length(self) -> int:
        """Samples from the first speech to the last that is known."""
        return (self.until if self.end is None else self.end) - self.start


@dataclass(frozen=True, slots=True)
class Window:
    """What a classifier scores: a fixed length of sound around or inside an utterance."""

    samples: Samples
    start: int
    """May be negative at the edge of a recording: what lies before is zeros, and was not heard."""
    end: int
    utterance: Utterance
    laid: bool = False
    """Laid over an ended utterance, to decide on a word said alone; the others slide on the hop."""


# --- spotting ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scores:
    """Posteriors of one window."""

    labels: tuple[str, ...]
    probabilities: Samples
    """Shape `(labels,)`, summing to 1."""
    start: int
    end: int
    utterance: Utterance
    laid: bool = False


@dataclass(frozen=True, slots=True)
class Detection:
    """A keyword was heard."""

    id: str
    """Short, unique within a run; every later log line about it carries it."""
    keyword: str
    score: float
    at: int
    """Sample at which the word ended (said alone), or its window (in running speech)."""
    confirmed: float | None = None
    """Posterior of the confirming model, where one was asked."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A detection that waits for a bigger model's word."""

    detection: Detection
    samples: Samples
    """Its window, shape `(window,)`."""
    least: float
    """Posterior of the keyword that the bigger model must reach."""
    cooldown_s: float


# --- acting and status -------------------------------------------------------------------------------------------


class Outcome(StrEnum):
    """How an action ended."""

    OK = "ok"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class ActionRun:
    """One action that was carried out, or not."""

    detection_id: str
    keyword: str
    action: str
    """As a person would write it: `open browser`."""
    outcome: Outcome
    exit_code: int | None = None
    seconds: float = 0.0
    detail: str = ""
    """Why it failed, or the tail of its output."""
    started_at: float = 0.0
    """`time.monotonic()` at its start."""


class State(StrEnum):
    """What the daemon is doing; the value is what a person reads."""

    STARTING = "starting"
    LOADING = "loading"
    LISTENING = "listening"
    PAUSED = "paused"
    RECONNECTING = "reconnecting"
    CONFIG_ERROR = "config error"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that a person should know while it holds, and that stops nothing."""

    kind: str
    """The same for the same trouble: the newest of a kind stands for it."""
    text: str
    """One sentence: what, and what to do."""
    holds: bool = True
    """False: it is over."""


class Unheard(StrEnum):
    """Why a candidate is not acted on; the value is its counter's name."""

    REFUSED = "refused"
    TOO_LATE = "too_late"
    NOT_ASKED = "not_asked"
    """The confirming model does not work."""


@dataclass(frozen=True, slots=True)
class NotConfirmed:
    """What became of a candidate that is not acted on."""

    detection: Detection
    outcome: Unheard
    why: str
    """For a person."""


class Readiness(StrEnum):
    """What the confirming model is doing."""

    RESTING = "resting"
    """Nothing was heard for a while; its weights take no memory."""
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RuleState:
    """A rule as it is in force now."""

    keyword: str
    enabled: bool
    in_file: bool
    """Enabled in the rules file; `enabled` is False all the same where it was switched off here."""
    does: str
    """As a person would write it: `open browser`."""
    threshold: float | None
    """Least posterior; None while no model is loaded."""
    sensitivity: Sensitivity
    chosen: Sensitivity | None = None
    """Chosen here for this word, instead of in the file."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A word was called wrong so often that its sensitivity should be lowered."""

    keyword: str
    wrongs: int
    """Times within the last day."""
    level: Sensitivity
    """The next lower one."""


@dataclass(frozen=True, slots=True)
class Status:
    """A picture of the daemon at one moment."""

    state: State
    reason: str = ""
    """Why it is not listening, in one sentence."""
    pause_reasons: tuple[str, ...] = ()
    paused_until: float | None = None
    """Unix time, when paused for a while."""
    pid: int = 0
    version: str = ""
    rules_file: str = ""
    rules: tuple[str, ...] = ()
    """Keywords of the enabled rules."""
    config_error: str = ""
    sensitivity: Sensitivity = Sensitivity.NORMAL
    rule_states: tuple[RuleState, ...] = ()
    """All rules, those too that are switched off."""
    choices: dict[str, Any] = field(default_factory=dict)
    """What was chosen instead of in the file: `microphone`, `sensitivity`, `sensitivities`, `off`, `pause_while`."""
    pause_while: tuple[Absence, ...] = ()
    microphone: str = ""
    """The one that is open."""
    microphones_wanted: tuple[str, ...] = ()
    """In order of preference."""
    level_db: float | None = None
    """Level of the newest sound, in dB below full scale."""
    gate: bool = False
    """Something is heard that may be speech."""
    notices: tuple[str, ...] = ()
    """What a person should know now, a sentence each."""
    offers: tuple[Offer, ...] = ()
    engine: str = ""
    """What computes: `onnx` or `torch`."""
    engine_file: str = ""
    """The file that it computes."""
    model: str = ""
    confirming: dict[str, Any] | None = None
    """The confirming model, if there is one: `model`, `state` (a `Readiness`), `reason`, `engine`, `file`, `pid`."""
    counters: dict[str, int] = field(default_factory=dict)
    heard_s: float = 0.0
    """Seconds of sound since capture began."""
    last_detection: dict[str, Any] | None = None
    recent: tuple[dict[str, Any], ...] = ()
    """The last five detections, newest first: `id`, `keyword`, `score`, `confirmed`, `at_s`, `time` (Unix), `actions`
    (each `action`, `outcome`, `detail`, `seconds`), `wrong` (a person said so)."""
    last_run: dict[str, Any] | None = None
    log_file: str = ""
