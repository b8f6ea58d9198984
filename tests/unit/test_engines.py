"""Two engines with one answer: which is taken, what they say, and that frames are computed once."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hub import make_checkpoint
from tests.sounds import hiss
from tests.spoken import spoken
from voicego.app.exporting import ExportSettings, export
from voicego.errors import VoicegoError
from voicego.flow import Engine, Utterance, Window
from voicego.spotting.checkpoint import EMBEDDED, EMBEDDED_FOLDER, find, weights_sha256
from voicego.spotting.engines import load
from voicego.spotting.features import HOP, FeatureSpec, features
from voicego.spotting.frames import Framed
from voicego.spotting.onnx_session import facts_of, open_session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from voicego.flow import Samples

WINDOW = 16_000
SPEC = FeatureSpec.from_preprocessor(find(EMBEDDED).preprocessor)
SOUND = spoken(0.5, "go", 0.4, "stop", 0.3, "house", 0.6)


def quietly(_: str) -> None:
    """What is reported goes nowhere."""


def windows_at(starts: Sequence[int], sound: Samples = SOUND) -> list[Window]:
    speech = Utterance(0, len(sound))
    return [Window(sound[start : start + WINDOW], start, start + WINDOW, speech) for start in starts]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small wav2vec2 as the hub has them, with its export beside it."""
    folder = tmp_path_factory.mktemp("models") / "wav2vec2"
    make_checkpoint(folder)
    export(ExportSettings(str(folder), int8=False), quietly)
    return folder


@pytest.fixture
def own(exported: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return shutil.copytree(exported, tmp_path / "own")


def test_the_embedded_model_ships_with_the_export_of_its_very_weights() -> None:
    classifier = load(find(EMBEDDED))

    assert (classifier.engine, classifier.file) == ("onnx", str(EMBEDDED_FOLDER / "model.onnx"))
    assert facts_of(open_session(EMBEDDED_FOLDER / "model.onnx"))["weights_sha256"] == weights_sha256(EMBEDDED_FOLDER)


@pytest.mark.parametrize("model", [EMBEDDED, "wav2vec2"])
def test_both_engines_give_the_same_scores(model: str, exported: Path) -> None:
    checkpoint = find(EMBEDDED if model == EMBEDDED else str(exported))
    lean, torch = load(checkpoint), load(checkpoint, engine=Engine.TORCH)
    windows = windows_at(range(0, len(SOUND) - WINDOW, 1600))
    samples = np.stack([window.samples for window in windows])

    assert (lean.engine, torch.engine) == ("onnx", "torch")
    for scores in (lean.score(samples), lean.follow().score(windows), torch.follow().score(windows)):
        assert np.abs(scores - torch.score(samples)).max() < 1e-4


def test_nothing_to_score_is_no_error(exported: Path) -> None:
    for checkpoint in (find(EMBEDDED), find(str(exported))):
        assert load(checkpoint).score(np.zeros((0, WINDOW), np.float32)).shape == (0, len(checkpoint.labels))


def test_weights_that_changed_after_the_export_are_computed_by_torch(own: Path) -> None:
    make_checkpoint(own)

    assert load(find(str(own))).engine == "torch"
    with pytest.raises(VoicegoError, match=r"another state of .*own; make it anew with: voicego export .*own"):
        load(find(str(own)), engine=Engine.ONNX)


def test_features_that_changed_after_the_export_are_made_by_torch(own: Path) -> None:
    file = own / "preprocessor_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"do_normalize": False}))

    assert load(find(str(own))).engine == "torch"


def test_a_broken_export_is_no_reason_to_be_deaf(own: Path, caplog: pytest.LogCaptureFixture) -> None:
    (own / "model.onnx").write_bytes(b"nothing of the kind")

    assert load(find(str(own))).engine == "torch"
    assert "torch computes instead: onnxruntime cannot run model.onnx" in caplog.text


def test_features_that_only_transformers_makes_are_left_to_torch(own: Path) -> None:
    file = own / "preprocessor_config.json"
    strange = json.loads(file.read_text()) | {"feature_extractor_type": "ASTFeatureExtractor"}
    file.write_text(json.dumps(strange))
    model = onnx.load(own / "model.onnx")
    onnx.helper.set_model_props(
        model, {one.key: one.value for one in model.metadata_props} | {"preprocessor": json.dumps(strange)}
    )
    onnx.save(model, own / "model.onnx")

    with pytest.raises(VoicegoError, match=r"wants its sound as ASTFeatureExtractor makes it.*`engine: torch`"):
        load(find(str(own)), engine=Engine.ONNX)


def test_without_an_export_it_says_how_to_make_one(own: Path) -> None:
    (own / "model.onnx").unlink()

    with pytest.raises(VoicegoError, match=r"has no model\.onnx in .*own; make one with: voicego export .*own"):
        load(find(str(own)), engine=Engine.ONNX)


def test_torch_is_taken_where_it_is_asked_for() -> None:
    assert load(find(EMBEDDED), engine=Engine.TORCH).file == str(EMBEDDED_FOLDER / "model.safetensors")


def framed() -> tuple[Framed, list[Samples]]:
    """A follower whose network only notes what it is given."""
    given: list[Samples] = []

    def note(prepared: Samples) -> Samples:
        given.append(prepared)
        return prepared

    return Framed(SPEC, note), given


@given(st.lists(st.integers(0, (len(SOUND) - WINDOW) // HOP), min_size=1, max_size=12))
def test_frames_that_are_remembered_equal_those_of_the_whole_window(hops: list[int]) -> None:
    follower, given_ = framed()
    windows = windows_at([HOP * hop for hop in hops])

    for window in windows:
        follower.score([window])

    whole = features(np.stack([window.samples for window in windows]), SPEC)
    assert np.abs(np.concatenate(given_) - whole).max() < 1e-4


def test_sliding_windows_compute_each_frame_once() -> None:
    follower, _ = framed()
    frames = (WINDOW - 400) // HOP + 1

    follower.score(windows_at(range(0, 16_000, 1600)))
    follower.score(windows_at([8000]))

    assert follower.computed == frames + 9 * 10, "ten hops on, and a laid window within what is known: nothing new"


def test_windows_off_the_grid_share_nothing_and_are_right() -> None:
    follower, given_ = framed()
    windows = windows_at([0, 1601])

    follower.score(windows)

    assert np.abs(given_[0] - features(np.stack([window.samples for window in windows]), SPEC)).max() < 1e-4


def test_the_longest_memory_is_not_mistaken_for_the_present() -> None:
    sound = np.concatenate([hiss(3.0, -20.0, seed=1), hiss(3.0, -30.0, seed=2)])
    follower, given_ = framed()
    windows = windows_at([0, 32_000, 64_000, 32_000], sound)

    for window in windows:
        follower.score([window])

    whole = features(np.stack([window.samples for window in windows]), SPEC)
    assert np.abs(np.concatenate(given_) - whole).max() < 1e-4
