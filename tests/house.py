"""A home for a real voicego: its own rules, log, state and socket, and a daemon in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from voicego.control.client import ask, events
from voicego.errors import VoicegoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

WAIT_S = 60.0
"""Far longer than anything takes; a test that waits for so long has failed."""


def until(true: Callable[[], Any], what: str, wait_s: float = WAIT_S) -> Any:  # noqa: ANN401 -- whatever `true` gives
    """Ask again and again until the answer is true; returns it."""
    deadline = time.monotonic() + wait_s
    while not (answer := true()):
        if time.monotonic() > deadline:
            raise AssertionError(f"never came: {what}")
        time.sleep(0.05)
    return answer


@dataclass
class House:
    """Where one voicego lives; `folder` must be empty."""

    folder: Path
    always: str = ""
    """What every rules file begins with."""
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    program: tuple[str, ...] = ("-m", "voicego")
    """What Python runs as the daemon."""
    under: tuple[str, ...] = ()
    """A program that runs the daemon, and becomes it or ends with it: `unshare --net`."""
    headless: bool = True
    """Without a tray."""
    process: subprocess.Popen[bytes] | None = None
    heard: list[dict[str, Any]] = field(default_factory=list)
    """Events of the daemon since it began to listen."""

    @property
    def env(self) -> dict[str, str]:
        return dict(self.environ) | {
            "VOICEGO_CONFIG": str(self.rules_file),
            "VOICEGO_STATE_DIR": str(self.folder / "state"),
            "VOICEGO_DATA_DIR": str(self.folder / "data"),
            "VOICEGO_LOG_DIR": str(self.folder / "log"),
            "VOICEGO_RUNTIME_DIR": str(self.folder / "run"),
        }

    @property
    def rules_file(self) -> Path:
        return self.folder / "voicego.yaml"

    @property
    def socket(self) -> Path:
        return self.folder / "run" / "voicego.sock"

    @property
    def marks(self) -> list[str]:
        """Lines that actions left, in order."""
        file = self.folder / "marks"
        return file.read_text().split() if file.exists() else []

    def mark(self, word: str = "{keyword}") -> str:
        """An action, in YAML, that leaves a line."""
        return f'run: [sh, -c, "echo {word} >> {self.folder}/marks"]'

    def write(self, rules: str) -> None:
        """Save the rules as an editor does: beside the file, then over it."""
        beside = self.rules_file.with_suffix(".new")
        beside.write_text(self.always + rules)
        beside.replace(self.rules_file)

    def voicego(self, *words: str, stdin: bytes | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end, as nobody's terminal."""
        done = subprocess.run(
            [sys.executable, "-m", "voicego", *words],
            env=self.env | environ,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            timeout=WAIT_S,
            check=False,
        )
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def status(self) -> dict[str, Any]:
        """What `voicego status --json` says, asked for without a process: tests that wait ask often."""
        try:
            found: dict[str, Any] = ask(self.socket, "status")["status"]
        except VoicegoError:  # not yet, or no more
            return {}
        return found

    def log(self) -> str:
        file = self.folder / "log" / "voicego.log"
        return file.read_text() if file.exists() else "(no log)"

    def begin(self, *words: str, state: str = "listening") -> None:
        """Start a daemon and wait until it is in a state."""
        self.start(*words)
        self.until_state(state)
        if state == "listening" and "--input" not in words:
            self.until_awake()
        threading.Thread(target=self._follow, daemon=True).start()

    def start(self, *words: str) -> None:
        """Start a daemon."""
        with (self.folder / "stderr").open("w") as told:
            self.process = subprocess.Popen(
                [*self.under, sys.executable, *self.program, "run", *(["--headless"] if self.headless else []), *words],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=told,
            )

    @property
    def told(self) -> str:
        """What the daemon wrote on standard error."""
        return (self.folder / "stderr").read_text()

    def until_state(self, state: str) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"it ended: {self.told}\n{self.log()}")
            found = self.status()
            return found if found.get("state") == state else None

        found: dict[str, Any] = until(there, f"the state {state}; the log says:\n{self.log()}")
        return found

    def until_awake(self) -> None:
        """A null sink that was idle gives two seconds of silence at once; only after them does it keep time."""
        before = self.status()["heard_s"]
        until(lambda: self.status()["heard_s"] >= before + 2.6, "sound from the microphone")

    def until_done(self, actions: int) -> dict[str, Any]:
        """Wait until so many actions were carried out in all."""
        found: dict[str, Any] = until(
            lambda: (status := self.status()).get("counters", {}).get("actions", 0) >= actions and status,
            f"action {actions}; the log says:\n{self.log()}",
            20.0,
        )
        return found

    def ended(self, wait_s: float = 10.0) -> int:
        assert self.process is not None
        return self.process.wait(wait_s)

    def leave(self) -> None:
        """End what still runs, and show the log if the test fails."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.terminate()
                try:
                    self.process.wait(10)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
            print(self.log())  # noqa: T201 -- pytest shows it with a failure

    def _follow(self) -> None:
        try:
            for event in events(self.socket):
                self.heard.append(event)
        except Exception as error:  # noqa: BLE001 -- the daemon ended
            self.heard.append({"event": "end", "why": str(error)})


@contextmanager
def house_in(folder: Path, environ: Mapping[str, str]) -> Iterator[House]:
    one = House(folder, environ=environ)
    try:
        yield one
    finally:
        one.leave()
