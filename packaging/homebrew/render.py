"""Writes the formula and the cask for files that were built: `render.py SDIST APP FOLDER`; APP is voicego.app, zipped.

Where they can be fetched is told by BASE_URL (by default the folder they lie in), the project's page by HOMEPAGE.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(sdist: Path, app: Path, folder: Path) -> None:
    """Write both; a file that was not built leaves its own out."""
    version = sdist.name.removeprefix("voicego-").removesuffix(".tar.gz")
    values = {
        "VERSION": version,
        "HOMEPAGE": os.environ.get("HOMEPAGE", "https://voicego.invalid/"),
        **_described("SDIST", sdist),
        **_described("APP", app),
    }
    for name, built, place in (("formula", sdist, "Formula"), ("cask", app, "Casks")):
        if not built.is_file():
            print(f"{built} is not there: no {name}")
            continue
        text = (HERE / f"{name}.rb.in").read_text(encoding="utf-8")
        for key, value in values.items():
            text = text.replace(f"@{key}@", value)
        target = folder / place / "voicego.rb"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(f"wrote {target}")


def _described(name: str, file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    base = os.environ.get("BASE_URL", file.parent.absolute().as_uri()).rstrip("/")
    return {name: f"{base}/{file.name}", f"{name}_SHA256": hashlib.sha256(file.read_bytes()).hexdigest()}


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
