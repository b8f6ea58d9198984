"""Who records, as lists of PulseAudio and PipeWire tell it; looking once a second; what each system can tell."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, cast

import pytest

from voicego.absence import cannot_tell, glances, watch
from voicego.absence.buses import Signal
from voicego.absence.call import Call
from voicego.absence.glances import Glances
from voicego.absence.locked import Locked, Savers
from voicego.absence.pactl import Silent
from voicego.absence.recorders import ears, microphones, pid_of, recorders
from voicego.flow import Absence

if TYPE_CHECKING:
    from collections.abc import Generator

    from voicego.absence.buses import Bus

OWN = frozenset({7})


def stream(pid: int | None = 8, name: str = "meeting", **other: Any) -> dict[str, Any]:  # noqa: ANN401 -- as pactl lists it
    properties = {"application.name": name} | ({} if pid is None else {"application.process.id": str(pid)})
    properties |= other.pop("properties", {})
    return {"index": 1, "driver": "protocol-native.c", "client": "3", "source": 0, "corked": False} | other | {
        "sample_specification": other.get("sample_specification", "s16le 2ch 44100Hz"),
        "resample_method": other.get("resample_method", "speex-float-1"),
        "properties": properties,
    }  # fmt: skip


def who(*streams: dict[str, Any], clients: dict[str, int | None] | None = None) -> tuple[str, ...]:
    return recorders(ears(streams), {0}, OWN, clients or {})


NO_BUS = cast("Bus", None)
"""For who asks nothing."""


class TestRecorders:
    def test_another_program_on_a_microphone_is_named_once(self) -> None:
        assert who(stream(), stream(9, "dictation"), stream()) == ("meeting", "dictation")

    def test_a_muted_one_still_sits_in_the_meeting(self) -> None:
        assert who(stream(mute=True)) == ("meeting",)

    @pytest.mark.parametrize(
        "other",
        [
            stream(7),
            stream(source=1),
            stream(corked=True),
            stream(properties={"pulse.corked": "true"}),
            stream(resample_method="peaks"),
            stream(properties={"resample.peaks": "true"}),
            stream(properties={"media.name": "Peak detect"}),
            stream(sample_specification="float32le 1ch 25Hz"),
            stream(None, driver="module-loopback.c", client=None),
            stream(properties={"media.role": "filter"}),
            stream(driver="PipeWire", properties={"node.link-group": "loopback-28387-12"}),
        ],
        ids=[
            "our own", "a loudspeaker's monitor", "corked", "corked on PipeWire", "a meter", "a meter on PipeWire",
            "a meter by name", "a meter by rate", "a module", "a filter", "a filter on PipeWire",
        ],
    )  # fmt: skip
    def test_who_is_no_ear_or_not_another_is_no_recorder(self, other: dict[str, Any]) -> None:
        assert who(other) == ()

    def test_a_stream_that_does_not_say_its_process_belongs_to_its_client(self) -> None:
        ours = stream(None, "PipeWire ALSA [python3]", driver="PipeWire", client="68")
        others = stream(None, "pw-record", driver="PipeWire", client="54")
        clients: dict[str, int | None] = {"68": 7, "54": 8}

        assert who(ours, clients=clients) == ()
        assert who(others, clients=clients) == ("pw-record",)
        assert pid_of(ours, clients) == 7

    def test_a_stream_whose_client_is_gone_has_ended_too(self) -> None:
        assert who(stream(None, client="68")) == ()

    def test_a_client_on_another_machine_has_no_process_and_counts(self) -> None:
        assert who(stream(None, client="68"), clients={"68": None}) == ("meeting",)

    def test_a_monitor_is_a_microphone_only_if_it_is_named(self) -> None:
        sources = [
            {"index": 0, "name": "yeti", "monitor_source": "", "properties": {"device.class": "sound"}},
            {"index": 1, "name": "speaker.monitor", "monitor_source": "speaker"},
            {"index": 2, "name": "headset.monitor", "properties": {"device.class": "monitor"}},
            {"index": 3, "name": "old", "monitor_source": "n/a"},
        ]

        assert microphones(sources, ()) == {0: "yeti", 3: "old"}
        assert microphones(sources, {"speaker.monitor"}) == {0: "yeti", 1: "speaker.monitor", 3: "old"}


class BrokenPactl:
    """One that fails in a given way, and counts how often it was tried."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.tried = threading.Semaphore(0)

    def changes(self) -> Generator[bytes]:
        self.tried.release()
        yield from ()
        raise self.error

    def hush(self) -> None:
        pass


