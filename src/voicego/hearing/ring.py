"""A ring of sound: one thread writes and never waits, others read what is new or look back a few seconds."""

from __future__ import annotations

import sys
from threading import Condition, Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from typing_extensions import Buffer

Frames = npt.NDArray[np.float32]
"""Sound as it is kept: `(n,)` for one channel, else `(n, channels)`."""


NOBODY = sys.maxsize
"""Index that is never written."""


class Fresh(NamedTuple):
    """What `read` found."""

    samples: Frames
    """A copy; empty when nothing new came in time, or the ring is closed and read to its end."""
    start: int
    """Absolute index of the first frame."""
    skipped: int
    """Frames that were gone before anybody read them, right before `samples`."""


class Ring:
    """Keeps the last `frames` frames. A frame's index counts from the first one ever written and never starts anew."""

    def __init__(self, frames: int, channels: int = 1) -> None:
        if frames < 1 or channels < 1:
            raise ValueError(f"a ring of {frames} frames and {channels} channels holds nothing")
        self._data: Frames = np.zeros((frames, channels), dtype=np.float32)
        self._bytes = memoryview(self._data.data).cast("B")
        self._frame = self._data.itemsize * channels
        self._lock = Lock()
        self._changed = Condition(self._lock)
        self._written = 0
        self._oldest = 0
        self._closed = False
        self._awaited = NOBODY

    @property
    def capacity(self) -> int:
        """Frames that it holds."""
        return len(self._data)

    @property
    def written(self) -> int:
        """Frames written since it was made: the index of the frame that comes next."""
        return self._written

    @property
    def oldest(self) -> int:
        """Index of the oldest frame that is still here."""
        return self._oldest

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def write(self, block: Frames) -> None:
        """Append a copy of `block`, shape `(n,)` for one channel or `(n, channels)`, over the oldest frames.

        Fit for a PortAudio callback: it copies and wakes, and waits at most for another thread's copy.
        """
        if block.ndim == 1:
            block = block[:, np.newaxis]
        with self._changed:
            size, end = len(self._data), self._written + len(block)
            kept = block[-size:]
            at = (end - len(kept)) % size
            head = min(len(kept), size - at)
            self._data[at : at + head] = kept[:head]
            self._data[: len(kept) - head] = kept[head:]
            self._written = end
            self._oldest = max(self._oldest, end - size)
            if end >= self._awaited:  # who waits for more sleeps on: each waking costs more than the copy
                self._awaited = NOBODY
                self._changed.notify_all()

    def write_bytes(self, block: Buffer, frames: int) -> None:
        """Do the same with `frames` frames of float32 in a row, as PortAudio hands them over.

        Twenty-five times a second on a cold cache, each call into numpy counts: here there is none.
        """
        size, width = len(self._data), self._frame
        if frames > size:
            self.write(np.frombuffer(memoryview(block).cast("B"), np.float32).reshape(frames, -1))
            return
        with self._lock:
            at = self._written % size
            head = min(frames, size - at)
            if head == frames:
                self._bytes[at * width : (at + frames) * width] = block
            else:
                whole = memoryview(block).cast("B")
                self._bytes[at * width :] = whole[: head * width]
                self._bytes[: (frames - head) * width] = whole[head * width :]
            self._written += frames
            self._oldest = max(self._oldest, self._written - size)
            if self._written >= self._awaited:
                self._awaited = NOBODY
                self._changed.notify_all()

    def read(self, since: int, timeout_s: float, *, least: int = 1, most: int | None = None) -> Fresh:
        """What was written from index `since` on, the oldest first and not more than `most`.

        Waits until `least` frames are there, the ring is closed, or `timeout_s` has passed, and returns what there is
        by then. What was written before `close` can still be read afterwards.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._holds(since + least) or self._closed, timeout_s)
            if self._written <= since:
                return Fresh(self._copy(self._written, self._written), since, 0)
            start = max(since, self._oldest)
            end = self._written if most is None else min(self._written, start + most)
            return Fresh(self._copy(start, end), start, start - since)

    def view(self, start: int, end: int) -> Frames | None:
        """Copy the frames from `start` up to `end`; zeros stand for what lies before index 0.

        None: a part of it was overwritten or cleared. Asking for what is not written yet is a mistake of the caller.
        """
        if start > end:
            raise ValueError(f"from {start} to {end} runs backwards")
        with self._changed:
            if end > self._written:
                raise ValueError(f"frame {end} is not written yet, only {self._written} are")
            first = max(start, 0)
            if end <= first:
                return self._shaped(np.zeros((end - start, self._data.shape[1]), dtype=np.float32))
            if first < self._oldest:
                return None
            heard = self._copy(first, end)
        if first == start:
            return heard
        return np.concatenate([np.zeros((first - start, *heard.shape[1:]), dtype=np.float32), heard])

    def clear(self) -> None:
        """Forget every frame; the index goes on."""
        with self._changed:
            self._oldest = self._written

    def close(self) -> None:
        """Wake who waits in `read`, and let nobody wait again."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _holds(self, end: int) -> bool:
        """Whether everything up to `end` is written; else remember that somebody waits for it."""
        if self._written >= end:
            return True
        self._awaited = min(self._awaited, end)
        return False

    def _copy(self, start: int, end: int) -> Frames:
        size, channels = self._data.shape
        out: Frames = np.empty((end - start, channels), dtype=np.float32)
        at = start % size
        head = min(len(out), size - at)
        out[:head] = self._data[at : at + head]
        out[head:] = self._data[: len(out) - head]
        return self._shaped(out)

    @staticmethod
    def _shaped(frames: Frames) -> Frames:
        return frames.reshape(-1) if frames.shape[1] == 1 else frames
