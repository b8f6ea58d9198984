"""Find keywords in an archive on many machines, with Dask: `python examples/dask_spot.py ARCHIVE RESULTS [SCHEDULER]`.

ARCHIVE is a folder that every machine sees, RESULTS one that they may write: for each recording it gets a JSON file of
the same name, written whole or not at all. A recording that has one is not heard again, so that a run which was cut off
goes on where it stopped, and a second run hears what is new. What could not be heard is told at the end, and tried
again by the next run.

SCHEDULER is the address of a running one (`dask scheduler`; `dask worker ADDRESS --nthreads 1` on each machine, once
for each of its cores). Without it, this machine's cores do the work.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from dask.distributed import Client, LocalCluster, as_completed

from voicego.app.folders import sound_files
from voicego.app.spotting import setup_for, spot_file
from voicego.errors import VoicegoError
from voicego.files import write_whole

WAITING = 1_000
"""Recordings that the scheduler knows of at once, however large the archive."""


def hear(file: str, result: str) -> str:
    """Hear one recording and keep what was found; returns why that did not work, or nothing."""
    try:
        found = [asdict(one) for one in spot_file(file, setup_for(None, None))]
        Path(result).parent.mkdir(parents=True, exist_ok=True)
        write_whole(Path(result), json.dumps(found).encode())
    except (VoicegoError, OSError) as error:
        return str(error)
    return ""


def run(archive: Path, results: Path, client: Client) -> list[str]:
    """Hear what has no result yet; returns what could not be heard, a sentence each."""
    pairs = ((file, results / Path(file).relative_to(archive)) for file in sound_files([str(archive)]))
    open_ = ((file, f"{result}.json") for file, result in pairs if not Path(f"{result}.json").exists())
    failed: list[str] = []
    futures = as_completed(with_results=True)
    for file, result in open_:
        futures.add(client.submit(hear, file, result, pure=False))
        if futures.count() >= WAITING:
            failed.append(next(futures)[1])
    failed += [why for _, why in futures]
    return [why for why in failed if why]


def main() -> int:
    """Run it for the command line."""
    if not 3 <= len(sys.argv) <= 4:  # noqa: PLR2004
        print(__doc__)
        return 2
    archive, results, *scheduler = sys.argv[1:]
    with Client(scheduler[0] if scheduler else LocalCluster(threads_per_worker=1, dashboard_address=None)) as client:
        failed = run(Path(archive), Path(results), client)
    for why in failed:
        print(why, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
