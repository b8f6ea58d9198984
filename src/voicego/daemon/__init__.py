"""The supervisor and what it watches over."""

from voicego.daemon.manager import Manager
from voicego.daemon.parts import Parts
from voicego.daemon.supervisor import Daemon

__all__ = ["Daemon", "Manager", "Parts"]
