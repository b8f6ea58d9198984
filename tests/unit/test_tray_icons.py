"""The drawings: all there, and told apart without colour."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from voicego.tray.icons import PANELS, SIZES, image, opaque, pixmaps
from voicego.tray.model import Icon

LEAST = 0.04
"""Share of an icon's pixels in which two must differ plainly; 20 of 484 at 22 pixels."""
PLAINLY = 48
"""Of 255 levels of grey."""


def grey(icon: Icon, size: int, *, dark: bool) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    return np.asarray(opaque(icon, size, dark=dark).convert("L"), np.int16)


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_every_two_differ_in_grey(size: int, *, dark: bool) -> None:
    alike = [
        (one, other)
        for one, other in combinations(Icon, 2)
        if np.mean(np.abs(grey(one, size, dark=dark) - grey(other, size, dark=dark)) > PLAINLY) < LEAST
    ]

    assert alike == []


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("icon", Icon)
def test_each_is_seen_on_its_panel_and_on_the_other(icon: Icon, *, dark: bool) -> None:
    for panel in PANELS.values():
        ground = Image.new("RGBA", (22, 22), panel)
        shown = np.asarray(Image.alpha_composite(ground, image(icon, 22, dark=dark)).convert("L"), np.int16)

        assert np.mean(np.abs(shown - shown[0, 0]) > 40) > LEAST


def test_pixels_travel_as_argb() -> None:
    [(width, height, data)] = [one for one in pixmaps(Icon.FAILED, dark=True) if one[0] == 16]
    pixels = np.frombuffer(data, np.uint8).reshape(height, width, 4)
    expected = np.asarray(image(Icon.FAILED, 16, dark=True))

    assert np.array_equal(pixels[..., 0], expected[..., 3])
    assert np.array_equal(pixels[..., 1:], expected[..., :3])
