from __future__ import annotations

import pytest

from voicego.acting.describe import describe
from voicego.flow import Action, Launch, Notify, Open, Pause, Run, Say


@pytest.mark.parametrize(
    ("action", "written"),
    [
        (Open("browser"), "open browser"),
        (Launch(("code", "--new", "a b")), "launch code --new 'a b'"),
        (Run(("playerctl", "pause")), "run playerctl pause"),
        (Run(("notify", "{score}", "it's")), """run notify {score} 'it'"'"'s'"""),
        (Run(("echo {keyword} | wc",), shell=True), "run echo {keyword} | wc"),  # noqa: S604
        (Notify("Stopped ({score})"), "notify Stopped ({score})"),
        (Say("Good bye"), "say Good bye"),
        (Pause(), "pause"),
        (Pause(600.0), "pause for 10 min"),
    ],
)
def test_an_action_as_a_person_would_write_it(action: Action, written: str) -> None:
    assert describe(action) == written
