"""Features: equal to the transformers extractor's, with fixed statistics that leave a quiet room quiet."""

import numpy as np
import pytest
from numpy.typing import NDArray
from transformers import SeamlessM4TFeatureExtractor

from voicego.errors import VoicegoError
from voicego.spotting.features import FeatureSpec, features, log_mel

Floats = NDArray[np.float32]


EXTRACTOR = SeamlessM4TFeatureExtractor(feature_size=80, num_mel_bins=80, stride=4)


def hiss(dbfs: float, windows: int = 4, seed: int = 0) -> Floats:
    noise = np.random.default_rng(seed).standard_normal((windows, 16_000), dtype=np.float32)
    return np.multiply(noise, np.float32(10 ** (dbfs / 20)))


def word_like(peak: float = 0.5) -> Floats:
    time = np.arange(16_000) / 16_000
    tones = sum(np.sin(2 * np.pi * 140 * k * time) / k for k in range(1, 30))
    sound = tones * np.exp(-(((time - 0.5) / 0.15) ** 2))
    return np.asarray((peak * sound / np.abs(sound).max())[None] + hiss(-70, 1), np.float32)


LOUD_TONE = np.sin(np.arange(16_000) * 0.3)[None].astype(np.float32) * np.float32(0.9)


def extractor_says(sound: Floats) -> Floats:
    answer = EXTRACTOR(list(sound), sampling_rate=16_000, do_normalize_per_mel_bins=False, return_tensors="np")
    found: Floats = answer["input_features"]
    return found


@pytest.fixture
def spec() -> FeatureSpec:
    floor = log_mel(hiss(-75, 8), 80).mean(axis=(0, 1))
    rng = np.random.default_rng(3)
    return FeatureSpec(
        4, 80, floor, rng.uniform(8, 14, 80).astype(np.float32), rng.uniform(2, 4, 80).astype(np.float32)
    )


@pytest.mark.parametrize(
    ("what", "sound"),
    [
        ("hiss", hiss(-20)),
        ("a quiet room", hiss(-65)),
        ("something like a word", word_like()),
        ("a very quiet word", word_like(0.002)),
        ("full scale", np.sign(hiss(-6, 2))),
        ("digital silence", np.zeros((2, 16_000), np.float32)),
    ],
)
def test_mel_equals_the_transformers_extractor(what: str, sound: Floats) -> None:
    ours = log_mel(sound, 80)[:, :96].reshape(len(sound), 24, 320)

    assert np.abs(ours - extractor_says(sound)).max() < 1e-4, what


def test_single_precision_shows_only_far_below_a_loud_tone() -> None:
    tone = LOUD_TONE + hiss(-60, 1)
    wrong_by = np.abs(log_mel(tone, 80)[:, :96].reshape(1, 24, 320) - extractor_says(tone))

    assert wrong_by.max() < 1e-2
    assert np.median(wrong_by) < 1e-4


def test_statistics_are_applied_as_written(spec: FeatureSpec) -> None:
    sound = word_like()
    mel = extractor_says(sound).reshape(1, 96, 80)
    expected = (np.maximum(mel, spec.floor) - spec.mean) / spec.std

    assert np.abs(features(sound, spec) - expected.reshape(1, 24, 320)).max() < 1e-4


def test_hiss_of_a_quiet_room_is_not_lifted(spec: FeatureSpec) -> None:
    room, word = features(hiss(-60), spec), features(word_like(), spec)
    loudest_of_word = np.sort(word.ravel())[-2000:].mean()
    lifted = EXTRACTOR(list(hiss(-60)), sampling_rate=16_000, return_tensors="np")["input_features"]

    assert room.max() < loudest_of_word
    assert room.mean() < loudest_of_word - 1.0
    assert lifted.max() > 2.0, "the extractor's own normalisation lifts it, or this test proves nothing"


def test_twice_as_quiet_hiss_is_lower_in_every_band(spec: FeatureSpec) -> None:
    assert (features(hiss(-54), spec).mean(axis=(0, 1)) > features(hiss(-60), spec).mean(axis=(0, 1))).all()


def test_digital_silence_and_the_faintest_hiss_are_nearly_the_same(spec: FeatureSpec) -> None:
    silence, faint = features(np.zeros((1, 16_000), np.float32), spec), features(hiss(-95, 1), spec)

    assert np.allclose(silence, faint, atol=1e-6)


def test_a_batch_equals_its_windows_one_by_one(spec: FeatureSpec) -> None:
    sound = np.concatenate([hiss(-30), word_like(), np.zeros((1, 16_000), np.float32)])
    singly = np.concatenate([features(window[None], spec) for window in sound])

    assert np.abs(features(sound, spec) - singly).max() < 1e-5


def test_the_sound_is_not_changed(spec: FeatureSpec) -> None:
    sound = word_like()
    before = sound.copy()
    features(sound, spec)

    assert (sound == before).all()


def test_shape_and_type(spec: FeatureSpec) -> None:
    found = features(hiss(-40, 3), spec)

    assert found.shape == (3, 24, 320)
    assert found.dtype == np.float32


def test_spec_is_read_from_a_checkpoint(spec: FeatureSpec) -> None:
    block = {name: getattr(spec, name).tolist() for name in ("floor", "mean", "std")}
    read = FeatureSpec.from_preprocessor({"stride": 4, "num_mel_bins": 80, "fixed_statistics": block})

    assert (read.stride, read.mel_bins) == (4, 80)
    assert np.allclose(read.mean, spec.mean)


@pytest.mark.parametrize(
    ("block", "says"),
    [(None, "fixed_statistics"), ({"floor": [0.0] * 80, "mean": [0.0] * 79, "std": [1.0] * 80}, "mean"), ({}, "floor")],
)
def test_a_checkpoint_without_statistics_is_refused(block: object, says: str) -> None:
    with pytest.raises(VoicegoError, match=says):
        FeatureSpec.from_preprocessor({"stride": 4, "num_mel_bins": 80, "fixed_statistics": block})


@pytest.mark.parametrize("sound", [np.zeros(16_000, np.float32), np.zeros((1, 399), np.float32)])
def test_sound_of_a_wrong_shape_is_refused(sound: Floats) -> None:
    with pytest.raises(VoicegoError, match="shape"):
        log_mel(sound)
