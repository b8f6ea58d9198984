"""Copies voicego and what it needs out of an environment into one folder, without torch: `collect.py FOLDER`.

Run by the interpreter of the environment to copy from. What the embedded model does not need is left out; see
src/voicego/errors.py for what the program says where it is missed.
"""

from __future__ import annotations

import shutil
import sys
import tomllib
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[1]

LEFT_OUT = frozenset({"torch", "transformers", "huggingface-hub", "safetensors", "sympy"})
"""sympy is for onnxruntime's tools alone."""

TOOLS = ("onnxruntime/quantization", "onnxruntime/tools", "onnxruntime/transformers", "numpy/f2py", "bin", "..")
"""Parts of packages that nothing at run time imports, and scripts beside them."""

NOT_RUN = frozenset({".a", ".c", ".h", ".pyc", ".pxd", ".pyi", ".pyx"})
"""For whoever compiles or checks types against a package."""


def main(folder: Path) -> None:
    """Copy."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for one in _needed(project["project"]["dependencies"]):
        _copy(one, folder)
    for file in distribution("voicego").files or ():  # what `voicego doctor` compares with
        if file.name == "METADATA":
            (folder / file).parent.mkdir()
            shutil.copyfile(str(file.locate()), folder / file)
    voicego = folder / "voicego"
    shutil.copytree(ROOT / "src" / "voicego", voicego, ignore=shutil.ignore_patterns("__pycache__"))
    for source, place in project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"].items():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / place, dirs_exist_ok=True)
        else:
            shutil.copyfile(ROOT / source, folder / place)


def _needed(requirements: Iterable[str]) -> Iterator[Distribution]:
    """Walk along the requirements; each distribution once."""
    seen = set(LEFT_OUT)
    waiting = list(requirements)
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if wanted and name not in seen:
            seen.add(name)
            found = distribution(name)
            waiting += found.requires or ()
            yield found


def _copy(one: Distribution, folder: Path) -> None:
    for file in one.files or ():
        name = file.as_posix()
        if name.startswith(TOOLS) or file.suffix in NOT_RUN or {"tests", "testing"} & set(file.parts[1:-1]):
            continue
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(file.locate()), target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
