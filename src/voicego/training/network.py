"""The network that is trained: a small Wav2Vec2-BERT, its labels, and the checkpoint folder it is saved as."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from safetensors.torch import save_file
from transformers import Wav2Vec2BertConfig, Wav2Vec2BertForSequenceClassification

from voicego.training.clips import KEYWORDS, SILENCE, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import torch

    from voicego.spotting.features import FeatureSpec

OTHER_WORDS = (
    *("backward", "bed", "bird", "cat", "dog", "eight", "five", "follow", "forward", "four", "happy", "house"),
    *("learn", "marvin", "nine", "one", "seven", "sheila", "six", "three", "tree", "two", "visual", "wow", "zero"),
)
STRIDE, BANDS = 4, 80
DEFAULT_DECISION = {"alone": 0.8, "running": 0.95}


def all_labels() -> list[str]:
    """Every class in the order of the outputs: the ten keywords, 25 other words, silence, unknown."""
    return [*KEYWORDS, *OTHER_WORDS, SILENCE, UNKNOWN]


def new_network(labels: Sequence[str]) -> Wav2Vec2BertForSequenceClassification:
    """1.07 million parameters; position comes from the convolutions, so no position embedding is needed."""
    config = Wav2Vec2BertConfig(
        hidden_size=128,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=256,
        feature_projection_input_dim=STRIDE * BANDS,
        position_embeddings_type=None,
        conv_depthwise_kernel_size=15,
        classifier_proj_size=128,
        # Dropout costs a sixth of a step on a CPU and is worth less than the noise and masks that every window gets.
        hidden_dropout=0.0,
        activation_dropout=0.0,
        attention_dropout=0.0,
        feat_proj_dropout=0.0,
        conformer_conv_dropout=0.0,
        final_dropout=0.0,
        layerdrop=0.0,
        apply_spec_augment=False,
        add_adapter=False,
        vocab_size=None,
        id2label=dict(enumerate(labels)),
        label2id={label: k for k, label in enumerate(labels)},
    )
    return Wav2Vec2BertForSequenceClassification(config)


def save_checkpoint(
    folder: Path,
    network: Wav2Vec2BertForSequenceClassification,
    weights: Mapping[str, torch.Tensor],
    spec: FeatureSpec,
    card: str,
) -> None:
    """Write a complete checkpoint beside `folder`, then swap it in by renaming, so that no reader sees half of one."""
    fresh, stale = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    for left_over in (fresh, stale):
        shutil.rmtree(left_over, ignore_errors=True)
    fresh.mkdir(parents=True)
    config = network.config.to_dict() | {"architectures": ["Wav2Vec2BertForSequenceClassification"], "dtype": "float32"}
    _write_json(fresh / "config.json", config)
    _write_json(fresh / "preprocessor_config.json", preprocessor(spec))
    _write_json(fresh / "decision.json", {"keywords": dict.fromkeys(KEYWORDS, DEFAULT_DECISION)})
    (fresh / "README.md").write_text(card, encoding="utf-8")
    save_file(
        {name: value.contiguous() for name, value in weights.items()}, fresh / "model.safetensors", {"format": "pt"}
    )
    if folder.exists():
        folder.rename(stale)
    fresh.rename(folder)
    shutil.rmtree(stale, ignore_errors=True)


def preprocessor(spec: FeatureSpec) -> dict[str, Any]:
    """The extractor's own fields, which `AutoFeatureExtractor` reads, and the fixed statistics beside them."""
    return {
        "feature_extractor_type": "SeamlessM4TFeatureExtractor",
        "feature_size": spec.mel_bins,
        "num_mel_bins": spec.mel_bins,
        "stride": spec.stride,
        "sampling_rate": 16_000,
        "padding_side": "right",
        "padding_value": 0.0,
        "return_attention_mask": True,
        "fixed_statistics": {
            name: [round(float(value), 4) for value in getattr(spec, name)] for name in ("floor", "mean", "std")
        },
    }


def _write_json(path: Path, value: Mapping[str, object]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
