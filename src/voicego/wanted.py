"""What the rules ask for: the values that a rules file becomes. All are frozen; times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Open:
    """Open the default browser (`browser`), an address, a file or folder, or an application by name."""

    target: str


@dataclass(frozen=True, slots=True)
class Launch:
    """Start an application."""

    application: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Run a program to its end. With `shell`, `command` holds one string, handed to the shell as it is."""

    command: tuple[str, ...]
    shell: bool = False
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Notify:
    """Show a desktop notification."""

    text: str
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a text; nothing is heard meanwhile."""

    text: str
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop listening, by hand or for a while."""

    for_s: float | None = None
    """Seconds; None until `voicego resume`."""


Action = Open | Launch | Run | Notify | Say | Pause


class Sensitivity(StrEnum):
    """How readily keywords are heard. Lower fires falsely less often and misses more; higher the other way round."""

    LOWER = "lower"
    NORMAL = "normal"
    HIGHER = "higher"


class Absence(StrEnum):
    """When nobody means voicego; the value is what the rules call it."""

    LOCKED = "locked"
    """The screen is locked."""
    CALL = "call"
    """Another program records from a microphone."""


class Engine(StrEnum):
    """What computes the model."""

    AUTO = "auto"
    """onnxruntime where an export of exactly these weights exists, else torch."""
    ONNX = "onnx"
    TORCH = "torch"


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit: so many, within so long."""

    count: int
    within_s: float
    """Seconds of the world outside: what is limited happens there."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do when a keyword is heard, and how sure to be."""

    keyword: str
    actions: tuple[Action, ...]
    threshold: float | None = None
    """Least posterior; None: as the checkpoint's decision table says at the sensitivity."""
    sensitivity: Sensitivity | None = None
    """None: as the whole file says."""
    margin: float = 0.0
    """Least lead over the runner-up and over `_unknown_`, as a difference of posteriors."""
    cooldown_s: float = 1.0
    """Seconds of sound before the same word may fire again."""
    isolated: bool = True
    """Said alone, between quiet and quiet; False: also in running speech."""
    patience_s: float = 0.3
    """Seconds of sound above the threshold before a word in running speech fires."""
    enabled: bool = True
    confirm: bool = True
    """Ask the confirming model first, where there is one."""
    at_most: Rate | None = None
    """How often it may act; None: only the whole file's limit holds."""
    ask: str = ""
    """A word that must be said before it acts; empty: it acts at once."""


@dataclass(frozen=True, slots=True)
class ConfirmWith:
    """A big model that is asked before a rule acts."""

    model: str
    """A folder, or a hub id that was fetched."""
    threshold: float | None = None
    """Least posterior; None: as its decision table says, else a stated default."""
    idle_s: float = 600.0
    """Seconds without a sound after which its memory is given back."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything that the rules file decides, resolved. Replaced whole on reload."""

    rules: tuple[Rule, ...] = ()
    microphones: tuple[str, ...] = ("default",)
    """In order of preference."""
    channel: int | None = None
    """Channel of the device, from 1; None mixes all of them."""
    model: str = "embedded"
    """`embedded`, a folder, or a hub id that was fetched."""
    sensitivity: Sensitivity = Sensitivity.NORMAL
    """For the rules that have neither a threshold nor a sensitivity of their own."""
    engine: Engine = Engine.AUTO
    threads: int = 1
    """CPU threads of the classifier."""
    hop_s: float = 0.1
    """Seconds between sliding windows."""
    quiet_s: float = 0.25
    """Seconds of quiet that end a word."""
    longest_word_s: float = 1.1
    warm_up_s: float = 1.0
    """Seconds of sound after start, resume or a gap in which nothing is decided."""
    chime: bool = False
    """A short sound at each detection."""
    confirm_with: ConfirmWith | None = None
    pause_while: tuple[Absence, ...] = ()
    at_most: Rate = Rate(5, 10.0)
    """How often all rules together may act."""
