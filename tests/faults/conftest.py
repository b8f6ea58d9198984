"""One daemon that goes through most of it, one fault after the other, without being started anew in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.survivor import CLOCKS, OFTEN, Survivor, survivor_in
from tests.house import House, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def plain(house: House) -> str:
    """Rules that leave a mark for "go"; many words in a short time are no burst here."""
    return f"{OFTEN}rules:\n  go: {{{house.mark()}}}\n"


@pytest.fixture(scope="session")
def offsets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that says how far the daemon's clocks are from the machine's: that on the wall, and that of the boot."""
    file = tmp_path_factory.mktemp("clocks") / "offsets"
    file.write_text(CLOCKS)
    return file


@pytest.fixture(scope="session")
def lasting(tmp_path_factory: pytest.TempPathFactory, offsets: Path) -> Iterator[Survivor]:
    # With a careless umask and with core dumps allowed: neither is to be the daemon's own.
    careless = ("sh", "-c", 'umask 0; ulimit -S -c "$(ulimit -H -c)"; exec "$@"', "sh")
    folder = tmp_path_factory.mktemp("lasting")
    with survivor_in(folder, plain, bent=("clock", str(offsets)), under=careless) as one:
        yield one


@pytest.fixture
def survivor(lasting: Survivor, offsets: Path) -> Survivor:
    """Give the lasting daemon, listening by plain rules; one that a failed test has ended is started again."""
    offsets.write_text(CLOCKS)
    house = lasting.house
    if house.process is None or house.process.poll() is not None:
        house.begin()
    if house.rules_file.read_text() != plain(house):
        house.write(plain(house))
    until(
        lambda: (
            (now := house.status()).get("state") == "listening" and now["rules"] == ["go"] and not now["config_error"]
        ),
        "a daemon that listens for go",
    )
    return lasting
