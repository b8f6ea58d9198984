"""voicego's own network: two ears, one narrow and learnt from much speech, one wide, below a Wav2Vec2-BERT encoder.

The narrow ear is Google's speech embedding (TF Hub `speech_embedding`, Apache-2.0; J. Lin et al., "Training keyword
spotters with limited and synthesized speech data", arXiv 2002.01322), which had heard thousands of voices before: 32
mel bands from 60 to 3800 Hz, a step every 80 ms. The wide ear sees all 80 bands up to 8 kHz. Importing this module
tells transformers of the model type, so that its `Auto` classes load it.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional
from transformers import (
    AutoConfig,
    AutoModelForAudioClassification,
    Wav2Vec2BertConfig,
    Wav2Vec2BertForSequenceClassification,
)

MODEL_TYPE = "voicego"
BLOCKS = ((24, (2, 2)), (48, (1, 2)), (72, (2, 2)), (96, (1, 2)), (96, (2, 2)))
"""Channels of each block of the narrow ear, and what its maximum pools (frames, bands)."""
NARROW_BANDS = 32
NARROW_WIDTH = BLOCKS[-1][0]
WIDE_WIDTH = 96
BEFORE, AFTER = 8, 12
"""Quiet frames laid at the ends of a window for the narrow ear: its 76 frames are then centred on frame 30, 38, ..."""
LATER = 2
"""Steps of the wide ear, centred on frame 14, 22, ..., before the first of the narrow one."""


class VoicegoConfig(Wav2Vec2BertConfig):
    """Sizes of the encoder; those of the ears are fixed."""

    model_type = MODEL_TYPE


class NarrowEar(nn.Module):
    """(n, 1, frames, 32) log-mel to (n, steps, 96): 76 frames a step, eight apart."""

    def __init__(self) -> None:
        super().__init__()
        layers, channels = [nn.Conv2d(1, BLOCKS[0][0], (3, 3), padding=(0, 1))], BLOCKS[0][0]
        for number, (width, _) in enumerate(BLOCKS):
            for _ in range(2 if number else 1):
                layers.append(nn.Conv2d(channels, width, (1, 3), padding=(0, 1)))
                layers.append(nn.Conv2d(width, width, (3, 1)))
                channels = width
        self.layers = nn.ModuleList(layers)
        self.last = nn.Conv2d(channels, channels, (3, 1), bias=False)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Run the blocks; each convolution is followed by a leak of 0.2 that ends at -0.4."""
        at = 0
        for number, (_, pool) in enumerate(BLOCKS):
            for _ in range(4 if number else 3):
                mel = functional.leaky_relu(self.layers[at](mel), 0.2).clamp_min(-0.4)
                at += 1
            mel = functional.max_pool2d(mel, pool, pool)
        heard: torch.Tensor = self.last(mel)[..., 0].transpose(1, 2)
        return heard


class TwoEars(nn.Module):
    """Stands where Wav2Vec2-BERT projects its features: (n, frames, 80) to (n, steps of 80 ms, hidden)."""

    mean: torch.Tensor
    spread: torch.Tensor
    to_narrow: torch.Tensor

    def __init__(self, config: VoicegoConfig) -> None:
        super().__init__()
        bands = config.feature_projection_input_dim
        self.register_buffer("spread", torch.ones(bands))
        self.register_buffer("mean", torch.zeros(bands))
        self.register_buffer("to_narrow", torch.zeros(bands, NARROW_BANDS))
        self.narrow = NarrowEar()
        self.wide = nn.Sequential(
            nn.Conv1d(bands, WIDE_WIDTH, 5, stride=2),
            nn.GELU(),
            nn.Conv1d(WIDE_WIDTH, WIDE_WIDTH, 5, stride=2),
            nn.GELU(),
            nn.Conv1d(WIDE_WIDTH, WIDE_WIDTH, 5, stride=2),
        )
        self.layer_norm = nn.LayerNorm(NARROW_WIDTH, eps=config.layer_norm_eps)
        self.wide_norm = nn.LayerNorm(WIDE_WIDTH, eps=config.layer_norm_eps)
        self.projection = nn.Linear(NARROW_WIDTH + WIDE_WIDTH, config.hidden_size)

    def hears(self, mean: torch.Tensor, spread: torch.Tensor, to_narrow: torch.Tensor) -> None:
        """Say what features look like, so that the narrow ear gets mel energies as it knows them.

        `mean` and `spread` (bands,) are the checkpoint's fixed statistics, `to_narrow` (bands, 32) sums energies.
        """
        self.mean.copy_(mean)
        self.spread.copy_(spread)
        self.to_narrow.copy_(to_narrow)

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Hear with both ears; the narrow one is deaf at the very ends of the window."""
        wide = self.wide_norm(self.wide(features.transpose(1, 2)).transpose(1, 2))
        power = torch.exp(features * self.spread + self.mean).transpose(1, 2)
        # As a convolution, because int8 exports round matrix products: energies span ten powers of ten.
        narrowed = functional.conv1d(power, self.to_narrow.t()[:, :, None]).transpose(1, 2)
        mel = torch.log10(narrowed.clamp_min(1e-6)) + 2
        mel = functional.pad(mel, (0, 0, BEFORE, AFTER), value=4.5)
        narrow = self.layer_norm(self.narrow(mel[:, None]))
        narrow = functional.pad(narrow, (0, 0, LATER, wide.shape[1] - LATER - narrow.shape[1]))
        both = torch.cat([narrow, wide], dim=2)
        return self.projection(both), both


class VoicegoForSequenceClassification(Wav2Vec2BertForSequenceClassification):
    """Wav2Vec2-BERT's encoder and classifier over the two ears."""

    config_class = VoicegoConfig

    def __init__(self, config: VoicegoConfig) -> None:
        super().__init__(config)
        self.wav2vec2_bert.feature_projection = TwoEars(config)  # type: ignore[assignment]

    @property
    def ears(self) -> TwoEars:
        """What stands below the encoder."""
        ears: Any = self.wav2vec2_bert.feature_projection
        return cast("TwoEars", ears)


AutoConfig.register(MODEL_TYPE, VoicegoConfig)
AutoModelForAudioClassification.register(VoicegoConfig, VoicegoForSequenceClassification)
