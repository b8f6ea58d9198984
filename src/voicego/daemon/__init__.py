"""The supervisor and what it watches over."""

from voicego.daemon.controls import Daemon
from voicego.daemon.manager import Manager
from voicego.daemon.parts import Parts

__all__ = ["Daemon", "Manager", "Parts"]
