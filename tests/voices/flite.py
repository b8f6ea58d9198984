"""The flite synthesiser (Carnegie Mellon, free software; Debian package `flite`): older voices of another kind."""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from voicego.training.voices.kokoro import RATE

VOICES = ("awb", "rms", "kal16", "slt")
"""A Scotsman, an American, a robot of the nineties, and an American woman."""


def speak_flite(text: str, voice: str) -> NDArray[np.float32]:
    """Mono samples at 16 kHz."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "said.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(file)], check=True)
        sound, rate = soundfile.read(file, dtype="float32")
    return np.asarray(soxr.resample(sound, rate, RATE), dtype=np.float32)
