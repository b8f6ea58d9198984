"""Windows PowerShell, for what has no program of its own there. Texts go in by the environment, never into a script."""

from __future__ import annotations

TEXT = "VOICEGO_TEXT"
"""The variable that holds the text. Standard input would pass through the console's old code page."""


def command(*statements: str) -> tuple[str, ...]:
    """Build the command line. No statement may hold a double quote: those are the command line's own."""
    script = "; ".join(("$ErrorActionPreference = 'Stop'", *statements))
    if '"' in script:
        raise ValueError("a double quote would end the argument on Windows' command line")
    # The 5.1 that comes with Windows: only that one reaches the notification and speech classes without an install.
    return ("powershell.exe", "-NoLogo", "-NoProfile", "-NonInteractive", "-Command", script)
