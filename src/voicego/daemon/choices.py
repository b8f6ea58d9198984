"""What a person chose here instead of in the rules file: one small file, written whole, and what it changes."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from voicego.files import write_whole
from voicego.flow import Absence, Sensitivity, Setup

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Choices:
    """Replaced whole at each choice. The command line beats it, it beats the rules file."""

    microphone: str | None = None
    """Comes before those of the file, which stand in while it is not there."""
    sensitivity: Sensitivity | None = None
    sensitivities: dict[str, Sensitivity] = field(default_factory=dict)
    """By keyword; without effect where the rule has a threshold of its own."""
    off: tuple[str, ...] = ()
    """Keywords of rules that are switched off."""
    pause_while: dict[Absence, bool] = field(default_factory=dict)
    paused: bool = False
    """By hand, until resumed."""
    paused_until: float | None = None
    """Unix time."""

    def shown(self) -> dict[str, Any]:
        """Return what the status tells of it, which has the pauses elsewhere."""
        found = asdict(self) | {"off": list(self.off)}
        return {name: value for name, value in found.items() if not name.startswith("paused")}


def applied(choices: Choices, setup: Setup) -> Setup:
    """Change a setup as chosen."""
    rules = tuple(
        replace(
            rule,
            enabled=rule.enabled and rule.keyword not in choices.off,
            sensitivity=choices.sensitivities.get(rule.keyword, rule.sensitivity)
            if rule.threshold is None
            else rule.sensitivity,
        )
        for rule in setup.rules
    )
    microphones = setup.microphones
    if chosen := choices.microphone:
        microphones = (chosen, *(name for name in microphones if name != chosen))
    asked = {absence: absence in setup.pause_while for absence in Absence} | choices.pause_while
    return replace(
        setup,
        rules=rules,
        microphones=microphones,
        sensitivity=choices.sensitivity or setup.sensitivity,
        pause_while=tuple(absence for absence in Absence if asked[absence]),
    )


def read(path: Path) -> Choices:
    """Read what was chosen; nothing where there is no file or none that makes sense, which is logged."""
    try:
        return _understood(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Choices()
    except (OSError, ValueError, TypeError, AttributeError, OverflowError) as error:
        log.warning("what was chosen in the menu cannot be read from %s and is forgotten: %s", path, error)
        return Choices()


def write(path: Path, choices: Choices) -> None:
    """Keep them; where that fails they hold until the end, and it is logged."""
    text = json.dumps(asdict(choices), indent=2, ensure_ascii=False)
    try:
        write_whole(path, f"{text}\n".encode(), private=True)
    except OSError as error:
        log.warning("what was chosen holds until voicego ends; it cannot be kept in %s: %s", path, error)


def _understood(found: Any) -> Choices:  # noqa: ANN401 -- JSON of any shape
    microphone, until = found.get("microphone"), found.get("paused_until")
    sensitivity = found.get("sensitivity")
    return Choices(
        microphone=microphone if isinstance(microphone, str) and microphone else None,
        sensitivity=Sensitivity(sensitivity) if sensitivity else None,
        sensitivities={str(word): Sensitivity(level) for word, level in found.get("sensitivities", {}).items()},
        off=tuple(str(word) for word in found.get("off", ())),
        pause_while={Absence(what): bool(on) for what, on in found.get("pause_while", {}).items()},
        paused=found.get("paused") is True,
        paused_until=None if until is None else _time(until),
    )


def _time(found: Any) -> float:  # noqa: ANN401 -- JSON of any shape
    """Raise ValueError or OverflowError for what is no time that could be shown."""
    time = float(found)
    datetime.fromtimestamp(time)  # noqa: DTZ006 -- as it is shown to a person
    return time
