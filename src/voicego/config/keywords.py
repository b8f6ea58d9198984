"""Are the words of the rules known: to the model that listens, and to the one that has the last word?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voicego.config import values
from voicego.config.words import glued, listed, nearest, quoted
from voicego.errors import VoicegoError
from voicego.wanted import Setup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from voicego.config.places import Marked, Path

NO_WORDS = frozenset({"_silence_", "_unknown_", "silence", "unknown"})
"""Labels of models that no rule may name."""

MOST_GUESSES = 50
"""Unknown keywords for which the nearest known one is looked for; it takes a while."""


def check_keywords(marked: Marked, data: dict[str, Any], hears: Callable[[str], tuple[str, ...]]) -> None:
    """Note every keyword that a model lacks, and every model that is not there."""
    rules = data["rules"]
    if not isinstance(rules, dict):
        return
    known = _known(marked, ("model",), data.get("model", Setup().model), hears)
    unknown = [] if known is None else [word for word in rules if word not in known]
    _tell_unknown(marked, unknown, known or ())
    if known is not None:
        _check_answers(marked, rules, known)
    _check_confirmed(marked, data, [word for word in rules if word not in unknown], hears)


def _known(
    marked: Marked, path: Path, named: object, hears: Callable[[str], tuple[str, ...]]
) -> tuple[str, ...] | None:
    """Words that a model hears; None where that cannot be said."""
    try:
        return hears(values.model(named))
    except ValueError:  # told already
        return None
    except VoicegoError as error:
        marked.wrong(path, str(error))
    except OSError as error:  # a name too long for a file, a folder that may not be looked into
        marked.wrong(path, f"the model cannot be read: {error.strerror or error}")
    return None


def _tell_unknown(marked: Marked, unknown: Iterable[str], known: tuple[str, ...]) -> None:
    for number, word in enumerate(unknown):
        if word.lower() in NO_WORDS:
            text = f"{quoted(word)} stands for what is no keyword; a rule cannot wait for it"
            marked.wrong(("rules", word), text, key=True)
            continue
        if space := glued(word, known):
            marked.wrong(("rules", word), f"no keyword {quoted(word)}. {space}", key=True)
            continue
        meant = nearest(word, known) if number < MOST_GUESSES else None
        hint = f' Did you mean "{meant}"?' if meant else ""
        marked.wrong(("rules", word), f"no keyword {quoted(word)}; this model hears: {listed(known)}.{hint}", key=True)


def _check_answers(marked: Marked, rules: dict[str, Any], known: tuple[str, ...]) -> None:
    """A rule that asks must be able to hear the answer, and no word is an answer to itself."""
    for word, rule in rules.items():
        try:
            answer = values.answer(rule.get("ask", False)) if isinstance(rule, dict) else ""
        except ValueError:  # told already
            continue
        place = ("rules", word, "ask")
        if answer and answer == word:
            marked.wrong(place, f'"ask" waits for {quoted(answer)}, which is what asks; name another word')
        elif answer and answer not in known:
            meant = nearest(answer, known)
            hint = f' Did you mean "{meant}"?' if meant else ""
            text = f'"ask" waits for {quoted(answer)}, which is no keyword; this model hears: {listed(known)}.{hint}'
            marked.wrong(place, text)


def _check_confirmed(
    marked: Marked, data: dict[str, Any], words: Iterable[str], hears: Callable[[str], tuple[str, ...]]
) -> None:
    wanted = data.get("confirm_with")
    if wanted is None:
        return
    if isinstance(wanted, dict) and "model" not in wanted:
        marked.wrong(("confirm_with",), '"confirm_with" names no model; write `model: owner/name` in it', key=True)
        return
    named = wanted["model"] if isinstance(wanted, dict) else wanted
    known = _known(marked, ("confirm_with", "model"), named, hears)
    if known is None:
        return
    for word in words:
        rule = data["rules"][word]
        if word not in known and not (isinstance(rule, dict) and rule.get("confirm") is False):
            text = (
                f"{quoted(word)} cannot be confirmed, {quoted(str(named))} hears only: {listed(known)}. "
                "Write `confirm: false` in this rule to do without"
            )
            marked.wrong(("rules", word), text, key=True)
