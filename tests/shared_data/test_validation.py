"""The embedded checkpoint on the validation list of human recordings, which lies beside the checkout or is skipped."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import voicego.spotting
from voicego.spotting.features import FeatureSpec, features
from voicego.spotting.network import VoicegoForSequenceClassification
from voicego.training.classes import Classes
from voicego.training.evaluate import read_list, table, tallies

DATA = Path(__file__).parents[3] / "shared" / "data"
EMBEDDED = Path(voicego.spotting.__file__).parent / "embedded"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.timeout(600),  # eleven long reels are decoded whole: libsndfile's seeking in Opus is not exact
    pytest.mark.skipif(not (DATA / "validation.tsv").is_file(), reason="the recordings of ../shared/data are not here"),
]


def test_at_least_95_of_100_validation_clips_are_heard_right(record_property: Callable[[str, object], None]) -> None:
    network = VoicegoForSequenceClassification.from_pretrained(EMBEDDED).train(mode=False)
    spec = FeatureSpec.from_preprocessor(json.loads((EMBEDDED / "preprocessor_config.json").read_text()))
    labels = [network.config.id2label[number] for number in range(network.config.num_labels)]

    def score(samples: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            odds: NDArray[np.float32] = network(torch.from_numpy(features(samples, spec))).logits.softmax(-1).numpy()
        return odds

    assert labels == Classes().labels
    found = tallies(score, read_list(DATA / "validation.tsv"), Classes())
    for label, tally in found.items():
        record_property(label, f"{tally.right}/{tally.total}")

    assert found["all"].total == 2407
    assert found["all"].share >= 0.95, table(found)
