"""A file in the place of the microphone: live, in blocks of its size, as fast as it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicego.flow import AudioBlock, in_samples
from voicego.hearing.recording import Recording
from voicego.seams import Haste

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK_S, CALM_BLOCK_S = 0.05, 0.2
"""Seconds of sound that the listener takes from the microphone at once."""


class QuickMicrophone:
    """Implements `Source`: the beginning of a file, with none of the waiting that a microphone has."""

    live = True

    def __init__(self, path: Path, seconds: float, *, block_s: float = BLOCK_S, late: int = 0) -> None:
        """Remember what to hear; the first `late` samples are left out, so that words fall otherwise into blocks."""
        self.name = str(path)
        self._recording = Recording(path)
        self._end = late + in_samples(seconds)
        self._block_s = block_s
        self._block = in_samples(block_s)
        self._late = late

    def open(self) -> None:
        """Begin at the beginning.

        Raises:
            VoicegoError: as `Recording.open`.
        """
        self._recording.open()

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield whole blocks, as many as there are in the seconds that were asked for."""
        at, rest = 0, np.zeros(0, np.float32)
        for piece in self._recording.blocks():  # much is read at once, so that reading costs nothing
            first = self._late if not piece.start else 0
            rest = np.concatenate([rest, piece.samples[first : max(0, self._end - piece.start)]])
            begin = 0
            while (end := begin + self._block) <= len(rest):
                yield AudioBlock(rest[begin:end], at)
                at, begin = at + end - begin, end
            rest = rest[begin:]
            if piece.start + len(piece.samples) >= self._end:
                return

    def hurry(self, haste: Haste) -> None:
        """Give blocks as small as while somebody speaks, or as large as else."""
        self._block = in_samples(self._block_s if haste is Haste.AT_ONCE else max(self._block_s, CALM_BLOCK_S))

    def close(self) -> None:
        """Let go of the file."""
        self._recording.close()
