"""The drawings, as they lie in the package; read when they are first needed, and kept."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

    from voicego.tray.model import Icon

SIZES = (16, 22, 24, 32, 48, 64)
"""Pixels; a panel takes the one that fits best."""
PANELS = {True: "#2b2b2b", False: "#f0f0f0"}
"""Dark to colour: what lies behind an icon where a dock knows no transparency."""


@cache
def image(icon: Icon, size: int, *, dark: bool) -> Image:
    """Load a drawing for a dark or a light panel, `size` pixels each way, in RGBA."""
    from PIL import Image  # noqa: PLC0415 -- 40 ms, and only who shows something needs it

    name = f"{icon}-{'on-dark' if dark else 'on-light'}-{size}.png"
    with files("voicego.tray").joinpath("icons", name).open("rb") as file, Image.open(file) as found:
        return found.convert("RGBA")


@cache
def pixmaps(icon: Icon, *, dark: bool) -> list[tuple[int, int, bytes]]:
    """Every size as StatusNotifierItem wants it: width, height, ARGB in network order."""
    found = []
    for size in SIZES:
        red, green, blue, alpha = image(icon, size, dark=dark).split()
        from PIL import Image  # noqa: PLC0415

        # Its name for four bytes a pixel is CMYK; the order is what counts.
        found.append((size, size, Image.merge("CMYK", (alpha, red, green, blue)).tobytes()))
    return found


def opaque(icon: Icon, size: int, *, dark: bool) -> Image:
    """Lay a drawing on its panel's colour: a dock of the old kind shows no transparency."""
    from PIL import Image  # noqa: PLC0415

    drawing = image(icon, size, dark=dark)
    ground = Image.new("RGBA", drawing.size, PANELS[dark])
    return Image.alpha_composite(ground, drawing)
