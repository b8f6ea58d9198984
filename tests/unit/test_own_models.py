"""Models of one's own: other words, and a wav2vec2 of the hub that is taught to hear them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile
import torch
from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2ForPreTraining

from voicego.errors import VoicegoError
from voicego.spotting.checkpoint import find
from voicego.spotting.torch_engine import load
from voicego.training.classes import Classes, own
from voicego.training.clips import which_split
from voicego.training.lessons import inputs_of
from voicego.training.network import Shape
from voicego.training.train import TrainSettings, train

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ("computer", "lights")


def tone(pitch: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    time = np.arange(16_000) / 16_000
    return np.asarray(np.sin(2 * np.pi * pitch * time) * np.exp(-(((time - 0.5) / 0.12) ** 2)) * 0.3, np.float32)


def extractor() -> Wav2Vec2FeatureExtractor:
    return Wav2Vec2FeatureExtractor()


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a word by 30 speakers: two words, and one that is neither."""
    root = tmp_path_factory.mktemp("mine")
    for number, word in enumerate((*WORDS, "banana")):
        (root / word).mkdir()
        for speaker in range(30):
            sound = tone(300.0 * (number + 1) + speaker)
            soundfile.write(root / word / f"s{speaker}_nohash_0.wav", sound, 16_000)
    return root


@pytest.fixture(scope="module")
def wav2vec2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network that learnt to listen (by chance), and no words."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("wav2vec2")
    config = Wav2Vec2Config(  # type: ignore[call-arg,unused-ignore]
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, conv_dim=(8, 8),
        conv_kernel=(10, 8), conv_stride=(40, 8), num_feat_extract_layers=2, num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2, codevector_dim=8, proj_codevector_dim=8, classifier_proj_size=8,
        mask_time_length=2,
    )  # fmt: skip
    Wav2Vec2ForPreTraining(config).save_pretrained(folder)
    extractor().save_pretrained(folder)
    return folder


def settings(recordings: Path, out: Path) -> TrainSettings:
    return TrainSettings(
        (recordings,), out, words=WORDS, shape=Shape(4, 32, 1, 64), steps=2, batch=16, validate_every=2,
        synthetic_noise_s=20, rooms=8, beside=False,
    )  # fmt: skip


def test_own_words_become_the_keywords_and_all_others_are_unknown(recordings: Path, tmp_path: Path) -> None:
    train(settings(recordings, tmp_path))
    checkpoint = find(str(tmp_path / "model"))
    row = (tmp_path / "curves.tsv").read_text().splitlines()[0].split("\t")
    strangers = [word for word in (*WORDS, "banana") for k in range(30) if which_split(f"s{k}_nohash_0") != "training"]
    card = (tmp_path / "model" / "README.md").read_text()

    assert checkpoint.labels == (*WORDS, "_silence_", "_unknown_")
    assert checkpoint.keywords == WORDS
    assert row[4:] == [*WORDS, "_silence_", "_unknown_", "all"]
    assert f"| {len(strangers)} |" in card, "people who are not trained on choose the weights"


def test_a_word_without_a_recording_is_named(recordings: Path, tmp_path: Path) -> None:
    with pytest.raises(VoicegoError, match='no recording to train "jarvis" on'):
        train(replace(settings(recordings, tmp_path), words=(*WORDS, "jarvis")))


def test_a_word_that_is_given_twice_is_refused() -> None:
    with pytest.raises(VoicegoError, match='"computer" is there twice'):
        own(["computer", "computer"])
    assert own([]) == Classes()


def test_other_words_keep_what_a_checkpoint_knows_of_them(recordings: Path, tmp_path: Path) -> None:
    train(settings(recordings, tmp_path / "first"))
    start = str(tmp_path / "first" / "model")
    more = replace(
        settings(recordings, tmp_path / "second"), start=start, words=("lights", "banana"), learning_rate=0.0
    )
    train(more)
    before, after = (load(find(str(tmp_path / name / "model"))).model.classifier.weight for name in ("first", "second"))

    assert torch.allclose(before[WORDS.index("lights")], after[0], atol=1e-6)
    assert not torch.allclose(before[WORDS.index("computer")], after[1], atol=1e-3)


def test_a_wav2vec2_is_fine_tuned_into_a_checkpoint_that_loads(
    recordings: Path, wav2vec2: Path, tmp_path: Path
) -> None:
    train(replace(settings(recordings, tmp_path), start=str(wav2vec2)))
    classifier = load(find(str(tmp_path / "model")))
    config = json.loads((tmp_path / "model" / "config.json").read_text())

    assert classifier.labels == (*WORDS, "_silence_", "_unknown_")
    assert config["architectures"] == ["Wav2Vec2ForSequenceClassification"]
    assert np.allclose(classifier.score(tone(300.0)[None]).sum(), 1.0, atol=1e-5)


def test_the_waveform_is_evened_out_as_its_extractor_does() -> None:
    sound = np.stack([tone(300.0) + np.float32(0.1), tone(500.0) * np.float32(0.01)])
    expected = extractor()(list(sound), sampling_rate=16_000, return_tensors="np")["input_values"]

    assert np.allclose(inputs_of(sound, None), expected, atol=1e-5)


def test_a_checkpoint_of_another_kind_cannot_be_begun_with(recordings: Path, wav2vec2: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "preprocessor_config.json").write_text('{"feature_extractor_type": "WhisperFeatureExtractor"}')

    with pytest.raises(VoicegoError, match="neither voicego made it nor does it take the waveform"):
        train(replace(settings(recordings, tmp_path / "out"), start=str(foreign)))
    (wav2vec2 / "model.safetensors").rename(wav2vec2 / "gone")
    with pytest.raises(VoicegoError, match="cannot begin with"):
        train(replace(settings(recordings, tmp_path / "out"), start=str(wav2vec2)))
    (wav2vec2 / "gone").rename(wav2vec2 / "model.safetensors")
