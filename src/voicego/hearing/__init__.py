"""From the microphone, or a recording, to windows of sound that hold speech."""
