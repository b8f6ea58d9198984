"""A file in the place of the microphone: live, in blocks of its size, as fast as it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicego.flow import SAMPLE_RATE, AudioBlock, in_samples
from voicego.hearing.microphone import BLOCK_S as LEAST_S
from voicego.hearing.recorder import PIECE_S
from voicego.hearing.recording import Recording
from voicego.hearing.ring import Fresh
from voicego.hearing.stillness import while_still
from voicego.seams import Haste

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK_S = PIECE_S
"""Seconds of sound in a piece while somebody speaks."""


class QuickMicrophone:
    """Implements `Source`: the beginning of a file, with none of the waiting that a microphone has."""

    live = True

    def __init__(self, path: Path, seconds: float, *, block_s: float = BLOCK_S, late: int = 0) -> None:
        """Remember what to hear; the first `late` samples are left out, so that words fall otherwise into blocks."""
        self.name = str(path)
        self._recording = Recording(path)
        self._end = late + in_samples(seconds)
        self._block_s = block_s
        self._haste = Haste.AT_ONCE
        self._late = late

    def open(self) -> None:
        """Begin at the beginning.

        Raises:
            VoicegoError: as `Recording.open`.
        """
        self._recording.open()

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield whole blocks, as many as there are in the seconds that were asked for."""
        for piece in while_still(self._pieces(), SAMPLE_RATE, lambda: self._haste is Haste.SELDOM):
            yield AudioBlock(piece.samples.copy(), piece.start)

    def hurry(self, haste: Haste) -> None:
        """Give blocks as small as while somebody speaks, or as large as else."""
        self._haste = haste

    def close(self) -> None:
        """Let go of the file."""
        self._recording.close()

    def _pieces(self) -> Iterator[Fresh]:
        at, rest = 0, np.zeros(0, np.float32)
        for read in self._recording.blocks():  # much is read at once, so that reading costs nothing
            first = self._late if not read.start else 0
            rest = np.concatenate([rest, read.samples[first : max(0, self._end - read.start)]])
            begin = 0
            while (end := begin + self._block) <= len(rest):
                yield Fresh(rest[begin:end], at, 0)
                at, begin = at + end - begin, end
            rest = rest[begin:]
            if read.start + len(read.samples) >= self._end:
                return

    @property
    def _block(self) -> int:
        """Samples of the next piece."""
        return in_samples(self._block_s if self._haste is Haste.AT_ONCE else max(self._block_s, LEAST_S[self._haste]))
