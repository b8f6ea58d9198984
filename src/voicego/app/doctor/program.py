"""Python and the packages that voicego stands on."""

from __future__ import annotations

import platform
import re
import struct
import sys
from contextlib import suppress
from importlib import metadata
from typing import TYPE_CHECKING

from voicego import __version__
from voicego.app.doctor.check import Check, ok, problem, warning
from voicego.errors import LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

OLDEST = (3, 11)
REQUIREMENT = re.compile(r"([\w.-]+)\s*(?:>=\s*([\d.]+))?[^;]*(;.*)?")
ONLY_OTHER_MODELS = frozenset(name.replace("_", "-") for name in LEFT_OUT)
"""What the embedded model does not need."""


def system(environ: Mapping[str, str]) -> Check:
    """Say what this runs on; there is nothing to judge."""
    found = [f"{platform.system()} {platform.release()}, {platform.machine()}"]
    if sys.platform == "linux":
        with suppress(OSError):  # it is not written everywhere
            found.insert(0, platform.freedesktop_os_release()["PRETTY_NAME"])
    desktop = [environ[name] for name in ("XDG_CURRENT_DESKTOP", "XDG_SESSION_TYPE") if environ.get(name)]
    return ok("system", "; ".join([*found, *desktop]))


def python(version: tuple[int, ...] = sys.version_info[:3], bits: int = 8 * struct.calcsize("P")) -> Check:
    """Look at the interpreter."""
    found = f"voicego {__version__} on Python {'.'.join(map(str, version))}"
    if version[:2] < OLDEST:
        return problem("python", found, "voicego needs Python 3.11 or newer")
    if bits < 64:  # noqa: PLR2004
        return warning("python", f"{found}, {bits} bits", "take a Python of 64 bits: onnxruntime comes for no other")
    return ok("python", found)


def packages(required: Iterable[str] | None = None, version_of: Callable[[str], str] = metadata.version) -> Check:
    """Look at the packages that voicego requires."""
    there, missing, old = [], [], []
    for name, least in _needed(metadata.requires("voicego") or () if required is None else required):
        try:
            version = version_of(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
            continue
        there.append(f"{name} {version}")
        if least and _numbers(version) < _numbers(least):
            old.append(f"{name} {version} is older than {least}")
    found = ", ".join(there)
    wrong = [*old, *(f"{name} is missing" for name in missing)]
    if not wrong:
        return ok("packages", found)
    verdict = warning if set(missing) <= ONLY_OTHER_MODELS and not old else problem
    extra = "; they are for other models than the embedded one" if verdict is warning else ""
    return verdict("packages", f"{', '.join(wrong)}; there are {found}", f"pip install --upgrade voicego{extra}")


def _needed(required: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Name and least version of what is needed here; of markers only the platform's are understood."""
    for line in required:
        match = REQUIREMENT.match(line)
        if match and not re.search(r"\bextra\b", match[3] or "") and _for_this(match[3] or ""):
            yield match[1], match[2] or ""


def _for_this(marker: str) -> bool:
    named = re.findall(r"(?:sys_platform|platform_system)\s*==\s*[\"'](\w+)[\"']", marker)
    here = {sys.platform, platform.system()}
    return not named or bool(here & set(named))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3])
