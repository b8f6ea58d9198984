"""Durations as people write them: `300ms`, `1.5s`, `2m`, `1h`."""

from __future__ import annotations

import math
import re

from voicego.config.words import found

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Seconds in one of each."""

ALSO = {
    "msec": "ms",
    "millisecond": "ms",
    "sec": "s",
    "second": "s",
    "min": "m",
    "minute": "m",
    "hr": "h",
    "hour": "h",
}
"""Units that are understood well enough to say how voicego writes them."""

_FORM = re.compile(r"(?P<sign>[-+]?)(?P<number>\d{1,12}(?:\.\d{0,12})?|\.\d{1,12}) ?(?P<unit>[A-Za-z]*)", re.ASCII)


def in_seconds(value: object, low: float, high: float) -> float:
    """Read a duration and hold it against its range.

    Raises:
        ValueError: with a sentence that continues `"hop" …`.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"is {found(value)}; a duration is wanted, such as {example(low, high)}")  # noqa: TRY004
    length = _from_text(value, low, high) if isinstance(value, str) else _from_number(value, low, high)
    if not low <= length <= high:
        raise ValueError(f"is {written(length)}; it may be from {written(low)} to {written(high)}")
    return length


def written(seconds: float) -> str:
    """The shortest way to write a duration: `100ms`, `1.5s`, `15m`."""
    if seconds == 0:
        return "0"
    for unit in ("h", "m", "s"):
        count = seconds / UNITS[unit]
        if count >= 1 and round(count, 3) == count and len(f"{count:g}") <= len("1.25"):
            return f"{count:g}{unit}"
    return f"{seconds:g}s" if seconds >= 1 else f"{seconds * 1000:g}ms"


def example(low: float, high: float) -> str:
    """A duration that could stand there."""
    examples = (("300ms", 0.3), ("100ms", 0.1), ("2s", 2.0), ("15m", 900.0))
    fitting = [text for text, length in examples if low <= length <= high]
    return fitting[0] if fitting else written(high)


def _from_text(text: str, low: float, high: float) -> float:
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"is {found(text)}; a duration is wanted, such as {example(low, high)}")
    number, unit = match["number"], match["unit"]
    if match["sign"] == "-":
        raise ValueError(f"is {found(text)}; a duration cannot be negative")
    if unit in UNITS:
        count = float(number)
        return count / 1000 if unit == "ms" else count * UNITS[unit]
    if not unit:
        return _from_number(int(number) if number.isdigit() else float(number), low, high)
    known = unit.lower().removesuffix("s") if len(unit) > 1 and unit.lower() != "ms" else unit.lower()
    known = ALSO.get(known, known)
    if known in UNITS:
        raise ValueError(f"is {found(text)}; write {number}{known}")
    raise ValueError(f"is {found(text)}; the unit is one of ms, s, m, h, for instance {example(low, high)}")


def _from_number(number: float, low: float, high: float) -> float:
    if number == 0:
        return 0.0
    if not math.isfinite(number):
        raise ValueError(f"is {found(number)}; a duration is wanted, such as {example(low, high)}")
    if number < 0:
        raise ValueError(f"is {found(number)}; a duration cannot be negative")
    unit = next((unit for unit in ("s", "ms", "m", "h") if low <= number * UNITS[unit] <= high), None)
    if unit is None:
        raise ValueError(f"is {found(number)}, without a unit; it may be from {written(low)} to {written(high)}")
    raise ValueError(f"is {found(number)}, without a unit; write {found(number)}{unit}")
