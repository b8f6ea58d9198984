"""What `docs/privacy.md` promises, on the real daemon: no sound on the disk, no network, nobody else looks in."""

from __future__ import annotations

import re
import resource
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults import traced
from tests.faults.survivor import survivor_in
from tests.integration.test_no_network import UNSHARE, possible
from tests.spoken import OTHERS, saying, with_pauses
from voicego.control.client import ask

if TYPE_CHECKING:
    from tests.faults.survivor import Survivor
    from tests.house import House

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="strace, namespaces and /proc are Linux's"),
]


def can_trace() -> bool:
    if not shutil.which("strace"):
        pytest.fail("strace is missing; install it: sudo apt install strace")
    return (
        subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0
    )


def rules(house: House) -> str:
    return f"rules:\n  go: {{{house.mark()}}}\n"


OWN = re.compile(r"/(log/voicego\.log|state/[^/]+|run/\.?voicego\.(lock|pid|sock)(\.\w+)?)$")
"""Log, state, lock: all that a daemon may write."""
SYSTEMS_OWN = re.compile(r"^(/dev/null|/dev/shm/(pulse-shm-\d+|jack_db-\d+/[\w.]+)|.*/pulse/cookie)$")
"""What the system's libraries open on their own account: PulseAudio's key and memory that its client and server share,
which has no place on a disk, and JACK's list of servers, which PortAudio looks at."""


def test_the_daemon_writes_log_state_and_lock_and_knows_no_internet(tmp_path: Path) -> None:
    if not possible():
        pytest.skip("this system lets nobody make a network namespace; not run")
    if not can_trace():
        pytest.skip("strace may trace nothing here; not run")
    trace = tmp_path / "trace"
    under = (*UNSHARE, *traced.STRACE, str(trace))
    # Python's own cache of compiled modules is not voicego's.
    with survivor_in(tmp_path, rules, {"PYTHONDONTWRITEBYTECODE": "1"}, under=under) as survivor:
        house, server = survivor.house, survivor.server
        assert network_of(survivor.pid) == (["lo"], "")
        server.play_samples(with_pauses(*(saying(word) for word in ("stop", "left")), *OTHERS[:3]))
        assert survivor.words_until_it_acts(at_most=3) <= 1
        house.write(rules(house) + f"  stop: {{{house.mark()}}}\n")
        survivor.seconds_until(lambda found: found.get("rules") == ["go", "stop"], "new rules", 0.0)
        assert house.voicego("pause").returncode == 0
        assert house.voicego("resume").returncode == 0
        survivor.is_awake()
        assert survivor.words_until_it_acts("stop", at_most=3) <= 1
        assert house.voicego("stop").returncode == 0
        house.ended(30)
        log = house.log()
    found = traced.read(trace)

    assert found.lines > 100, "the trace is empty"
    own = {name for name in found.written if OWN.search(name)}
    assert any(name.endswith("voicego.log") for name in own), found.written
    assert {name for name in found.written - own if not SYSTEMS_OWN.match(name)} == set()
    assert {family for family in found.families if "INET" in family} == set()
    # The log knows the words that acted, and none of what else was said, the model's own words included.
    assert re.findall(r"heard (\w+)", log) == ["go", "stop"]
    assert not re.search(r"\b(left|" + "|".join(OTHERS) + r")\b", log)


def network_of(pid: int) -> tuple[list[str], str]:
    """Give the network interfaces and the IPv4 addresses that a process has."""
    devices = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
    return [line.split(":")[0].strip() for line in devices], Path(f"/proc/{pid}/net/fib_trie").read_text()


DUMPS = "import resource; print(*resource.getrlimit(resource.RLIMIT_CORE), file=open('{file}', 'w'))"


def test_the_daemon_leaves_no_core_dump_and_what_it_starts_may(survivor: Survivor, tmp_path: Path) -> None:
    """It was started with as many as the system allows; where it allows none, there is nothing to see."""
    said = tmp_path / "limits"
    program = f'run: ["{sys.executable}", -c, "{DUMPS.format(file=said)}"]'
    survivor.house.write(f"rules:\n  stop: {{{program}}}\n")
    survivor.seconds_until(lambda found: found["rules"] == ["stop"], "the rule", 0.0)
    ask(survivor.house.socket, "do", keyword="stop")
    of_daemon, allowed = resource.prlimit(survivor.pid, resource.RLIMIT_CORE)
    of_child, most = map(int, said.read_text().split())

    assert of_daemon == 0
    assert of_child == most == allowed


def test_socket_and_files_are_the_owners_alone(survivor: Survivor) -> None:
    """The lasting daemon was started with a umask of 0."""
    place = survivor.house.folder
    ask(survivor.house.socket, "pause", for_s=3_600.0)  # a state that is kept
    modes = {
        str(one.relative_to(place)): stat.S_IMODE(one.stat().st_mode)
        for folder in ("log", "state", "run")
        for one in (place / folder, *(place / folder).rglob("*"))
    }
    ask(survivor.house.socket, "resume")
    folders = {name for name in modes if (place / name).is_dir()}

    assert {"run/voicego.sock", "run/voicego.lock", "log/voicego.log", "state/last-good.yaml"} <= modes.keys()
    assert {name: oct(mode) for name, mode in modes.items() if mode != (0o700 if name in folders else 0o600)} == {}