class TestCall:
    @pytest.mark.parametrize("error", [Silent("no server"), ZeroDivisionError()], ids=["no server", "a surprise"])
    def test_whatever_fails_it_is_no_call_and_is_tried_again(
        self, error: Exception, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("voicego.absence.call.PAUSES_S", (0.001,))
        pactl, told = BrokenPactl(error), list[bool]()
        watcher = Call(lambda _, now: told.append(now), lambda: OWN, pactl)  # type: ignore[arg-type]
        watcher.start()
        tried = [pactl.tried.acquire(timeout=20) for _ in range(3)]
        watcher.stop()

        assert all(tried)
        assert told == []


class Glanced:
    """A look that a test decides, and steps that it takes."""

    def __init__(self, *looks: bool | Exception) -> None:
        self.looks = list(looks)
        self.done = threading.Event()

    def look(self) -> bool:
        now = self.looks.pop(0)
        if isinstance(now, Exception):
            raise now
        return now

    def wait(self, stopping: threading.Event) -> bool:
        if not self.looks:
            self.done.set()
            return stopping.wait(20)
        return False


class TestGlances:
    @pytest.mark.parametrize(
        ("looks", "told"),
        [
            ((False, True, True, False), [True, False]),
            ((True, OSError("the library is gone")), [True, False]),
            ((ImportError("Quartz"),), []),
        ],
    )
    def test_changes_alone_are_told_and_a_look_that_fails_ends_them(
        self, looks: tuple[bool | Exception, ...], told: list[bool]
    ) -> None:
        glanced, found = Glanced(*looks), list[bool]()
        one = Glances(Absence.LOCKED, glanced.look, lambda _, now: found.append(now), glanced.wait)
        one.start()
        assert glanced.done.wait(20)
        one.stop()

        assert found == told
        assert "voicego-locked" not in [thread.name for thread in threading.enumerate()]


class TestSystems:
    @pytest.mark.skipif(sys.platform != "linux", reason="looks at Linux from itself")
    def test_linux_watches_for_what_was_asked(self) -> None:
        found = watch({Absence.LOCKED, Absence.CALL}, lambda *_: None, lambda: OWN)

        assert [type(one) for one in found.watchers] == [Call, Locked]
        assert watch((), lambda *_: None, lambda: OWN).watchers == ()

    def test_macos_cannot_tell_of_a_call_and_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "darwin")
        monkeypatch.setattr(glances, "screen_is_locked", lambda: True, raising=False)
        monkeypatch.delattr(glances, "another_records", raising=False)

        found = watch(list(Absence), lambda *_: None, lambda: OWN)

        assert [type(one) for one in found.watchers] == [Glances]
        assert cannot_tell(Absence.LOCKED) == ""
        assert cannot_tell(Absence.CALL).startswith("macOS tells that a microphone is in use")

    def test_windows_can_tell_both(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "platform", "win32")
        for name in ("screen_is_locked", "another_records"):
            monkeypatch.setattr(glances, name, lambda: True, raising=False)

        assert len(watch(list(Absence), lambda *_: None, lambda: OWN).watchers) == 2
        assert [cannot_tell(kind) for kind in Absence] == ["", ""]


def test_a_saver_whose_name_went_to_another_is_not_ended_by_the_old_one() -> None:
    savers, name = Savers(), "org.gnome.ScreenSaver"

    def told(sender: str, *, active: bool) -> None:
        signal = Signal(sender, "/org/gnome/ScreenSaver", name, "ActiveChanged", (active,))
        with pytest.raises(StopIteration):
            savers.hear(NO_BUS, signal).send(None)

    told(":1.2", active=True)
    told(":1.1", active=False)
    still = savers.locked
    told(":1.2", active=False)

    assert still
    assert not savers.locked
