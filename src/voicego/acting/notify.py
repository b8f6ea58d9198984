"""`notify`: a notification on the desktop."""

from __future__ import annotations

import html
import json
from functools import partial
from typing import TYPE_CHECKING

from voicego.acting import placeholders, powershell
from voicego.acting.desk import Ran, System, first_that_works
from voicego.flow import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from voicego.acting.desk import Desk
    from voicego.acting.placeholders import Heard
    from voicego.flow import Notify

TITLE = "voicego"

LONGEST_S = 10.0
"""A desktop that does not take a text of voicego's own is not waited for any longer."""

MISSING = (
    'no program "notify-send" on PATH, which shows notifications; '
    "install it: the package is libnotify-bin (Debian, Ubuntu) or libnotify (Fedora, Arch, openSUSE: libnotify-tools)"
)

APPLESCRIPT = (
    *("-e", "on run argv"),
    *("-e", f'display notification (item 1 of argv) with title "{TITLE}"'),
    *("-e", "end run"),
)

POWERSHELL_ID = r"{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\WindowsPowerShell\v1.0\powershell.exe"
"""Windows shows toasts of registered applications only; PowerShell is one."""

UI = "Windows.UI.Notifications"

TOAST = (
    # Naming a class with its ContentType is how PowerShell loads it.
    f"$null = [{UI}.ToastNotificationManager, {UI}, ContentType = WindowsRuntime]",
    f"$null = [{UI}.ToastNotification, {UI}, ContentType = WindowsRuntime]",
    f"$page = [{UI}.ToastNotificationManager]::GetTemplateContent([{UI}.ToastTemplateType]::ToastText02)",
    "$lines = $page.GetElementsByTagName('text')",
    f"$null = $lines.Item(0).AppendChild($page.CreateTextNode('{TITLE}'))",
    f"$null = $lines.Item(1).AppendChild($page.CreateTextNode($env:{powershell.TEXT}))",
    f"$toast = [{UI}.ToastNotification]::new($page)",
    f"[{UI}.ToastNotificationManager]::CreateToastNotifier('{POWERSHELL_ID}').Show($toast)",
)


def carry_out(action: Notify, heard: Heard, desk: Desk) -> Ran:
    """Show the text. OK means that the desktop took it, not that anybody saw it."""
    text = placeholders.fill(action.text, heard)
    commands = _commands(text, desk)
    if not commands:
        return Ran(Outcome.FAILED, MISSING)
    run = partial(desk.processes.run_to_end, timeout_s=action.timeout_s, extra={powershell.TEXT: text})
    return first_that_works(partial(run, argv) for argv in commands)


def begin(text: str, desk: Desk) -> Ran:
    """Begin to show a text of voicego's own, and come back at once; whether it is shown nobody learns."""
    commands = _commands(text, desk)
    if not commands:
        return Ran(Outcome.FAILED, MISSING)
    return desk.processes.begin(commands[0], LONGEST_S, extra={powershell.TEXT: text})


def _commands(text: str, desk: Desk) -> tuple[tuple[str, ...], ...]:
    """What shows a text here, the best first."""
    if desk.system is System.MACOS:
        return (("osascript", *APPLESCRIPT, "--", text),)
    if desk.system is System.WINDOWS:
        return (powershell.command(*TOAST),)
    return tuple(_linux(text, desk))


def _linux(text: str, desk: Desk) -> Iterator[tuple[str, ...]]:
    # The body of a notification is markup: "a < b" would lose its end.
    body = html.escape(text, quote=False)
    if desk.which("notify-send"):
        # It reads backslashes as C does, and swallows those that it does not know.
        words = (TITLE, body.replace("\\", r"\\"))
        yield ("notify-send", f"--app-name={TITLE}", "--icon=audio-input-microphone", "--", *words)
    elif desk.which("gdbus"):  # comes with GLib, so it is on desktops that lack notify-send
        parts = (TITLE, "0", "audio-input-microphone", TITLE, body)
        yield (
            *("gdbus", "call", "--session", "--timeout=5", "--dest=org.freedesktop.Notifications"),
            *("--object-path=/org/freedesktop/Notifications", "--method=org.freedesktop.Notifications.Notify", "--"),
            *(part if part == "0" else _gvariant(part) for part in parts),
            *("@as []", "@a{sv} {}", "int32 -1"),
        )


def _gvariant(text: str) -> str:
    """A string as GVariant's text format writes it, which for strings is JSON's."""
    return json.dumps(text, ensure_ascii=False)
