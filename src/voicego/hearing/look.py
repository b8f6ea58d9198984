"""`python -m voicego.hearing.look`: what a PortAudio that was started this moment sees, as JSON.

A process of its own, because PortAudio sees what is new only when it is started, and a stream is open meanwhile.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

from voicego.errors import VoicegoError
from voicego.hearing.choosing import Device

LOOKS_S = 3.0
"""How long it may take, which is done in 0.2 s; behind a sound server that hangs it never is."""


def look(command: tuple[str, ...] = (sys.executable, "-m", "voicego.hearing.look")) -> tuple[Device, ...]:
    """List what PortAudio sees, with fresh eyes. Disturbs no stream of this process.

    Raises:
        VoicegoError: it does not work, or hangs.
    """
    try:
        done = subprocess.run(  # noqa: S603 - this very program
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=LOOKS_S, check=True
        )
        return tuple(Device(**fields) for fields in json.loads(done.stdout))
    except subprocess.TimeoutExpired as error:
        raise VoicegoError("the sound system does not answer") from error
    except (OSError, ValueError, TypeError, subprocess.CalledProcessError) as error:
        raise VoicegoError(f"the microphones cannot be listed ({type(error).__name__})") from error


def main() -> None:
    """Print them."""
    from voicego.hearing.portaudio import THIS  # noqa: PLC0415 - the one who asks needs no PortAudio

    print(json.dumps([asdict(device) for device in THIS.devices()]))  # noqa: T201


if __name__ == "__main__":
    main()
