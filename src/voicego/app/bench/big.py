"""wav2vec2-base as it is built, with random weights: for what it costs, not for what it hears."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from voicego.spotting.hub import offline

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ABOUT = "wav2vec2-base (94.6 M random weights)"
EXTRACTOR = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "do_normalize": True, "sampling_rate": 16000}
SPREAD = 0.02
"""Standard deviation of the weights."""


def network(labels: Sequence[str] = ("word", "_unknown_")) -> Any:  # noqa: ANN401 -- torch's border
    """Make the network; its own way of drawing weights would take longer than reading them from a disk."""
    offline()
    import torch  # noqa: PLC0415
    from transformers import Wav2Vec2Config, Wav2Vec2ForSequenceClassification  # noqa: PLC0415

    named: dict[str, Any] = {
        "id2label": dict(enumerate(labels)),
        "label2id": {label: number for number, label in enumerate(labels)},
    }
    with torch.device("meta"):
        model = Wav2Vec2ForSequenceClassification(Wav2Vec2Config(**named))
    made: Any = model.to_empty(device="cpu").eval()
    torch.manual_seed(0)
    with torch.no_grad():
        for weights in made.parameters():
            weights.normal_(0, SPREAD)
    return made


def write_checkpoint(folder: Path, labels: Sequence[str]) -> None:
    """Write it as a checkpoint that hears these labels; 378 MB."""
    network(labels).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(EXTRACTOR), encoding="utf-8")
