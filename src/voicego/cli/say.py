"""What the verbs write: sentences and JSON lines on standard output."""

from __future__ import annotations

import json
import sys


def line(text: str) -> None:
    """Write one line, at once: whoever reads through a pipe sees it when it happens."""
    if sys.stdout is not None:  # there is none under pythonw
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def error(text: str) -> None:
    """Write one line on standard error."""
    if sys.stderr is not None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def json_line(value: object) -> None:
    """Write one JSON line."""
    line(json.dumps(value, ensure_ascii=False, default=str))
