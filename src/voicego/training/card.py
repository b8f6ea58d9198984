"""The model card that training writes; whoever ships a checkpoint adds data, licences and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicego.training.evaluate import Tally, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def draft_card(labels: Sequence[str], step: int, seconds: float, found: Mapping[str, Tally] | None) -> str:
    """Markdown with the front matter that the Hugging Face hub reads."""
    measured = "No validation list was given, so nothing was measured." if found is None else table(found)
    return f"""---
pipeline_tag: audio-classification
library_name: transformers
language: en
tags: [keyword-spotting, wav2vec2-bert, voicego]
---

# A voicego keyword network

Wav2Vec2-BERT over windows of 1 s at 16 kHz, {len(labels)} classes: {", ".join(labels)}.

Trained by `voicego train`: averaged weights after step {step} ({seconds / 60:.0f} minutes).

## Measured

Twelve classes; every other label is summed into `_unknown_` before the best is chosen.

{measured}
"""
