"""`python -m voicego.hearing.look NAME…`: what a PortAudio that was started this moment sees, as JSON.

What is named is opened for a moment too: a device of ALSA is listed even while what it hears is gone. A process of its
own, because PortAudio sees what is new only when it is started, and a stream is open meanwhile.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from voicego.errors import VoicegoError
from voicego.hearing.choosing import Device, named

if TYPE_CHECKING:
    from voicego.hearing.portaudio import PortAudio

LOOKS_S = 3.0
"""How long it may take, which is done in 0.3 s; behind a sound server that hangs it never is."""


def look(
    names: tuple[str, ...] = (), command: tuple[str, ...] = (sys.executable, "-m", "voicego.hearing.look")
) -> tuple[Device, ...]:
    """List what PortAudio sees, with fresh eyes; those of `names` only if they open. Disturbs no stream of ours.

    Raises:
        VoicegoError: it does not work, or hangs.
    """
    try:
        done = subprocess.run(  # noqa: S603 - this very program
            [*command, *names], stdin=subprocess.DEVNULL, capture_output=True, timeout=LOOKS_S, check=True
        )
        return tuple(Device(**fields) for fields in json.loads(done.stdout))
    except subprocess.TimeoutExpired as error:
        raise VoicegoError("the sound system does not answer") from error
    except (OSError, ValueError, TypeError, subprocess.CalledProcessError) as error:
        raise VoicegoError(f"the microphones cannot be listed ({type(error).__name__})") from error


def main(*names: str) -> None:
    """Print them."""
    from voicego.hearing.portaudio import THIS  # noqa: PLC0415 - the one who asks needs no PortAudio

    found = THIS.devices()
    dead = {device for name in names if (device := _named(found, name)) and not _opens(THIS, device)}
    print(json.dumps([asdict(device) for device in found if device not in dead]))  # noqa: T201


def _named(found: tuple[Device, ...], name: str) -> Device | None:
    with suppress(VoicegoError):  # it means several
        return named(found, name)
    return None


def _opens(portaudio: PortAudio, device: Device) -> bool:
    with suppress(VoicegoError):
        stream = portaudio.start(device, samplerate=device.rate, channels=1, dtype="float32", callback=lambda *_: None)
        portaudio.close(stream)
        return True
    return False


if __name__ == "__main__":
    main(*sys.argv[1:])
