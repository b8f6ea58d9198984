"""What a microphone hears of a word, told as the daemon would decide it; runs in the ear's own process."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voicego.app import hearing, rules
from voicego.app.ear.measuring import LEVEL_S, level, microphone
from voicego.config import parse, starter
from voicego.flow import in_samples, seconds
from voicego.listener import Listener
from voicego.seams import Haste
from voicego.spotting.checkpoint import keywords
from voicego.spotting.labels import keywords_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from voicego.flow import AudioBlock, Detection, Scores, Setup
    from voicego.seams import Source
    from voicego.spotting.decision import Decision

Said = dict[str, Any]

LONG_S = 1.6
"""Seconds of speech that nobody takes for a word said alone."""


def follow(names: Sequence[str], word: str = "", rules_file: str | None = None) -> Generator[Said]:
    """Listen by a rules file, or by the starter's, for `word`, or for the first that is listened for.

    Yields `{"word", "threshold"}`; `{"loaded": true}`; `{"open": name}`; `{"level_db": …}` again and again;
    `{"ready": true}` once words count; `{"sounded": label, "score", "of_word"}` for each word said alone that is not
    taken for it; `{"long": true}` for talk; `{"heard": word, "score"}`.

    Raises:
        VoicegoError: the rules are broken, there is no such word or microphone, or it was lost.
    """
    setup = setup_for(rules_file)
    decision = decision_for(setup, word)
    yield {"word": decision.keyword, "threshold": decision.threshold}
    classifier = hearing.classifier_for(setup)
    yield {"loaded": True}
    source = Metered(microphone(names, setup.channel))
    told = Told(decision, in_samples(setup.warm_up_s))
    source.open()
    try:
        yield {"open": source.name}
        listener = Listener(source, classifier, setup, (decision,), told.detection, look_on=told.scores)
        ready = False
        for _ in listener.steps():
            yield from source.levels()
            if not ready and source.heard >= in_samples(setup.warm_up_s):
                ready = True
                yield {"ready": True}
            yield from told.take()
    finally:
        source.close()


def setup_for(rules_file: str | None) -> Setup:
    """Read the person's rules, or the starter's."""
    if rules_file is None:
        return parse(starter(), "the starter rules", keywords)
    return rules.read(Path(rules_file))


def decision_for(setup: Setup, word: str) -> Decision:
    """Find what it takes to hear a word; no bigger model is asked, for it may take a minute to load."""
    decisions = hearing.decisions_for(replace(setup, confirm_with=None))
    found = [one for one in decisions if one.keyword == word] or list(decisions)
    if not found:
        found = list(hearing.decisions_for(parse(starter(), "the starter rules", keywords)))
    return replace(found[0], isolated=True)


class Metered:
    """A source that also keeps how loud it is. Implements `Source`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._part = np.zeros(0, np.float32)
        self._levels: deque[float] = deque(maxlen=4)
        self.heard = 0
        """Samples so far."""

    @property
    def name(self) -> str:
        """As the source's."""
        return self._source.name

    @property
    def live(self) -> bool:
        """As the source's."""
        return self._source.live

    def open(self) -> None:
        """Open the source."""
        self._source.open()

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield the source's blocks."""
        for block in self._source.blocks():
            self.heard = block.start + len(block.samples)
            self._part = np.concatenate([self._part, block.samples])
            if len(self._part) >= in_samples(LEVEL_S) or not len(block.samples):
                self._levels.append(level(self._part))
                self._part = self._part[:0]
            yield block

    def hurry(self, haste: Haste) -> None:
        """Ask the source, unless it is for calm: the level is to move."""
        if haste is Haste.AT_ONCE:
            self._source.hurry(haste)

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def levels(self) -> Iterator[Said]:
        """Tell the levels since the last time."""
        while self._levels:
            yield {"level_db": self._levels.popleft()}


@dataclass(slots=True)
class Told:
    """Collects what a listener sees until it is told."""

    decision: Decision
    counts_from: int = 0
    """Sample before which nothing is decided: the warm-up."""
    _found: deque[Said] = field(default_factory=deque)
    _long: int = -1
    """Beginning of the utterance that was called talk."""

    def detection(self, one: Detection) -> None:
        """The word was heard."""
        if self._found and "sounded" in self._found[-1]:
            self._found.pop()
        self._found.append({"heard": one.keyword, "score": one.score})

    def scores(self, one: Scores) -> None:
        """Take in a window; only what is laid over an ended utterance decides."""
        if one.utterance.start < self.counts_from:
            return
        if one.laid:
            best = int(np.argmax(one.probabilities))
            of_word = float(one.probabilities[one.labels.index(self.decision.keyword)])
            label = one.labels[best] if keywords_of((one.labels[best],)) else ""
            self._found.append(
                {"sounded": label, "score": float(one.probabilities[best]), "of_word": round(of_word, 4)}
            )
        elif seconds(one.utterance.length) > LONG_S and one.utterance.start != self._long:
            self._long = one.utterance.start
            self._found.append({"long": True})

    def take(self) -> Iterator[Said]:
        """Give what was collected."""
        while self._found:
            yield self._found.popleft()
