"""The network that is trained: a small Wav2Vec2-BERT, its labels, and the checkpoint folder it is saved as."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from safetensors.torch import save_file
from transformers import Wav2Vec2BertConfig, Wav2Vec2BertForSequenceClassification

from voicego.errors import VoicegoError
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
BANDS, HEADS = 80, 4


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a network is."""

    stride: int = 4
    """Mel frames of 10 ms that are laid side by side for each step."""
    hidden: int = 128
    layers: int = 4
    feed_forward: int = 256
    kernel: int = 15
    """Steps that a convolution sees."""

    def __post_init__(self) -> None:
        """Refuse what the attention cannot be cut into."""
        if min(self.stride, self.hidden, self.layers, self.feed_forward, self.kernel) < 1 or self.hidden % HEADS:
            raise VoicegoError(f"a network needs sizes above 0 and a hidden size that {HEADS} divides, not {self}")


def shape_of(config: Mapping[str, Any]) -> Shape:
    """The shape of a network that was made here, by its `config.json`."""
    return Shape(
        stride=int(config["feature_projection_input_dim"]) // BANDS,
        hidden=int(config["hidden_size"]),
        layers=int(config["num_hidden_layers"]),
        feed_forward=int(config["intermediate_size"]),
        kernel=int(config["conv_depthwise_kernel_size"]),
    )


BRANCHES_END_IN = ("ffn1.output_dense", "ffn2.output_dense", "self_attn.linear_out", "pointwise_conv2")
LAYERS = "wav2vec2_bert.encoder.layers"


def deepened(weights: Mapping[str, torch.Tensor], layers: int) -> dict[str, torch.Tensor]:
    """Weights for a deeper network: copies of the last layer whose branches add nothing yet."""
    deep = dict(weights)
    last = max(int(name.split(".")[3]) for name in weights if name.startswith(LAYERS))
    for number in range(last + 1, layers):
        for name, value in weights.items():
            if name.startswith(f"{LAYERS}.{last}."):
                silent = any(end in name for end in BRANCHES_END_IN)
                deep[name.replace(f"{LAYERS}.{last}.", f"{LAYERS}.{number}.")] = value * 0 if silent else value.clone()
    return deep


DEFAULT_DECISION = {
    "alone": {"lower": 0.9, "normal": 0.8, "higher": 0.65},
    "running": {"lower": 0.975, "normal": 0.95, "higher": 0.8},
}


def all_labels() -> list[str]:
    """Every class in the order of the outputs: the ten keywords, 25 other words, silence, unknown."""
    return [*KEYWORDS, *OTHER_WORDS, SILENCE, UNKNOWN]


def new_network(labels: Sequence[str], shape: Shape) -> Wav2Vec2BertForSequenceClassification:
    """Untrained weights; position comes from the convolutions, so no position embedding is needed."""
    config = Wav2Vec2BertConfig(
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=HEADS,
        intermediate_size=shape.feed_forward,
        feature_projection_input_dim=shape.stride * BANDS,
        position_embeddings_type=None,
        conv_depthwise_kernel_size=shape.kernel,
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
