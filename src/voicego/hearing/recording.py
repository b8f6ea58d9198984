"""A recording that behaves like a microphone: a sound file, or raw sound on standard input."""

from __future__ import annotations

import os
import select
import sys
import time
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Literal

import numpy as np

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, AudioBlock, Samples, in_samples, seconds
from voicego.hearing.mono import Mono
from voicego.hearing.soundfiles import SoundFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voicego.hearing.ring import Frames
    from voicego.seams import Haste

Pace = Literal["life", "fast"]

STANDARD_INPUT = Path("-")

BLOCK_S: dict[Pace, float] = {"life": 0.03, "fast": 2.0}
"""Seconds of sound in a block: as a device gives them, or so large that their number costs nothing."""

STALLED_S = 0.5
"""Seconds without a byte on standard input before an empty block is yielded, and `close` is seen."""

LONGEST_CLIP_S = 600.0
"""Seconds that `read_clip` takes into memory: 38 MB."""

CONTAINERS = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"caff", b"FORM")


class Recording:
    """A file, or `-`: raw 16 kHz s16le mono from standard input. Implements `Source`; never skips a sample.

    `pace="life"` holds each block back until its last sample would have been heard, so use "fast" for sound that comes
    from a device through a pipe: it is at life speed already.
    """

    def __init__(  # noqa: PLR0913 - all but the path are rarely given
        self,
        path: str | Path,
        *,
        pace: Pace = "fast",
        channel: int | None = None,
        stdin: int = 0,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        """Remember what to play.

        Args:
            path: the file, or `-`.
            pace: at life speed, or as fast as it is read.
            channel: which one to hear, from 1; None mixes all of them.
            stdin: descriptor that `-` reads.
            clock: seconds that pass.
            wait: called with seconds; returns early, and true, once the recording was closed.
        """
        self._path = Path(path)
        self._pace: Pace = pace
        self._channel = channel
        self._stdin = stdin
        self._clock = clock
        self._closed = Event()
        self._wait = wait or self._closed.wait
        self._file: SoundFile | None = None
        self._reading = Lock()
        self.broken = 0
        """Samples that were no numbers and became zeros."""

    @property
    def name(self) -> str:
        """The file's path as it was given, or `standard input`."""
        return "standard input" if self._path == STANDARD_INPUT else str(self._path)

    @property
    def live(self) -> bool:
        """A recording waits for its reader."""
        return False

    @property
    def part(self) -> float:
        """How much of an open file has been read, from 0 to 1; 0 where that cannot be known."""
        with self._reading:
            return self._file.part if self._file else 0.0

    def open(self) -> None:
        """Begin at the beginning.

        Raises:
            VoicegoError: the file is not there, cannot be read, holds no sound or not that channel.
        """
        self._closed.clear()
        if self._path == STANDARD_INPUT:
            _refuse_terminal(self._stdin)
            return
        file = SoundFile(self._path)
        file.open()
        if self._channel is not None and not 1 <= self._channel <= file.channels:
            there = file.channels
            file.close()
            raise VoicegoError(f"{self.name} has no channel {self._channel}, only {there}")
        with self._reading:
            self._file = file

    def blocks(self) -> Iterator[AudioBlock]:
        """Yield the sound in order, ending with it or when closed.

        Raises:
            VoicegoError: the file is damaged or holds no sound at all.
        """
        at, began = 0, self._clock()
        for samples in self._sound():
            if self._pace == "life" and not self._lived(until=began + seconds(at + len(samples))):
                return
            yield AudioBlock(samples, at)
            at += len(samples)
        if at == 0 and not self._closed.is_set():
            raise VoicegoError(f"{self.name} holds no sound")

    def hurry(self, haste: Haste) -> None:
        """A recording has all its sound already."""

    def close(self) -> None:
        """End `blocks` and let go of the file; standard input stays open."""
        self._closed.set()
        with self._reading:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _lived(self, until: float) -> bool:
        while (left := until - self._clock()) > 0:
            if self._wait(left):
                return False
        return not self._closed.is_set()

    def _sound(self) -> Iterator[Samples]:
        if self._path == STANDARD_INPUT:
            yield from _piped(self._stdin, in_samples(BLOCK_S[self._pace]), self._closed)
            return
        mono = self._mono()
        while len(frames := self._next_frames()):
            if len(samples := mono.feed(frames)):
                yield samples
            self.broken = mono.broken
        if len(rest := mono.end()):
            yield rest

    def _mono(self) -> Mono:
        with self._reading:
            if self._file is None:
                return Mono(SAMPLE_RATE)
            try:
                return Mono(self._file.rate, self._channel, prompt=False)
            except VoicegoError as error:
                raise VoicegoError(f"{self.name}: {error}") from error

    def _next_frames(self) -> Frames:
        with self._reading:  # libsndfile crashes when a file is closed under its reader
            if self._file is None:
                return np.zeros((0, 1), dtype=np.float32)
            return self._file.read(max(1, round(self._file.rate * BLOCK_S[self._pace])))


def read_clip(path: str | Path, *, channel: int | None = None, longest_s: float = LONGEST_CLIP_S) -> Samples:
    """Read a whole short file, 16 kHz mono.

    Raises:
        VoicegoError: as `Recording.open` and `blocks`, or it is longer than `longest_s`.
    """
    recording = Recording(path, channel=channel)
    recording.open()
    parts: list[Samples] = []
    try:
        for block in recording.blocks():
            parts.append(block.samples)
            if block.start + len(block.samples) > in_samples(longest_s):
                raise VoicegoError(
                    f"{recording.name} is longer than {longest_s:g} s, too long for one clip; "
                    "`voicego spot` takes recordings of any length"
                )
    finally:
        recording.close()
    return np.concatenate(parts)


def _piped(stdin: int, block: int, closed: Event) -> Iterator[Samples]:
    """Yield what comes through the pipe as it comes, an empty block when nothing does."""
    half = b""
    begun = False
    while not closed.is_set():
        if not _readable(stdin):
            yield np.zeros(0, dtype=np.float32)
            continue
        try:
            read = os.read(stdin, 2 * block)
        except OSError as error:
            raise VoicegoError(f"standard input cannot be read: {error.strerror or error}") from error
        if not read:
            return
        if not begun and read.startswith(CONTAINERS):
            raise VoicegoError(
                "standard input carries a sound file, not raw sound; "
                "name the file instead of `-`, or convert it: sox FILE -t raw -r 16000 -c 1 -e signed -b 16 -"
            )
        begun = True
        read = half + read  # a pipe may cut in the middle of a sample
        whole = len(read) // 2
        half = read[2 * whole :]
        if whole:
            yield np.frombuffer(read, dtype="<i2", count=whole).astype(np.float32) / np.float32(32768)


def _readable(stdin: int) -> bool:
    if sys.platform == "win32":  # select knows only sockets there: a silent pipe holds its reader up
        return True
    return bool(select.select([stdin], [], [], STALLED_S)[0])


def _refuse_terminal(stdin: int) -> None:
    try:
        terminal = os.isatty(stdin)
        os.fstat(stdin)
    except OSError as error:
        raise VoicegoError(f"standard input cannot be read: {error.strerror or error}") from error
    if terminal:
        raise VoicegoError(
            "standard input is a terminal; pipe sound into it: arecord -q -t raw -f S16_LE -r 16000 | voicego …"
        )
