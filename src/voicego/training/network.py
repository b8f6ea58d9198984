"""The network that learns: a new one, or one to go on from; and the checkpoint folder that it is saved as."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import AutoModelForAudioClassification, Wav2Vec2BertConfig, Wav2Vec2BertForSequenceClassification

from voicego.errors import VoicegoError
from voicego.spotting.checkpoint import folder_of, read_json
from voicego.spotting.features import FeatureSpec
from voicego.spotting.hub import CONFIG, DECISION, FEATURES, WEIGHTS
from voicego.spotting.network import VoicegoConfig, VoicegoForSequenceClassification
from voicego.training.embedding import read_embedding, to_narrow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from transformers import PreTrainedModel

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
    ears: bool = False
    """The two ears of `voicego.spotting.network` below the encoder; a step is then 80 ms, whatever `stride` says."""

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
        ears=config.get("model_type") == VoicegoConfig.model_type,
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


def new_network(labels: Sequence[str], shape: Shape) -> Wav2Vec2BertForSequenceClassification:
    """Untrained weights; position comes from the convolutions, so no position embedding is needed."""
    kind, network = (
        (VoicegoConfig, VoicegoForSequenceClassification)
        if shape.ears
        else (Wav2Vec2BertConfig, Wav2Vec2BertForSequenceClassification)
    )
    config = kind(
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
    return network(config)  # type: ignore[arg-type]  # each kind of network takes its own kind of config


@dataclass(frozen=True, slots=True, eq=False)
class Student:
    """A network and how it wants its sound."""

    network: PreTrainedModel
    spec: FeatureSpec | None
    """Log-mel features; None: the waveform itself."""
    preprocessor: Mapping[str, Any]
    """What `preprocessor_config.json` says of that."""


SETTLED = 7
"""Convolutions of the narrow ear (its first two blocks) that stay as they were taught: half the time of a step."""


def new_student(labels: Sequence[str], shape: Shape, spec: FeatureSpec, embedding: Path | None = None) -> Student:
    """An untrained one; with a speech embedding, only as far as its narrow ear is not.

    Raises:
        VoicegoError: there is no such embedding.
    """
    network = new_network(labels, shape)
    if embedding is not None:
        if not isinstance(network, VoicegoForSequenceClassification):
            raise VoicegoError("a speech embedding is for a network with ears")
        network.ears.narrow.load_state_dict(read_embedding(embedding).state_dict())
        network.ears.hears(
            torch.from_numpy(spec.mean), torch.from_numpy(spec.std), torch.from_numpy(to_narrow(spec.mel_bins))
        )
    return Student(_settled(network), spec, preprocessor_of(spec))


def _settled(network: Wav2Vec2BertForSequenceClassification) -> Wav2Vec2BertForSequenceClassification:
    """Hold what need not be learnt again, and lay the weights out as convolutions are fastest."""
    if isinstance(network, VoicegoForSequenceClassification):
        for layer in network.ears.narrow.children():
            layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch knows it, its types do not
        for layer in network.ears.narrow.layers[:SETTLED]:
            layer.requires_grad_(requires_grad=False)
    return network


def begun_with(start: str, labels: Sequence[str], layers: int) -> Student:
    """One that goes on from a checkpoint: one made here, if wanted with more layers, or a wav2vec2 to fine-tune.

    Weights of the last layer are kept for labels that the checkpoint knows; the others begin anew.

    Raises:
        VoicegoError: there is no such checkpoint, or it is of another kind.
    """
    folder = folder_of(start)
    preprocessor = read_json(folder / FEATURES[0], start)
    if "fixed_statistics" in preprocessor:
        return _made_here(folder, start, labels, layers, preprocessor)
    if preprocessor.get("feature_extractor_type") != "Wav2Vec2FeatureExtractor":
        raise VoicegoError(
            f"cannot begin with {start}: neither voicego made it nor does it take the waveform as wav2vec2 does"
        )
    return _wav2vec2(folder, start, labels, preprocessor)


def _made_here(
    folder: Path, start: str, labels: Sequence[str], layers: int, preprocessor: Mapping[str, Any]
) -> Student:
    config = read_json(folder / CONFIG, start)
    try:
        shape = shape_of(config)
        shape = replace(shape, layers=max(shape.layers, layers))
        known = [config["id2label"][key] for key in sorted(config["id2label"], key=int)]
        network = new_network(labels, shape)
        weights = deepened(load_file(folder / WEIGHTS), shape.layers)
        network.load_state_dict(_for_labels(weights, known, network.state_dict(), labels))
    except (KeyError, ValueError, TypeError, OSError, RuntimeError, SafetensorError) as error:
        why = str(error).splitlines()[0]
        raise VoicegoError(f"cannot begin with {start}: it is no network that voicego made ({why})") from error
    return Student(_settled(network), FeatureSpec.from_preprocessor(preprocessor), preprocessor)


def _for_labels(
    weights: Mapping[str, torch.Tensor], known: Sequence[str], fresh: Mapping[str, torch.Tensor], labels: Sequence[str]
) -> dict[str, torch.Tensor]:
    """The weights with a last layer for other labels: known rows are kept, the others are fresh."""
    fitted = dict(weights)
    for name in ("classifier.weight", "classifier.bias"):
        fitted[name] = fresh[name].clone()
        for row, label in enumerate(labels):
            if label in known:
                fitted[name][row] = weights[name][known.index(label)]
    return fitted


def _wav2vec2(folder: Path, start: str, labels: Sequence[str], preprocessor: Mapping[str, Any]) -> Student:
    try:
        network = AutoModelForAudioClassification.from_pretrained(
            folder,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: k for k, label in enumerate(labels)},
            ignore_mismatched_sizes=True,
            local_files_only=True,
            use_safetensors=(folder / WEIGHTS).is_file(),
        )
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise VoicegoError(f"cannot begin with {start}: {str(error).splitlines()[0]}") from error
    network.freeze_feature_encoder()
    return Student(network, None, preprocessor)


def save_checkpoint(
    folder: Path, student: Student, weights: Mapping[str, torch.Tensor], keywords: Sequence[str], card: str
) -> None:
    """Write a complete checkpoint."""
    with swapped_in(folder) as fresh:
        _write(fresh, student, weights, keywords, card)


@contextmanager
def swapped_in(folder: Path) -> Iterator[Path]:
    """Make a folder beside `folder`, then swap it in by renaming, so that no reader sees half of a checkpoint."""
    fresh, stale = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    for left_over in (fresh, stale):
        shutil.rmtree(left_over, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
        yield fresh
        if folder.exists():
            folder.rename(stale)
        fresh.rename(folder)
    finally:
        for left_over in (fresh, stale):
            shutil.rmtree(left_over, ignore_errors=True)


def _write(
    folder: Path, student: Student, weights: Mapping[str, torch.Tensor], keywords: Sequence[str], card: str
) -> None:
    network = student.network
    config = network.config.to_dict() | {"architectures": [type(network).__name__], "dtype": "float32"}
    _write_json(folder / CONFIG, config)
    _write_json(folder / FEATURES[0], student.preprocessor)
    _write_json(folder / DECISION, {"keywords": dict.fromkeys(keywords, DEFAULT_DECISION)})
    (folder / "README.md").write_text(card, encoding="utf-8")
    save_file({name: value.cpu().contiguous() for name, value in weights.items()}, folder / WEIGHTS, {"format": "pt"})


def preprocessor_of(spec: FeatureSpec) -> dict[str, Any]:
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
