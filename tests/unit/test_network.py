"""voicego's own network: what its ears hear, and that transformers can save and load it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
import torch
from transformers import AutoModelForAudioClassification

from voicego.cli import main
from voicego.errors import VoicegoError
from voicego.spotting.checkpoint import find
from voicego.spotting.features import FeatureSpec, features, log_mel
from voicego.spotting.network import NarrowEar, VoicegoForSequenceClassification
from voicego.spotting.torch_engine import load
from voicego.training.classes import all_labels
from voicego.training.embedding import read_embedding, to_narrow
from voicego.training.network import Shape, begun_with, new_student, save_checkpoint, shape_of

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = Shape(stride=1, hidden=16, layers=1, feed_forward=16, kernel=5, ears=True)
SPEC = FeatureSpec(1, 80, np.full(80, -2.0, np.float32), np.full(80, 9.0, np.float32), np.full(80, 3.0, np.float32))


def written(convolutions: list[torch.nn.Module], path: Path) -> Path:
    """ONNX with the convolutions of the speech embedding, which are all that is read of it."""
    nodes, kept = [], []
    for number, layer in enumerate(convolutions):
        names = [f"{number}.{name}" for name, _ in layer.named_parameters()]
        nodes.append(onnx.helper.make_node("Conv", [f"in{number}", *names], [f"in{number + 1}"]))
        values = [value.detach().numpy() for value in layer.parameters()]
        kept += [onnx.numpy_helper.from_array(value, name) for name, value in zip(names, values, strict=True)]
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph(nodes, "embedding", [], [], kept)), path)
    return path


@pytest.fixture(scope="module")
def embedding(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    ear = NarrowEar()
    return written([*ear.layers, ear.last], tmp_path_factory.mktemp("embedding") / "embedding_model.onnx")


@pytest.fixture(scope="module")
def folder(embedding: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(1)
    student = new_student(all_labels(), SHAPE, SPEC, embedding)
    kept = tmp_path_factory.mktemp("model") / "model"
    save_checkpoint(kept, student, student.network.state_dict(), ("go",), "a card")
    return kept


def sounds(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(3).standard_normal((count, 16_000)).astype(np.float32) * np.float32(0.05)


def test_the_narrow_ear_begins_with_the_weights_of_the_embedding(embedding: Path) -> None:
    torch.manual_seed(0)
    theirs, ours, other = NarrowEar(), read_embedding(embedding), NarrowEar()
    mel = torch.randn(2, 1, 92, 32)
    with torch.inference_mode():
        answers = [ear(mel) for ear in (theirs, ours, other)]

    assert answers[0].shape == (2, 3, 96)
    assert torch.allclose(answers[0], answers[1], atol=1e-6)
    assert not torch.allclose(answers[0], answers[2], atol=1e-2)


def test_steps_of_the_narrow_ear_see_76_frames_and_lie_eight_apart() -> None:
    torch.manual_seed(0)
    ear, mel = NarrowEar().double(), torch.randn(1, 1, 92, 32, dtype=torch.float64, requires_grad=True)
    ear(mel)[0, 1].sum().backward()
    assert mel.grad is not None
    seen = mel.grad.abs().sum(dim=(0, 1, 3)).nonzero()

    assert (int(seen.min()), int(seen.max())) >= (8, 8)
    assert int(seen.max()) < 8 + 76


def test_energies_under_our_triangles_become_those_of_the_embedding() -> None:
    """A tone is loudest in the band of theirs that holds it; bands are of unit area, so that high ones weigh less."""
    time = np.arange(16_000) / 16_000
    hertz = np.array([300.0, 1000.0, 2500.0])
    tones = np.stack([np.sin(2 * np.pi * pitch * time) * 0.1 for pitch in hertz]).astype(np.float32)
    heard = np.exp(log_mel(tones)).mean(axis=1) @ to_narrow(80)

    mel = 1127 * np.log1p(np.array([60.0, *hertz, 3800.0]) / 700)
    place = (mel[1:-1] - mel[0]) / (mel[-1] - mel[0]) * 33 - 1
    assert np.abs(heard.argmax(axis=1) - place).max() < 1.0
    level = 10 * np.log10(heard.max(axis=1))
    assert level[0] > level[1] > level[2], "triangles of unit area: the wide ones of high bands are lower"


def test_a_saved_network_scores_as_it_did(folder: Path) -> None:
    torch.manual_seed(2)
    classifier = load(find(str(folder)))
    network = AutoModelForAudioClassification.from_pretrained(folder).eval()
    with torch.inference_mode():
        odds = network(torch.from_numpy(features(sounds(3), SPEC))).logits.softmax(-1).numpy()

    assert isinstance(network, VoicegoForSequenceClassification)
    assert np.allclose(classifier.score(sounds(3)), odds, atol=1e-6)
    assert shape_of(network.config.to_dict()) == SHAPE


def test_both_ears_are_heard(folder: Path) -> None:
    """A tone above 3.8 kHz reaches the wide ear alone; the narrow one hears a low tone."""
    network = begun_with(str(folder), all_labels(), 1).network.train(mode=False)
    ears = network.wav2vec2_bert.feature_projection
    time = np.arange(16_000) / 16_000
    quiet, high, low = (
        torch.from_numpy(features((np.sin(2 * np.pi * pitch * time) * loud)[None].astype(np.float32), SPEC))
        for pitch, loud in ((440, 0.0), (6500, 0.1), (440, 0.1))
    )
    with torch.inference_mode():
        (_, silent), (_, above), (_, below) = ears(quiet), ears(high), ears(low)

    assert silent.shape == (1, 9, 192)
    narrow, wide = slice(0, 96), slice(96, 192)
    changed = {
        (pitch, name): float((tone - silent)[..., ear].abs().mean())
        for pitch, tone in (("high", above), ("low", below))
        for name, ear in (("narrow", narrow), ("wide", wide))
    }
    assert changed["low", "narrow"] > 5 * changed["high", "narrow"]
    assert changed["high", "wide"] > 0.5 * changed["low", "wide"]


def test_only_what_is_above_the_settled_blocks_learns(folder: Path) -> None:
    network = begun_with(str(folder), all_labels(), 1).network
    held = [name for name, value in network.named_parameters() if not value.requires_grad]

    assert held
    assert all(".narrow.layers." in name for name in held)


def test_more_layers_may_be_added(folder: Path) -> None:
    before, after = (begun_with(str(folder), all_labels(), layers).network.train(mode=False) for layers in (1, 3))
    inputs = torch.from_numpy(features(sounds(2), SPEC))
    with torch.inference_mode():
        assert torch.allclose(before(inputs).logits, after(inputs).logits, atol=1e-3)


def test_what_is_no_speech_embedding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("this is no network")
    written([torch.nn.Conv1d(1, 1, 3)], tmp_path / "other.onnx")

    with pytest.raises(VoicegoError, match=r"there is no speech embedding .*missing\.onnx"):
        read_embedding(tmp_path / "missing.onnx")
    for name in ("text.onnx", "other.onnx"):
        with pytest.raises(VoicegoError, match="is not the speech embedding"):
            read_embedding(tmp_path / name)


def test_a_new_network_cannot_also_go_on_from_another(
    embedding: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--start", "embedded"]

    with pytest.raises(SystemExit, match="1"):
        main([*arguments, "--embedding", str(embedding)])
    assert "give one of them" in capsys.readouterr().err
