"""A real systemd user manager, in namespaces of its own: what was opened outlives the unit that opened it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import voicego

SYSTEMD = next((path for path in ("/lib/systemd/systemd", "/usr/lib/systemd/systemd") if Path(path).exists()), "")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0 or not SYSTEMD or not shutil.which("unshare"),
    reason="needs systemd and the right to make namespaces; not run",
)

DAEMON = """
import os, time
from pathlib import Path
from voicego.acting.runner import Runner

home = Path(os.environ["HOME"])
def child(name):
    return ("sh", "-c", f"echo $$ > {home}/{name}; exec sleep 60")
without = {name: value for name, value in os.environ.items() if name != "INVOCATION_ID"}
Runner(os.environ, home, alive_s=0.2).detach(child("scoped"))
Runner(without, home, alive_s=0.2).detach(child("plain"))
(home / "ready").write_text("ready")
time.sleep(60)
"""

MACHINE = """
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
mkfifo "$HOME/ready"
systemd-run --user --unit=daemon --quiet -E HOME -E PYTHONPATH "$PYTHON" "$HOME/daemon.py"
cat "$HOME/ready" >/dev/null
main=$(systemctl --user show --property=MainPID --value daemon)
eval "$END"
while systemctl --user is-active --quiet daemon; do sleep 0.05; done
for name in scoped plain; do
    if kill -0 $(cat "$HOME/$name") 2>/dev/null; then echo "$name lives"; else echo "$name is gone"; fi
    grep '^0::' /proc/$(cat "$HOME/$name")/cgroup 2>/dev/null | sed 's/run-[^.]*/ITS/'
done
"""


@pytest.mark.parametrize("end", ["systemctl --user stop daemon", "kill -9 $main"])
def test_what_was_opened_outlives_its_unit_and_would_not_without_a_scope(tmp_path: Path, end: str) -> None:
    (tmp_path / "daemon.py").write_text(DAEMON)
    source = str(Path(voicego.__file__).parents[1])
    given = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": "/run/user/0", "PYTHONPATH": source, "PYTHON": sys.executable}
    environ = {"PATH": os.environ["PATH"], "SYSTEMD": SYSTEMD, "END": end, **given}
    # The namespace of processes takes everything in it along when its first one ends.
    machine = ("unshare", "--mount", "--pid", "--cgroup", "--fork", "--mount-proc", "--kill-child", "sh", "-c", MACHINE)

    done = subprocess.run(machine, env=environ, capture_output=True, text=True, timeout=30, check=False)

    refused = done.returncode == 77 or "permi" in done.stderr.lower()
    if done.returncode != 0 and refused:
        pytest.skip(f"no user manager can be started here; not run: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["scoped lives", "0::/app.slice/ITS.scope", "plain is gone"]
