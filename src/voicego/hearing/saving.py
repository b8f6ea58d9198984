"""Sound written to the disk: whole or not at all, and over nothing that is there unless asked."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from voicego.errors import VoicegoError
from voicego.files import write_whole
from voicego.hearing.soundfiles import encoded

if TYPE_CHECKING:
    from pathlib import Path

    from voicego.flow import Samples

SAVED_AS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16"), ".ogg": ("OGG", "VORBIS")}
"""Container and coding for each suffix."""


def check_place(path: Path, *, overwrite: bool = False) -> None:
    """Say no before anything is recorded, not after.

    Raises:
        VoicegoError: sound cannot be saved under that name.
    """
    if path.suffix.lower() not in SAVED_AS:
        raise VoicegoError(f"{path}: sound is saved as .wav, .flac or .ogg; give the file one of these endings")
    if path.is_dir():
        raise VoicegoError(f"{path} is a folder; name a file in it")
    if path.exists() and not overwrite:
        raise VoicegoError(f"{path} is there already; choose another name, or say that it may be overwritten")
    if not path.parent.is_dir():
        raise VoicegoError(f"there is no folder {path.parent}; make it first, or choose another")
    if not os.access(path.parent, os.W_OK):
        raise VoicegoError(f"the folder {path.parent} cannot be written in; choose another")


def save(path: Path, samples: Samples, *, overwrite: bool = False) -> None:
    """Write 16 kHz mono sound, readable by its owner alone: it is what was said in a room.

    Raises:
        VoicegoError: as `check_place`, or the disk is full.
    """
    check_place(path, overwrite=overwrite)
    content = encoded(samples, *SAVED_AS[path.suffix.lower()])
    try:
        write_whole(path, content, private=True)
    except OSError as error:
        raise VoicegoError(f"{path} cannot be written: {error.strerror or error}") from error
