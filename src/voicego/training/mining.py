"""Hard negatives: what a checkpoint takes for a keyword although nobody said one is shown to it more often."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from voicego.training.draft import WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from voicego.training.banks import Banks

    Floats = NDArray[np.float32]

log = logging.getLogger("voicego.training")

SHORTEST, LONGEST = 1_600, 20_800
"""Samples of an utterance that can be taken for a word said alone: 0.1 to 1.3 s."""
MORE_OFTEN = 15.0
"""How much more often an utterance is drawn that is surely taken for a keyword."""
FIRES = 0.5
AT_ONCE = 256


def mined(banks: Banks, keywords: int, score: Callable[[Floats], Floats]) -> Banks:
    """Weigh the short utterances of talk by how surely `score` hears one of the first `keywords` labels in them.

    Utterances that nobody transcribed stay as they are: they may hold the word.
    """
    talk = banks.utterances
    length = talk.last - talk.first
    rows = np.flatnonzero((length >= SHORTEST) & (length <= LONGEST) & ~talk.doubtful)
    sure = np.zeros(len(talk.begin))
    for at in range(0, len(rows), AT_ONCE):
        part = rows[at : at + AT_ONCE]
        sure[part] = score(np.stack([_laid_over(banks, row) for row in part]))[:, :keywords].max(axis=1)
    log.info("%d of %d short utterances are taken for a keyword", int((sure > FIRES).sum()), len(rows))
    return replace(banks, utterances=replace(talk, weight=talk.weight * (1 + MORE_OFTEN * sure)))


def _laid_over(banks: Banks, row: int) -> Floats:
    """A window with the utterance in its middle, zeros beyond the recording."""
    talk = banks.utterances
    start = int(talk.first[row] + talk.last[row] - WINDOW) // 2
    begin, end = max(start, int(talk.begin[row])), min(start + WINDOW, int(talk.end[row]))
    window = np.zeros(WINDOW, np.float32)
    window[begin - start : end - start] = banks.tape[begin:end] / np.float32(32768)
    return window
