"""voicego: private, offline voice commands. Sound flows from hearing through spotting to acting."""

__version__ = "0.1.0"
