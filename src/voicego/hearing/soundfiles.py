"""Sound files: read them, make their content (the only file that imports soundfile)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Self

from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, Samples

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from voicego.hearing.ring import Frames


UNKNOWN = 2**62
"""Frames that no file has: libsndfile then does not know how many there are."""


class SoundFile:
    """A sound file that is read from its beginning to its end. One thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sound: Any = None
        self._read = 0

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def open(self) -> None:
        """Look at the header.

        Raises:
            VoicegoError: there is no such file, or no sound in it that libsndfile understands.
        """
        soundfile = _soundfile()
        _refuse_what_is_no_file(self._path)
        try:
            self._sound = soundfile.SoundFile(self._path)
        except soundfile.SoundFileError as error:
            raise VoicegoError(
                f"{self._path}: this is not a sound file that can be read ({_why(error)}); "
                "WAV, FLAC, OGG and MP3 can, among others"
            ) from error
        self._read = 0

    @property
    def rate(self) -> int:
        """Frames in a second."""
        return int(self._sound.samplerate)

    @property
    def channels(self) -> int:
        """Samples in a frame."""
        return int(self._sound.channels)

    @property
    def part(self) -> float:
        """How much of it has been read, from 0 to 1, where its header tells the length; else 0."""
        return self._read / frames if 0 < (frames := int(self._sound.frames)) < UNKNOWN else 0.0

    def read(self, frames: int) -> Frames:
        """The next frames, shape `(n, channels)`; fewer at the end, then none.

        Raises:
            VoicegoError: the file is damaged.
        """
        try:
            block: Frames = self._sound.read(frames, dtype="float32", always_2d=True)
        except _soundfile().SoundFileError as error:
            at = self._read / self.rate
            raise VoicegoError(f"{self._path}: the file is damaged after {at:.1f} s ({_why(error)})") from error
        self._read += len(block)
        return block

    def close(self) -> None:
        """Let go of the file."""
        if self._sound is not None:
            self._sound.close()
            self._sound = None


def encoded(samples: Samples, container: str, coding: str) -> bytes:
    """Make the content of a file of 16 kHz mono sound."""
    out = io.BytesIO()
    with _soundfile().SoundFile(out, "w", SAMPLE_RATE, 1, subtype=coding, format=container) as sound:
        # In seconds: one large Vorbis write overruns the stack and kills the process (libsndfile #1095).
        for at in range(0, len(samples), SAMPLE_RATE):
            sound.write(samples[at : at + SAMPLE_RATE])
    return out.getvalue()


def _refuse_what_is_no_file(path: Path) -> None:
    """Give the system's own reason, where there is one; libsndfile says "System error" to all of them."""
    try:
        if path.is_dir():
            raise VoicegoError(f"{path} is a folder, not a sound file")
        if path.exists() and not path.is_file():
            raise VoicegoError(f"{path} is not a file; pipe its sound into `-` instead")
        with path.open("rb") as file:
            if not file.read(1):
                raise VoicegoError(f"{path} is empty")
    except OSError as error:
        raise VoicegoError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a zero byte in the name
        raise VoicegoError(f"{str(path)!r} cannot be read: {error}") from error
    if path.suffix.lower() == ".raw":
        raise VoicegoError(f"{path}: raw sound does not tell its rate; pipe it in as 16 kHz s16le: - < {path}")


def _why(error: Exception) -> str:
    said = str(getattr(error, "error_string", error)).strip().rstrip(".")
    return said[:1].lower() + said[1:]


def _soundfile() -> Any:  # noqa: ANN401 - soundfile has no types
    try:
        import soundfile  # noqa: PLC0415 - a fifth of a second, and not every command reads files
    except OSError as error:  # a build without its own libsndfile
        raise VoicegoError("libsndfile is missing; install it: sudo apt install libsndfile1") from error
    return soundfile
