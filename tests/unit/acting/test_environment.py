from __future__ import annotations

from voicego.acting.environment import child_environment


def test_the_persons_own_variables_stay() -> None:
    own = {"PATH": "/usr/bin", "DISPLAY": ":0", "LANG": "de_DE.UTF-8", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/x"}

    assert child_environment(own) == own


def test_what_systemd_told_the_daemon_goes() -> None:
    theirs = {"NOTIFY_SOCKET": "x", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1", "INVOCATION_ID": "x", "LISTEN_FDS": "1"}

    assert child_environment({**theirs, "HOME": "/home/a"}) == {"HOME": "/home/a"}


def test_the_daemons_own_go_but_not_the_places_where_it_is_reached() -> None:
    environ = {"VOICEGO_RUNTIME_DIR": "/run/x", "VOICEGO_CONFIG": "/x.yaml", "VOICEGO_KEYWORD": "go", "VOICEGO_X": "1"}

    assert child_environment(environ) == {"VOICEGO_RUNTIME_DIR": "/run/x", "VOICEGO_CONFIG": "/x.yaml"}


def test_what_a_bundle_needs_for_itself_goes_and_the_persons_own_comes_back() -> None:
    bundle = {
        "LD_LIBRARY_PATH": "/bundle",
        "LD_LIBRARY_PATH_ORIG": "/own",
        "_PYI_ARCHIVE_FILE": "/x",
        "_MEIPASS2": "/x",
    }

    assert child_environment(bundle, bundled=True) == {"LD_LIBRARY_PATH": "/own"}
    assert child_environment({"DYLD_LIBRARY_PATH": "/bundle", "A": "1"}, bundled=True) == {"A": "1"}
    assert child_environment({"LD_LIBRARY_PATH": "/own"}, bundled=False) == {"LD_LIBRARY_PATH": "/own"}
