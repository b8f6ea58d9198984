"""Renders the icons beside it: those of the tray for dark and light panels, and the application's own.

    python packaging/icons/render.py

Needs rsvg-convert (Debian: librsvg2-bin) and Pillow. What it writes is committed, so that nobody who installs voicego
needs either: the tray's into src/voicego/tray/icons, the application's into packaging/icons/voicego.
"""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

from PIL import Image, ImageFilter

HERE = Path(__file__).parent
TRAY = HERE.parent.parent / "src" / "voicego" / "tray" / "icons"

SIZES = (16, 22, 24, 32, 48, 64)
"""Pixels; the usual heights of panels, once and doubled."""
INKS = {"on-dark": "#f4f5f5", "on-light": "#2e3436"}
HALO = 0.7
"""Opacity of the seam in the other colour, by which an icon is seen on a panel that was guessed wrong."""
APPLICATION = (16, 24, 32, 48, 64, 128, 256, 512)


def rendered(svg: str, size: int) -> Image.Image:
    """Draw an SVG into a square of `size` pixels."""
    command = ["rsvg-convert", f"--width={size}", f"--height={size}"]
    png = subprocess.run(command, input=svg.encode(), capture_output=True, check=True).stdout  # noqa: S603
    return Image.open(io.BytesIO(png)).convert("RGBA")


def with_halo(icon: Image.Image, colour: str) -> Image.Image:
    """Lay a soft seam beneath an icon."""
    alpha = icon.getchannel("A")
    wide = (
        alpha.filter(ImageFilter.MaxFilter(3))
        .filter(ImageFilter.GaussianBlur(icon.width / 60))
        .point(lambda a: min(255, round(a * HALO)))
    )
    seam = Image.new("RGBA", icon.size, colour)
    seam.putalpha(wide)
    return Image.alpha_composite(seam, icon)


def tray() -> None:
    """Every state, for both kinds of panel, in every size."""
    TRAY.mkdir(exist_ok=True)
    for svg in sorted(HERE.glob("*.svg")):
        if svg.stem == "voicego":
            continue
        drawing = svg.read_text(encoding="utf-8")
        for panel, ink in INKS.items():
            other = next(each for each in INKS.values() if each != ink)
            for size in SIZES:
                icon = rendered(drawing.replace('color="#2e3436"', f'color="{ink}"'), size)
                with_halo(icon, other).save(TRAY / f"{svg.stem}-{panel}-{size}.png", optimize=True)


def application() -> None:
    """The application's icon as PNG in every size, for Windows (.ico) and for macOS (.icns)."""
    folder = HERE / "voicego"
    folder.mkdir(exist_ok=True)
    drawing = (HERE / "voicego.svg").read_text(encoding="utf-8")
    icons = {size: rendered(drawing, size) for size in APPLICATION}
    for size, icon in icons.items():
        icon.save(folder / f"{size}.png", optimize=True)
    icons[256].save(folder / "voicego.ico", sizes=[(size, size) for size in (16, 24, 32, 48, 64, 256)])
    icons[512].save(folder / "voicego.icns")


if __name__ == "__main__":
    tray()
    application()
