"""Beginning anew in the same place, and the silence of C libraries."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from voicego.app.again import BEGUN, MOST, WITHIN_S, may_begin

NOW = 1_000_000.0


def test_it_may_begin_anew_three_times_in_ten_minutes() -> None:
    lately = [f"{NOW - 100 * n:.0f}" for n in range(1, MOST + 1)]

    assert may_begin({}, NOW)
    assert may_begin({BEGUN: ",".join(lately[1:])}, NOW)
    assert not may_begin({BEGUN: ",".join(lately)}, NOW)
    assert may_begin({BEGUN: ",".join(lately)}, NOW + WITHIN_S)


@pytest.mark.parametrize("nonsense", ["", ",", "soon", "-5", "9" * 400])
def test_what_makes_no_sense_counts_for_nothing(nonsense: str) -> None:
    assert may_begin({BEGUN: nonsense}, NOW)


@pytest.mark.skipif(sys.platform == "win32", reason="there it does nothing")
def test_what_libraries_write_goes_nowhere_and_what_voicego_writes_goes_where_it_went() -> None:
    script = (
        "import os, sys\n"
        "from voicego.app.again import quiet_libraries\n"
        "os.write(2, b'before\\n')\n"
        "with quiet_libraries():\n"
        "    os.write(2, b'a library\\n')\n"
        "    print('voicego', file=sys.stderr)\n"
        "os.write(2, b'after\\n')\n"
        "print('the end', file=sys.stderr)\n"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stderr == "before\nvoicego\nafter\nthe end\n"


def test_a_process_that_begins_anew_keeps_its_number_its_words_and_what_it_tells() -> None:
    script = (
        "import os, sys, time\n"
        "from voicego.app.again import BEGUN, begin, quiet_libraries\n"
        "print(os.getpid(), sys.argv[1:], file=sys.stderr, flush=True)\n"
        "if BEGUN not in os.environ:\n"
        "    with quiet_libraries():\n"
        "        pass\n"
        "    begin(os.environ, time.time())\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script, "run", "--headless"],
        env={name: value for name, value in os.environ.items() if name != BEGUN},
        capture_output=True,
        text=True,
        check=True,
    )

    first, second = done.stderr.splitlines()
    assert first == second
    assert first.endswith("['run', '--headless']")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no limit is given back")
def test_the_next_life_begins_with_the_limit_of_core_dumps_that_the_first_one_found() -> None:
    script = (
        "import os, resource\n"
        "from voicego.acting import cores\n"
        "_, hard = resource.getrlimit(resource.RLIMIT_CORE)\n"
        "found = 0 if hard == 0 else 4096\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (found, hard))\n"
        "born = cores.forbid()\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, hard)\n"
        "born(os.getpid())\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (found, hard)\n"
    )

    subprocess.run([sys.executable, "-c", script], check=True)
