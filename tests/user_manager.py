"""A real systemd user manager, in namespaces of its own, where one can run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

SYSTEMD = next((path for path in ("/lib/systemd/systemd", "/usr/lib/systemd/systemd") if Path(path).exists()), "")
REFUSED = 77
"""What the script ends with where no manager comes up."""

START = """
set -e
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR"
mount -t cgroup2 none /sys/fs/cgroup
"$SYSTEMD" --user --unit=basic.target --log-level=err &
n=0
until systemctl --user is-active --quiet basic.target 2>/dev/null; do
    n=$((n + 1)); [ $n -lt 100 ] || exit 77
    sleep 0.1
done
"""


def beside_a_user_manager(
    script: str, environ: Mapping[str, str], timeout_s: float
) -> subprocess.CompletedProcess[str]:
    """Run a script of the shell that may speak to the manager by `systemctl --user`; `$PYTHON` is this Python.

    The test is skipped where no manager can be started.
    """
    if sys.platform != "linux" or os.geteuid() != 0 or not SYSTEMD or not shutil.which("unshare"):
        pytest.skip("needs systemd and the right to make namespaces; a real user manager: not run")
    given = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": "/run/user/0", "PYTHON": sys.executable, "SYSTEMD": SYSTEMD}
    # The namespace of processes takes everything in it along when its first one ends.
    namespaces = ("unshare", "--mount", "--pid", "--cgroup", "--fork", "--mount-proc", "--kill-child")
    done = subprocess.run(
        [*namespaces, "sh", "-c", START + script],
        env={**environ, **given},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode != 0 and (done.returncode == REFUSED or "permi" in done.stderr.lower()):
        pytest.skip(f"a real user manager: not run, none can be started here: {done.stderr.strip()}")
    return done
