"""The average of checkpoints: a checkpoint like them, whole or not at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file

from tests.hub import make_checkpoint
from voicego.errors import VoicegoError
from voicego.spotting.checkpoint import find
from voicego.spotting.torch_engine import load
from voicego.training.averaging import average

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def pair(tmp_path: Path) -> list[str]:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        make_checkpoint(folder)
    return list(map(str, folders))


def test_every_weight_is_the_mean(pair: list[str], tmp_path: Path) -> None:
    average(pair, tmp_path / "mean")

    mean, *each = (load_file(tmp_path / name / "model.safetensors") for name in ("mean", "a", "b"))
    assert all(torch.allclose(mean[name], (each[0][name] + each[1][name]) / 2, atol=1e-6) for name in mean)
    assert any(not torch.equal(mean[name], each[0][name]) for name in mean)
    assert load(find(str(tmp_path / "mean"))).labels == find(pair[0]).labels


def test_of_a_training_run_the_last_weights_are_taken(pair: list[str], tmp_path: Path) -> None:
    run = tmp_path / "run"
    make_checkpoint(run / "model")
    last = {name: torch.ones_like(value) for name, value in load_file(run / "model" / "model.safetensors").items()}
    torch.save({"average": last}, run / "state.pt")

    average([str(run), pair[1]], tmp_path / "mean")

    mean, other = (load_file(tmp_path / name / "model.safetensors") for name in ("mean", "b"))
    assert all(torch.allclose(mean[name], (1 + other[name]) / 2, atol=1e-6) for name in mean)


def test_networks_of_different_shapes_have_no_average(pair: list[str], tmp_path: Path) -> None:
    make_checkpoint(tmp_path / "animals", ("cat", "dog"))

    with pytest.raises(VoicegoError, match="different shapes"):
        average([pair[0], str(tmp_path / "animals")], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


def test_networks_with_different_features_have_no_average(pair: list[str], tmp_path: Path) -> None:
    file = tmp_path / "b" / "preprocessor_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"do_normalize": False}))

    with pytest.raises(VoicegoError, match="features differently"):
        average(pair, tmp_path / "mean")


def test_broken_weights_are_named(pair: list[str], tmp_path: Path) -> None:
    (tmp_path / "b" / "model.safetensors").write_bytes(b"no")

    with pytest.raises(VoicegoError, match=r"the weights of .*b cannot be read"):
        average(pair, tmp_path / "mean")


def test_one_model_has_no_average(pair: list[str], tmp_path: Path) -> None:
    with pytest.raises(VoicegoError, match="two models"):
        average(pair[:1], tmp_path / "mean")
