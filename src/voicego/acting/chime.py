"""A short sound that says "heard", for people who do not watch a tray."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from voicego.acting import powershell
from voicego.acting.desk import Ran, System
from voicego.flow import Outcome

if TYPE_CHECKING:
    from voicego.acting.desk import Desk

SOUND = Path(__file__).with_name("chime.wav")

LONGEST_S = 5.0
"""A player that hangs on a busy device is ended after that."""

PLAY = f"(New-Object System.Media.SoundPlayer $env:{powershell.TEXT}).PlaySync()"


def play(desk: Desk, sound: Path | None = None) -> Ran:
    """Begin to play `SOUND`, or another, and come back at once; one that cannot be played is a result."""
    sound = sound or SOUND
    if not sound.is_file():
        return Ran(Outcome.FAILED, f"the sound {sound} is not there")
    argv = _command(desk, str(sound))
    if not argv:
        return Ran(Outcome.FAILED, "no program that plays sounds on PATH (looked for pw-play, paplay, aplay)")
    return desk.processes.begin(argv, LONGEST_S, extra={powershell.TEXT: str(sound)})


def _command(desk: Desk, sound: str) -> tuple[str, ...]:
    if desk.system is System.MACOS:
        return ("afplay", sound)
    if desk.system is System.WINDOWS:
        return powershell.command(PLAY)
    players: tuple[tuple[str, ...], ...] = (("pw-play", sound), ("paplay", sound), ("aplay", "-q", sound))
    if not _pipewire_runs(desk):
        players = players[1:]
    return next((player for player in players if desk.which(player[0])), ())


def _pipewire_runs(desk: Desk) -> bool:
    """pw-play is also installed where PulseAudio serves; its server's socket is not there then."""
    folder = desk.environ.get("PIPEWIRE_RUNTIME_DIR") or desk.environ.get("XDG_RUNTIME_DIR")
    return folder is not None and (Path(folder) / "pipewire-0").exists()
