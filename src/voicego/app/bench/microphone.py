"""A file in the place of the microphone: live, in blocks of its size, as fast as it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicego.flow import AudioBlock, in_samples
from voicego.hearing.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK_S = 0.02
"""Seconds of sound that the listener takes from the microphone at once."""


class QuickMicrophone:
    """Implements `Source`: the beginning of a file, with none of the waiting that a microphone has."""

    live = True

    def __init__(self, path: Path, seconds: float, *, block_s: float = BLOCK_S, late: int = 0) -> None:
        """Remember what to hear; the first `late` samples are left out, so that words fall otherwise into blocks."""
        self.name = str(path)
        self._recording = Recording(path)
        self._end = late + in_samples(seconds)
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
        at = 0
        for piece in self._recording.blocks():  # much is read at once, so that reading costs nothing
            first = self._late if not piece.start else 0
            last = min(len(piece.samples), self._end - piece.start)
            for begin in range(first, last, self._block):
                block = piece.samples[begin : min(begin + self._block, last)]
                yield AudioBlock(block, at)
                at += len(block)
            if piece.start + last >= self._end:
                return

    def close(self) -> None:
        """Let go of the file."""
        self._recording.close()
