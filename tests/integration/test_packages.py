"""What packages are made of is valid; the Debian package is built, looked at, installed, used and removed for real."""

from __future__ import annotations

import hashlib
import os
import plistlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import voicego
from tests.house import House, house_in

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(voicego.__file__).parents[2]
PACKAGING = ROOT / "packaging"

pytestmark = pytest.mark.skipif(not PACKAGING.is_dir(), reason="needs the checkout; not run")


def run(*words: str | Path, **environ: str) -> str:
    """Run a tool that must go well; returns all it said."""
    done = subprocess.run(
        words, env={**os.environ, **environ}, capture_output=True, text=True, timeout=170.0, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing: install the package {package}")
    return found


# --- what lies in packaging/ ---------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's tools")
def test_desktop_entry_and_metadata_are_valid() -> None:
    entry, metadata = (PACKAGING / "linux" / f"org.voicego.voicego.{kind}" for kind in ("desktop", "metainfo.xml"))

    assert run(tool("desktop-file-validate", "desktop-file-utils"), entry) == ""
    assert "Validation was successful" in run(tool("appstreamcli", "appstream"), "validate", "--no-net", metadata)


def test_versions_are_the_programs_own() -> None:
    metadata = (PACKAGING / "linux/org.voicego.voicego.metainfo.xml").read_text()

    assert f'<release version="{voicego.__version__}"' in metadata


def test_macos_is_told_why_voicego_wants_the_microphone() -> None:
    entitled = plistlib.loads((PACKAGING / "macos/entitlements.plist").read_bytes())
    agent = plistlib.loads((PACKAGING / "templates/agent.plist").read_bytes())

    assert entitled["com.apple.security.device.audio-input"] is True
    assert agent["LimitLoadToSessionType"] == "Aqua"
    recipe = (PACKAGING / "pyinstaller/voicego.spec").read_text()
    assert '"NSMicrophoneUsageDescription": ' in recipe
    assert agent["AssociatedBundleIdentifiers"] in recipe
    compile(recipe, "voicego.spec", "exec")


def test_formula_and_cask_name_the_files_that_were_built(tmp_path: Path) -> None:
    sdist, app = tmp_path / "voicego-1.2.3.tar.gz", tmp_path / "voicego-app.zip"
    for file in (sdist, app):
        file.write_text(file.name)

    run(sys.executable, PACKAGING / "homebrew/render.py", sdist, app, tmp_path, BASE_URL="https://here/")

    for place, file in (("Formula", sdist), ("Casks", app)):
        text = (tmp_path / place / "voicego.rb").read_text()
        assert f'url "https://here/{file.name}"' in text
        assert f'sha256 "{hashlib.sha256(file.read_bytes()).hexdigest()}"' in text
        assert re.findall(r"@[A-Z_]+@", text) == []
        if ruby := shutil.which("ruby"):
            assert run(ruby, "-c", tmp_path / place / "voicego.rb") == "Syntax OK\n"


def test_the_wheel_carries_the_templates(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="hatchling builds the wheel and is not here; not run")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path)
    (wheel,) = tmp_path.glob("*.whl")

    names = set(zipfile.ZipFile(wheel).namelist())

    for template in (PACKAGING / "templates").iterdir():
        assert f"voicego/service/templates/{template.name}" in names


# --- the Debian package --------------------------------------------------------------------------------------------

needs_dpkg = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="needs dpkg-deb; not run")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deb")
    venv = Path(sys.executable).parents[1]
    said = run(PACKAGING / "deb/build.sh", folder, COMPRESSION="gzip", LEVEL="1", VENV=str(venv))
    return Path(said.splitlines()[-1])


@needs_dpkg
@pytest.mark.slow
def test_lintian_has_nothing_to_say(package: Path) -> None:
    # Not the spelling inside others' libraries, which takes half of its time.
    without = ("--dont-check-part", "binaries/spelling")
    said = run(tool("lintian", "lintian"), "--allow-root", *without, "--fail-on", "error,warning", package)

    assert [line for line in said.splitlines() if line.startswith(("E:", "W:"))] == []


@needs_dpkg
def test_the_package_holds_no_torch_and_is_half_a_gigabyte_smaller_for_it(package: Path) -> None:
    listed = run("dpkg-deb", "--contents", package)
    size = int(run("dpkg-deb", "--field", package, "Installed-Size"))

    assert "/site-packages/onnxruntime/" in listed
    for left_out in ("torch", "transformers", "huggingface_hub", "sympy"):
        assert f"/site-packages/{left_out}/" not in listed
    assert size < 250_000


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_in(tmp_path, os.environ) as one:
        one.always = "microphone: a microphone that nobody has\n"
        one.write("rules:\n  go: {notify: heard}\n")
        yield one


@pytest.fixture
def installed(package: Path) -> Iterator[None]:
    """The package on this very system, for as long as a test takes."""
    if os.geteuid() != 0:
        pytest.skip("needs the superuser to install a package; not run")
    if subprocess.run(["dpkg", "--status", "voicego"], capture_output=True, check=False).returncode == 0:
        pytest.skip("voicego is installed here already, and a test does not remove it; not run")
    here = "{}.{}".format(*sys.version_info)
    if not run("/usr/bin/python3", "--version").startswith(f"Python {here}."):
        pytest.skip(f"the package is for Python {here}, and this system's python3 is another; not run")
    apt = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=60")
    run(*apt, "install", "--no-install-recommends", "-y", package, DEBIAN_FRONTEND="noninteractive")
    yield
    subprocess.run(["dpkg", "--purge", "voicego"], capture_output=True, check=False)  # a test may have removed it


def voicego_says(verb: str, house: House) -> str:
    done = subprocess.run(["voicego", verb], env=house.env, capture_output=True, text=True, check=False)
    return " ".join(done.stdout.split())


@needs_dpkg
@pytest.mark.usefixtures("installed")
def test_installed_it_runs_and_removed_it_is_gone(house: House) -> None:
    files = [Path(line) for line in run("dpkg", "--listfiles", "voicego").splitlines()]
    assert run("dpkg", "--verify", "voicego") == ""
    assert run("voicego", "--version") == f"voicego {voicego.__version__}\n"
    assert "go (0." in run("voicego", "spot", ROOT / "src/voicego/demo/demo.ogg", **house.env)
    assert "Exec=/usr/bin/voicego tray\n" in run("voicego", "service", "install", "--dry-run", HOME=str(house.folder))
    assert "they are for other models than the embedded one" in voicego_says("doctor", house)
    wanting = subprocess.run(["voicego", "fetch", "a/b"], env=house.env, capture_output=True, text=True, check=False)
    assert wanting.stderr.startswith("`voicego fetch` needs huggingface_hub, which this installation leaves out")

    house.process = subprocess.Popen(["voicego", "run", "--headless"], env=house.env, stderr=subprocess.DEVNULL)
    house.until_state("reconnecting")
    run("voicego", "stop", **house.env)
    assert house.ended() == 0

    run("dpkg", "--remove", "voicego")

    own = [file for file in files if "voicego" in str(file)]
    assert len(own) > 1_000
    assert [file for file in own if file.exists() or file.is_symlink()] == []
