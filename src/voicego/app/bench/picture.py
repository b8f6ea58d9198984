"""A picture of the CPU time: for each sound a bar for each contender, on a logarithmic scale."""

from __future__ import annotations

from html import escape
from math import log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicego.app.bench.figures import Figures, Spread

LEAST, MOST = 0.05, 100.0
"""Ends of the scale, in percent of one core."""
LEFT, WIDTH, RIGHT, BAR = 190, 460, 150, 18
COLOURS = ("#2a7f62", "#8fc1a9", "#b08b2e", "#7a6bb0", "#b0483a")


def drawn(found: Figures) -> str:
    """Make an SVG; it needs no library."""
    parts: list[str] = []
    at = 46
    for sound, about in found.heard.items():
        parts.append(_text(8, at, f"{sound}: {about.partition(': ')[2] or about}", weight="bold"))
        at += 8
        for colour, (name, row) in zip(COLOURS * len(found.cpu), found.cpu.items(), strict=False):
            parts += _bar(at, name, row[sound], colour)
            at += BAR + 4
        at += 26
    parts += _scale(at - 20)
    size = f'width="{LEFT + WIDTH + RIGHT}" height="{at}" viewBox="0 0 {LEFT + WIDTH + RIGHT} {at}"'
    font = 'font-family="system-ui, sans-serif" font-size="12" fill="#222"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>{"".join(parts)}</svg>\n'


def _bar(top: int, name: str, spread: Spread, colour: str) -> Iterator[str]:
    length, low, high = (_along(value) for value in (spread.median, spread.least, spread.most))
    middle = top + BAR / 2
    yield _text(LEFT - 8, middle + 4, name, anchor="end")
    yield f'<rect x="{LEFT}" y="{top}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>'
    yield f'<path d="M{LEFT + low:.1f} {middle}H{LEFT + high:.1f}" stroke="#222"/>'
    yield _text(LEFT + max(length, high) + 6, middle + 4, f"{spread.median:.2f} %")


def _scale(bottom: int) -> Iterator[str]:
    yield _text(8, 18, "CPU time while listening, % of one core; lines from least to most")
    for value in (0.1, 1.0, 10.0, 100.0):
        x = LEFT + _along(value)
        yield f'<path d="M{x:.1f} 30V{bottom}" stroke="#222" stroke-opacity=".2"/>'
        yield _text(x, bottom + 14, f"{value:g} %", anchor="middle")


def _along(percent: float) -> float:
    inside = min(MOST, max(LEAST, percent))
    return WIDTH * (log10(inside) - log10(LEAST)) / (log10(MOST) - log10(LEAST))


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>'
