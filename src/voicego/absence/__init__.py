"""When nobody means voicego: the screen is locked, or another program hears a microphone, as in a call."""

from voicego.absence.watching import Watch, cannot_tell, watch

__all__ = ["Watch", "cannot_tell", "watch"]
