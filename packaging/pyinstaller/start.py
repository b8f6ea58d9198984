"""Where a bundled voicego begins: `voicego VERB …`, and `voicego -m MODULE …` as Python would take it.

voicego starts processes of its own by `sys.executable -m …`, and in a bundle that is this very executable.
"""

from __future__ import annotations

import multiprocessing
import runpy
import sys
from pathlib import Path

from voicego.cli import main, tray

if __name__ == "__main__":
    multiprocessing.freeze_support()
    opened = len(sys.argv) == 1 and sys.platform == "darwin"  # by a double click, or by launchd without words
    if sys.argv[1:3] == ["-P", "-m"]:  # nothing is ever imported from the current folder here
        del sys.argv[1]
    if sys.argv[1:2] == ["-m"]:
        module = sys.argv[2]
        del sys.argv[1:3]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    elif opened or Path(sys.executable).stem == "voicego-tray":
        tray()
    else:
        main()
