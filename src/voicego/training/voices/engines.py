"""Speech synthesisers that install from PyPI, npm and Debian, behind one call: `say(text, manner)`.

Each runs as a program of its own or from its own package; none is part of voicego, and neither is what they said.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from voicego.training.voices.kokoro import Kokoro

RATE = 16_000
Floats: TypeAlias = NDArray[np.float32]

FESTIVAL = ("kal_diphone", "ked_diphone", "cmu_us_slt_arctic_hts")
FLITE = ("awb", "rms", "kal16", "slt")
PICO = ("en-GB", "en-US")
ESPEAK = ("en-gb", "en-us", "en-gb-scotland", "en-gb-x-gbclan", "en-gb-x-rp", "en-gb-x-gbcwmd", "en-029")
TIMBRES = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5", "steph", "Annie", "adam", "max")

KEPT_OUT = frozenset({
    *("rms", "en-GB", "ked_diphone"),
    *("am_puck", "am_liam", "af_sky", "af_sarah", "bf_lily", "bm_lewis", "ef_dora", "hm_omega"),
})  # fmt: skip
"""Voices that only measure: nothing they say is trained on."""


@dataclass(frozen=True, slots=True)
class Manner:
    """Who speaks, and how fast."""

    voice: str
    other: str = ""
    """A second voice, half of each: a person who does not exist."""
    speed: float = 1.0


class Engine(Protocol):
    """A synthesiser."""

    name: str

    def say(self, text: str, manner: Manner) -> Floats:
        """16 kHz mono."""


class FliteEngine:
    """Carnegie Mellon's flite, Debian package `flite`."""

    name = "flite"

    def say(self, text: str, manner: Manner) -> Floats:
        """Speak by the program."""
        stretch = f"duration_stretch={1 / manner.speed:.2f}"
        return _by_program(["flite", "-voice", manner.voice, "--setf", stretch, "-t", text, "-o"])


class EspeakEngine:
    """espeak-ng; a voice is an accent and a timbre: `en-us+f3`."""

    name = "espeak-ng"

    def say(self, text: str, manner: Manner) -> Floats:
        """Speak by the program."""
        return _by_program(["espeak-ng", "-v", manner.voice, "-s", f"{165 * manner.speed:.0f}", text, "-w"])


class FestivalEngine:
    """Festival with three voices, Debian packages `festvox-kallpc16k festvox-kdlpc16k festvox-us-slt-hts`."""

    name = "festival"

    def say(self, text: str, manner: Manner) -> Floats:
        """Speak by the program, which starts anew each time (0.1 s)."""
        with TemporaryDirectory() as folder:
            said, script = Path(folder) / "said.wav", Path(folder) / "say.scm"
            quoted = text.replace("\\", "").replace('"', "")
            script.write_text(
                f"(voice_{manner.voice})\n(Parameter.set 'Duration_Stretch {1 / manner.speed:.2f})\n"
                f'(utt.save.wave (utt.synth (Utterance Text "{quoted}")) "{said}" \'riff)\n',
                encoding="utf-8",
            )
            return _made(["festival", "-b", str(script)], said)


class PicoEngine:
    """SVOX Pico through `py-nanotts` of PyPI."""

    name = "pico"

    def __init__(self) -> None:
        try:
            from py_nanotts import NanoTTS  # noqa: PLC0415 — only whoever makes voices has it
        except ImportError as error:
            raise VoicegoError("The voices of SVOX Pico need `pip install py-nanotts`.") from error
        self._pico = NanoTTS()

    def say(self, text: str, manner: Manner) -> Floats:
        """Speak in this process."""
        pcm = self._pico.speak(text, voice=manner.voice, speed=manner.speed)
        return np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768)


class KokoroEngine:
    """Kokoro; it reads phonemes, which espeak-ng finds for it."""

    name = "kokoro"

    def __init__(self, kokoro: Kokoro) -> None:
        self._kokoro = kokoro
        self._spelt: dict[tuple[str, bool], str] = {}

    def say(self, text: str, manner: Manner) -> Floats:
        """Speak in this process, on one thread."""
        british = manner.voice.startswith("b")
        if (text, british) not in self._spelt:
            self._spelt[text, british] = phonemes(text, british=british)
        return self._kokoro.speak(self._spelt[text, british], manner.voice, manner.speed, manner.other)


def phonemes(text: str, *, british: bool) -> str:
    """Text in the alphabet that Kokoro reads, by espeak-ng; the punctuation at its end is kept."""
    ending = text[-1] if text[-1] in ".!?;," else ""
    command = ["espeak-ng", "-q", "--ipa", "-v", "en-gb" if british else "en-us", text]
    found = " ".join(_run(command).decode().split())
    for ipa, letter in _LETTERS:
        found = found.replace(ipa, letter)
    if not british:
        found = found.replace("ː", "").replace("ɒ", "ɑ")
    return found + ending


_LETTERS = (
    *(("eɪ", "A"), ("aɪ", "I"), ("aʊ", "W"), ("ɔɪ", "Y"), ("oʊ", "O"), ("əʊ", "Q"), ("tʃ", "ʧ"), ("dʒ", "ʤ")),
    *(("ɚ", "əɹ"), ("ɜːɹ", "ɜɹ"), ("ɐ", "ə"), ("ɬ", "l"), ("ʔ", "t"), ("r", "ɹ"), ("x", "k"), ("ç", "k"), ("g", "ɡ")),
    *(("\u0329", ""), ("\u0303", ""), ("ʲ", ""), ("_", " "), ("-", ""), ("(en)", "")),
)
"""espeak-ng's IPA to Kokoro's letters: diphthongs and affricates are one letter each."""


def _by_program(command: list[str]) -> Floats:
    with TemporaryDirectory() as folder:
        said = Path(folder) / "said.wav"
        return _made([*command, str(said)], said)


def _made(command: list[str], said: Path) -> Floats:
    _run(command)
    try:
        sound, rate = soundfile.read(said, dtype="float32")
    except (OSError, RuntimeError) as error:
        raise VoicegoError(f"{command[0]} said nothing that can be read: {error}") from error
    return np.asarray(soxr.resample(sound, rate, RATE), dtype=np.float32)


def _run(command: list[str]) -> bytes:
    try:
        return subprocess.run(command, check=True, capture_output=True).stdout
    except FileNotFoundError as error:
        raise VoicegoError(f"{command[0]} is not installed; docs/training.md says what the voices need.") from error
    except subprocess.CalledProcessError as error:
        raise VoicegoError(f"{' '.join(command)} failed: {error.stderr.decode(errors='replace').strip()}") from error
