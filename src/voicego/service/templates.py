"""Texts that a service is made of, filled in. They lie in packaging/templates, and in the wheel."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def template(name: str) -> bytes:
    """Read a template."""
    packaged = files("voicego") / "service" / "templates" / name
    if packaged.is_file():
        return packaged.read_bytes()
    # An editable install runs from the checkout, where it has its place in packaging/.
    return (Path(__file__).parents[3] / "packaging" / "templates" / name).read_bytes()


def filled(name: str, **values: str) -> str:
    """Put values in the place of their `@NAME@`; a line that holds nothing but an empty value goes."""
    text = template(name).decode()
    for value, put in values.items():
        mark = f"@{value.upper()}@"
        text = text.replace(mark + "\n" if not put else mark, put)
    return text
