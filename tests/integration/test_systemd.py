"""A real systemd user manager, in namespaces of its own: what was opened outlives the unit that opened it."""

from __future__ import annotations

from pathlib import Path

import pytest

import voicego
from tests.user_manager import beside_a_user_manager

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

SCRIPT = """
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

    done = beside_a_user_manager(SCRIPT, {"HOME": str(tmp_path), "PYTHONPATH": source, "END": end}, 30)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["scoped lives", "0::/app.slice/ITS.scope", "plain is gone"]
