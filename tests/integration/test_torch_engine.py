"""The torch engine loads what transformers loads, and scores it as transformers does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

from tests.hub import make_checkpoint
from tests.sounds import hiss
from tests.spoken import files_saying, spoken
from voicego.errors import VoicegoError
from voicego.spotting.checkpoint import find
from voicego.spotting.torch_engine import load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A checkpoint as the hub has them: wav2vec2 on raw sound, no decision table, no fixed statistics."""
    folder = tmp_path / "foreign"
    make_checkpoint(folder)
    return folder


def change(file: Path, **values: object) -> None:
    found = json.loads(file.read_text())
    for key, value in values.items():
        if value is None:
            found.pop(key)
        else:
            found[key] = value
    file.write_text(json.dumps(found))


def test_a_foreign_checkpoint_scores_as_transformers_does(foreign: Path) -> None:
    windows = np.stack([hiss(1.0, -20.0, seed) for seed in range(3)])
    extractor = AutoFeatureExtractor.from_pretrained(foreign)
    model = AutoModelForAudioClassification.from_pretrained(foreign).eval()

    found = load(find(str(foreign))).score(windows)

    with torch.inference_mode():
        inputs = extractor(list(windows), sampling_rate=16_000, return_tensors="pt")
        expected = model(**inputs).logits.softmax(-1).numpy()
    assert found.shape == (3, len(find(str(foreign)).labels))
    assert np.allclose(found, expected, atol=1e-5)
    assert np.allclose(found.sum(axis=1), 1.0, atol=1e-5)


def test_a_foreign_checkpoint_offers_every_label_that_is_a_word(foreign: Path) -> None:
    keywords = find(str(foreign)).keywords

    assert "go" in keywords
    assert not {"_silence_", "_unknown_"} & set(keywords)


def test_the_embedded_checkpoint_hears_go_and_keeps_a_quiet_room_quiet() -> None:
    classifier = load(find("embedded"))
    go = next(file for file in files_saying("go") if "am_onyx" in file.name)
    said = spoken(0.2, go, 1.0)[:16_000]
    rooms = np.stack([hiss(1.0, dbfs) for dbfs in (-75.0, -60.0, -45.0)])

    scores = classifier.score(np.stack([said, *rooms]))

    labels = [classifier.labels[column] for column in scores.argmax(axis=1)]
    assert labels == ["go", "_silence_", "_silence_", "_silence_"]
    assert np.allclose(scores[:1], classifier.score(said[None]), atol=1e-5)


@pytest.mark.parametrize(
    ("file", "values", "told"),
    [
        ("config.json", {"id2label": None, "label2id": None}, "does not name what it hears"),
        ("config.json", {"id2label": {"0": "go", "1": "go"}}, "gives one label to two classes"),
        ("config.json", {"model_type": "nothing"}, "cannot be loaded"),
        ("preprocessor_config.json", {"sampling_rate": 8000}, "wants sound at 8000 Hz"),
    ],
)
def test_a_checkpoint_that_cannot_be_used_is_told(
    foreign: Path, file: str, values: dict[str, object], told: str
) -> None:
    change(foreign / file, **values)

    with pytest.raises(VoicegoError, match=told):
        load(find(str(foreign)))


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("config.json", "has no config.json"),
        ("preprocessor_config.json", "does not say how it wants its sound"),
        ("model.safetensors", "has no weights"),
    ],
)
def test_a_checkpoint_with_a_file_missing_names_it(foreign: Path, missing: str, told: str) -> None:
    (foreign / missing).unlink()

    with pytest.raises(VoicegoError, match=told):
        find(str(foreign))


def test_weights_without_a_trained_head_are_refused(foreign: Path) -> None:
    weights = load_file(foreign / "model.safetensors")
    save_file(
        {name: value for name, value in weights.items() if not name.startswith("classifier")},
        foreign / "model.safetensors",
        metadata={"format": "pt"},
    )

    with pytest.raises(VoicegoError, match="no trained weights for classifier"):
        load(find(str(foreign)))


def test_what_is_no_model_is_told_what_a_model_is() -> None:
    for name, told in (
        ("/nowhere", "there is no model folder /nowhere"),
        ("nonsense", "write `embedded`, a folder, or a hub id such as owner/name"),
        ("owner/name-that-nobody-fetched", "fetch it once with: voicego fetch owner/name-that-nobody-fetched"),
    ):
        with pytest.raises(VoicegoError, match=told):
            find(name)
