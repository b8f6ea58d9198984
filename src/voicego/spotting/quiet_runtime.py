"""onnxruntime, imported so that it tells nobody: the one place that imports it."""

from __future__ import annotations

import os
from typing import Any

SILENCED = {"ORT_DISABLE_TELEMETRY": "1"}
"""Without it the builds of 1.32 on PyPI, those for Linux included, send usage to their maker with the first session:
strace shows internet sockets, and an id in ~/.cache. It is read when onnxruntime is imported; its own function
`disable_telemetry_events` comes too late."""


def onnxruntime() -> Any:  # noqa: ANN401 -- it has no types
    """Import it. Takes 0.1 s the first time."""
    os.environ.update(SILENCED)
    import onnxruntime  # noqa: PLC0415 -- heavy, and only now silent

    return onnxruntime
