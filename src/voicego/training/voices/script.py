"""What the voices say: the 35 words, words that sound like a keyword, common words, and talk without any of the ten.

Common words and talk come from the texts of Debian's package `fortunes`. A sentence that holds one of the ten keywords,
or a word that sounds the same ("know", "write"), is left out.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voicego.errors import VoicegoError
from voicego.training.clips import KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

FORTUNES = Path("/usr/share/games/fortunes")

NEIGHBOURS = {
    "yes": "yet yell yesterday yeast yep guess chess bless less mess this us east pets death ass as is",
    "no": "snow nose nope note known notice nor new now near nah knee none known low mow toe so oh over open row "
    "though nowhere nobody noise mode load noble knoll",
    "up": "cup app pup sup us uh um of but hop op apt ape shut cut puck upper upon u ebb hub abrupt of up-to-date",
    "down": "dawn done town brown drown don dan den around noun gown doubt dow doubt downs data dime dumb tone pound "
    "found round mound downtown now how cow",
    "left": "laughed lift loft leaf let let's life less lefty lest laugh led leapt love theft chef deft elf last list "
    "leave leg lead level",
    "right": "ride rye rice ripe bright rate rat light bite bride wide white fright tight height night write-off rifle "
    "riot rise rival like might",
    "on": "un own an and in awn ah on-off onto hon john con gone khan upon aunt honest olive song long wrong all our "
    "arm are aren't bonn swan",
    "off": "of awful cough half arf loft often office ought oft hoff soft coffee doff scoff trough of-course our all "
    "awe author auth ah",
    "stop": "top step stomp stuff stab stopped stock sob shop drop strap stub start stopper stoop state steep swap "
    "cop hop pop tap stay",
    "go": "goat gold ghost goes gone coat cold goal glow grow good girl guy got goose gum cow crow oh owe hoe ago "
    "gopher coke gate game bow dough doe toe joe google",
}
"""Words that are taken for a keyword, by a network or by a tired ear."""

SOUNDS_THE_SAME = frozenset({"know", "write", "rite", "wright", "knows", "gnome", "dawn"})
"""Said like a keyword (or, in some mouths, nearly so): neither negatives nor part of the talk."""

THINNEST, THIN, PLENTY = ("on", "off"), ("go", "no", "up", "down", "stop", "yes"), ("left", "right")
FEW = (
    *("backward", "bird", "dog", "follow", "forward", "four", "house", "learn", "marvin", "nine", "seven", "sheila"),
    *("six", "three", "tree", "two", "visual", "wow"),
)
"""Words that the pack holds 3 to 29 human clips of."""

TOKEN = re.compile(r"[a-z']+")


@dataclass(frozen=True, slots=True)
class Text:
    """Talk and the words it is made of."""

    sentences: tuple[str, ...]
    """6 to 120 characters, none of the ten keywords and nothing that sounds the same."""
    common: tuple[str, ...]
    """The most frequent words, by frequency."""


def neighbours() -> list[str]:
    """Every neighbour once, keywords and their like-sounding left out."""
    every = {word for line in NEIGHBOURS.values() for word in line.split()}
    return sorted(every - set(KEYWORDS) - SOUNDS_THE_SAME)


def read_text(folder: Path = FORTUNES, common: int = 2000) -> Text:
    """Read Debian's fortunes; raises VoicegoError where they are not installed."""
    files = sorted(path for path in folder.glob("*") if path.is_file() and not path.suffix)
    if not files:
        raise VoicegoError(f"There are no texts in {folder}: `apt install fortunes` brings them.")
    raw = "\n%\n".join(path.read_text(encoding="utf-8", errors="ignore") for path in files if path.name != "ascii-art")
    pieces = (piece for block in raw.split("\n%") for piece in re.split(r"(?<=[.!?;:])\s+|\n\s*\n|--", block))
    plain = (re.sub(r"\s+", " ", piece).strip(" \"'-") for piece in pieces)
    sentences = tuple(dict.fromkeys(piece for piece in plain if _speakable(piece)))
    counts = Counter(TOKEN.findall(" ".join(sentences).lower()))
    words = [word for word, _ in counts.most_common(3 * common) if len(word) > 1 and "'" not in word]
    return Text(sentences, tuple(word for word in words if word not in KEYWORDS)[:common])


def is_kept_out(sentence: str) -> bool:
    """Whether a sentence is one of the fifth that only measures."""
    return hashlib.sha1(sentence.encode(), usedforsecurity=False).digest()[0] < 51  # noqa: PLR2004 — a fifth of 256


def _speakable(piece: str) -> bool:
    if not 6 <= len(piece) <= 120 or not re.fullmatch(r"[A-Za-z ,.'!?;:-]+", piece):  # noqa: PLR2004
        return False
    words = TOKEN.findall(piece.lower())
    return not _holds_any(words) and not any(word.isupper() and len(word) > 1 for word in piece.split())


def _holds_any(words: Iterable[str]) -> bool:
    parts = {part for word in words for part in (word, *word.split("'"))}
    return not parts.isdisjoint({*KEYWORDS, *SOUNDS_THE_SAME})
