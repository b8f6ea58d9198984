"""What becomes of candidates, in sound that was heard: the same for a microphone and a file."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from voicego.spotting.detector import Cooldowns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from voicego.flow import Candidate, Detection
    from voicego.seams import Classifier


@dataclass(slots=True)
class Judge:
    """Decides on the candidates of one stream of sound, in their order.

    Cooldowns count from what was confirmed: a refused candidate keeps no word from being heard.
    """

    _cooldowns: Cooldowns = field(default_factory=Cooldowns)

    def cooled(self, candidate: Candidate) -> bool:
        """Whether the keyword may not fire yet, so that there is nothing to ask."""
        return not self._cooldowns.over(candidate.detection.keyword, candidate.detection.at)

    def judge(self, candidate: Candidate, posteriors: Mapping[str, float]) -> Detection | None:
        """Confirm a candidate by the big model's posteriors, by label; None: refused."""
        detection = candidate.detection
        found = posteriors.get(detection.keyword, 0.0)  # absent: another model took its place meanwhile
        if found < candidate.least:
            return None
        self._cooldowns.begin(detection.keyword, detection.at, candidate.cooldown_s)
        return replace(detection, confirmed=round(found, 4))


@dataclass(slots=True)
class Promptly:
    """A `Confirmer` that computes while its caller waits; for recordings, which wait for their reader."""

    classifier: Callable[[], Classifier]
    """The big model; asked for with every candidate, never before the first."""
    offer: Callable[[Detection], None]
    """Called with each confirmed detection."""
    _judge: Judge = field(default_factory=Judge)

    def stir(self) -> None:
        """Do nothing: nobody waits for an answer here."""

    def ask(self, candidate: Candidate) -> None:
        """Offer the candidate's detection, or not."""
        if self._judge.cooled(candidate):
            return
        classifier = self.classifier()
        row = classifier.score(candidate.samples[None])[0]
        if detection := self._judge.judge(candidate, dict(zip(classifier.labels, map(float, row), strict=True))):
            self.offer(detection)
