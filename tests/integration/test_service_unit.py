"""The unit, verified by systemd and obeyed: by a small supervisor, and by a real user manager where one can run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.house import House, house_in
from tests.unit_keeper import Keeper
from tests.user_manager import beside_a_user_manager
from voicego.service import systemd
from voicego.service.program import Program, this_program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOBODYS = "microphone: a microphone that nobody has\n"
MISTAKE = "rules: {goo: {notify: heard}}\n"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with house_in(tmp_path, os.environ) as one:
        one.always = NOBODYS
        one.write(
            "rules:\n"
            "  go: {launch: [sleep, '1000']}\n"
            "  left: {run: [sh, -c, 'sleep 1001 >/dev/null 2>&1 &']}\n"
            f"  up: {{run: [sh, -c, 'echo display $DISPLAY >> {tmp_path}/seen']}}\n"
        )
        yield one


@pytest.fixture
def keeper(house: House, tmp_path: Path) -> Iterator[Keeper]:
    unit = tmp_path / "voicego.service"
    program = this_program({name: value for name, value in house.env.items() if name.startswith("VOICEGO_")})
    unit.write_text(systemd.rendered(program))
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    one = Keeper(unit, tmp_path, plain)
    yield one
    one.leave()


def test_a_killed_daemon_is_started_again_and_feeds_the_watchdog(house: House, keeper: Keeper) -> None:
    keeper.start()
    keeper.until_told("READY=1")
    first = house.status()["pid"]
    keeper.until_told("WATCHDOG=1", float(keeper.service["WatchdogSec"]))

    os.kill(first, signal.SIGKILL)

    assert keeper.tend()
    keeper.until_told("READY=1")
    second = house.status()
    assert (second["state"], second["pid"] == first) == ("reconnecting", False)

    os.kill(second["pid"], signal.SIGTERM)

    keeper.until_told("STOPPING=1")
    assert not keeper.tend()
    assert keeper.starts == 2


def test_broken_rules_are_not_answered_with_a_restart(house: House, keeper: Keeper) -> None:
    house.write(MISTAKE)
    keeper.more = ("--input", "/dev/null")  # without a microphone nobody waits for the mend
    keeper.start()

    assert not keeper.tend()
    assert keeper.process is not None
    assert keeper.process.returncode == 78


@pytest.mark.parametrize("odd", ["bin", 'a b "c" $HOME %h \\ ü'])
def test_systemd_has_nothing_to_say_about_the_unit(tmp_path: Path, odd: str) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        pytest.fail("systemd-analyze is missing: install the package systemd")
    folder = tmp_path / odd
    folder.mkdir()
    shutil.copy("/bin/true", folder / "voicego")
    unit = tmp_path / "voicego.service"
    program = Program((str(folder / "voicego"),), (), places={"VOICEGO_CONFIG": f"/home/{odd}/rules.yaml"})
    unit.write_text(systemd.rendered(program))

    done = subprocess.run(
        [verify, "--user", "verify", str(unit)],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    said = [line for line in done.stderr.splitlines() if "voicego" in line]
    assert said == []
    assert done.returncode == 0, done.stderr


# --- a real user manager, in namespaces of its own -----------------------------------------------------------------

SCRIPT = """
voicego() { "$PYTHON" -m voicego "$@"; }
show() { systemctl --user show --property="$1" --value voicego; }
until_changed() { n=0; while [ "$(show $1)" = "$2" ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 76; sleep 0.1; done; }

voicego service install --headless >/dev/null
echo "enabled: $(systemctl --user is-enabled voicego)"
voicego service start --headless
echo "started: $(show ActiveState), $(show StatusText)"
voicego service status --headless --json
main=$(show MainPID)
voicego do up >/dev/null
systemctl --user set-environment DISPLAY=:42
voicego do up >/dev/null
voicego do go >/dev/null
voicego do left >/dev/null
opened=$(pgrep -f 'sleep 1000$') left=$(pgrep -f 'sleep 1001$')
alive() { kill -0 $opened && kill -0 $left && echo live; }

kill -9 $main
until_changed NRestarts 0
until_changed ActiveState activating
echo "after kill -9: $(show ActiveState), restarts $(show NRestarts), both children $(alive)"

voicego service stop --headless
echo "stopped: $(show ActiveState) $(show Result), both children $(alive)"

echo "$MISTAKE" > "$VOICEGO_CONFIG"
mkdir -p "$HOME/.config/systemd/user/voicego.service.d"
command=$(sed -n 's/^ExecStart=//p' "$HOME/.config/systemd/user/voicego.service")
printf '[Service]\nExecStart=\nExecStart=%s --input /dev/null\n' "$command" \\
    > "$HOME/.config/systemd/user/voicego.service.d/input.conf"
systemctl --user daemon-reload
voicego service start --headless 2>/dev/null || echo "broken rules: refused"
until_changed ActiveState activating
echo "broken rules: $(show ActiveState), $(show ExecMainStatus), restarts $(show NRestarts)"
rm -r "$HOME/.config/systemd/user/voicego.service.d"

voicego service uninstall --headless >/dev/null
echo "left: $(find "$HOME/.config" 2>/dev/null)"
echo "known: $(show LoadState)"
"""


def test_a_real_user_manager_does_as_the_unit_says(house: House, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environ = {name: value for name, value in house.env.items() if name.startswith("VOICEGO_")} | {
        "HOME": str(home),
        "MISTAKE": NOBODYS + MISTAKE,
    }

    done = beside_a_user_manager(SCRIPT, environ, 120)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{house.log()}"
    said = [line for line in done.stdout.splitlines() if not line.startswith("{")]
    assert said == [
        "enabled: enabled",
        "started: active, reconnecting: " + said[1].partition("reconnecting: ")[2],
        "after kill -9: active, restarts 1, both children live",
        "stopped: inactive success, both children live",
        "broken rules: refused",
        "broken rules: failed, 78, restarts 0",
        "left: ",
        "known: not-found",
    ]
    assert (tmp_path / "seen").read_text() == "display\ndisplay :42\n"
    (shown,) = (line for line in done.stdout.splitlines() if line.startswith("{"))
    assert '"complaint": ""' in shown
    print("a real user manager: run")  # noqa: T201 -- whoever reads `pytest -rP` is told
