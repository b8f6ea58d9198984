"""The first run's proof: one word is asked for, and what was heard is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from voicego.app.first_run.screen import TICK_S, bar
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from voicego.app.first_run.screen import Ear, Screen

WAITS_S = 20.0
"""Seconds for which a word is waited for where nobody can press a key."""

ZEROS_DBFS = -99.0
QUIET_DBFS = -55.0
"""RMS of a twelfth of a second; in a word that is meant, some of it is louder."""
LOUD_DBFS = -4.0
OPENS_S = 8.0
"""Seconds after which a microphone that gives no sound is spoken of."""
SHOWN = 3
"""What was heard last."""
TOLD_AFTER_S = 4.0
"""Seconds of listening after which something is said about the level."""


class Heard(Enum):
    """How it ended."""

    YES = auto()
    NO = auto()
    """Nobody said it, or it was not understood."""
    ELSEWHERE = auto()
    """The person wants another microphone."""


def hear_one(screen: Screen, ear: Ear, names: Sequence[str], rules_file: Path | None, waits_s: float) -> Heard:
    """Ask for a word until it is heard, or a key says otherwise, or `waits_s` seconds of listening have passed."""
    ear.ask("words", names=list(names), rules_file=str(rules_file) if rules_file else None)
    hearing = Hearing()
    with screen.picture() as picture:
        while not hearing.result and hearing.waited_s < waits_s:
            try:
                hearing.take(ear.next(TICK_S))
            except VoicegoError as error:
                hearing.wrong = str(error)
                break
            picture.show(hearing.lines(asks=screen.asks))
            match picture.key():
                case "enter":
                    break
                case "m":
                    return Heard.ELSEWHERE
    for text in hearing.told():
        screen.line(text)
    return Heard.YES if hearing.result else Heard.NO


@dataclass(slots=True)
class Hearing:
    """What came so far."""

    word: str = ""
    threshold: float = 0.0
    score: float | None = None
    """Of the word, once it was heard."""
    level_db: float | None = None
    loudest_db: float = ZEROS_DBFS
    loaded: bool = False
    ready: bool = False
    waited_s: float = 0.0
    wrong: str = ""
    """Why it ended."""
    notes: list[str] = field(default_factory=list)

    @property
    def result(self) -> bool:
        """Whether the word was heard."""
        return self.score is not None

    def take(self, said: dict[str, Any] | None) -> None:
        """Take in what the ear says; None: nothing within a moment."""
        match said:
            case None:
                self.waited_s += TICK_S
            case {"level_db": level_db}:
                self.level_db, self.loudest_db = level_db, max(self.loudest_db, level_db)
                self.waited_s += TICK_S
            case {"word": word, "threshold": threshold}:
                self.word, self.threshold = word, threshold
            case {"loaded": _}:
                self.loaded, self.waited_s = True, 0.0
            case {"ready": _}:
                self.ready, self.waited_s = True, 0.0
            case {"heard": _, "score": score}:
                self.score = score
            case {"sounded": label, "score": score, "of_word": of_word}:
                self.notes.append(self._sounded(label, score, of_word))
            case {"long": _}:
                self.notes.append("that was long for a word: leave a moment of quiet before it and after it")

    def lines(self, *, asks: bool) -> list[str]:
        """Draw it."""
        asked = f'Say "{self.word}" on its own: quiet, the word, quiet.' if self.ready else "A moment, it gets ready …"
        keys = "Enter goes on without, m takes another microphone." if asks else ""
        return [asked, "", f"   {bar(self.level_db)}", "", *self.notes[-SHOWN:], self.level_advice(), keys]

    def told(self) -> list[str]:
        """Say how it ended."""
        if self.score is not None:
            return [f'heard "{self.word}": {self.score:.2f}, and {self.threshold:.2f} is enough']
        advice = self.level_advice()
        last = [self.wrong] if self.wrong else self.notes[-1:]
        return [f'"{self.word or "the word"}" was not heard', *last, *([advice] if advice else [])]

    def level_advice(self) -> str:
        """Say what is wrong with the level, once enough was heard of it."""
        if self.loaded and not self.ready and self.waited_s > OPENS_S:
            return "The sound system gives no answer; `voicego doctor` looks into it."
        if not self.ready or self.waited_s < TOLD_AFTER_S:
            return ""
        if self.loudest_db <= ZEROS_DBFS:
            return "Only digital silence comes: the microphone is muted, or voicego is not permitted to use it."
        if self.loudest_db < QUIET_DBFS:
            return "Too quiet: come nearer, or raise the microphone's level in the system's sound settings."
        if self.loudest_db > LOUD_DBFS:
            return "Too loud: lower the microphone's level in the system's sound settings."
        return ""

    def _sounded(self, label: str, score: float, of_word: float) -> str:
        scored = f'"{self.word}" got {of_word:.2f}, and it takes {self.threshold:.2f}'
        if label == self.word:
            return f"almost: {scored}; say it once more, a little clearer"
        if label:
            return f'that sounded like "{label}" ({score:.2f}); {scored}'
        return f"that was no word that this model knows; {scored}"
