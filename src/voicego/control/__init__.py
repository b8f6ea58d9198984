"""The one door for commands to a running voicego: a local socket that speaks JSON lines, for its owner alone."""
