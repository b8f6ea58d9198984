"""Who hears a microphone, by the sound server's own list: which of its recording streams are another program's ears.

Left out is what is no ear, or no other one: our own streams, those that are corked (a program holds them and takes
nothing), volume meters, what the server records itself (a loopback, an echo canceller), filters between a microphone
and whoever hears it, and who records what a loudspeaker plays. A loudspeaker's monitor counts as a microphone where it
is the default one, or one that we have heard ourselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

METER_HZ = 1_000
"""A stream slower than this draws a level, such as pavucontrol's at 25 Hz; speech needs eight times as much."""
FILTERS = frozenset({"filter", "dsp"})
"""Roles of streams that pass sound on, as a noise canceller does all day."""


def recorders(
    streams: Iterable[Mapping[str, Any]],
    microphones: Collection[int],
    own_pids: Collection[int],
    clients: Mapping[str, int | None],
) -> tuple[str, ...]:
    """Name the other programs that record from a microphone.

    Args:
        streams: what `ears` left.
        microphones: indices of the sources that are microphones.
        own_pids: processes whose streams do not count.
        clients: for streams that do not say their process: the clients by index, with that of each, where it says so.
    """
    found = [
        _program(stream)
        for stream in streams
        if stream.get("source") in microphones
        and (process_id(stream) is not None or str(stream.get("client")) in clients)  # else it has just ended
        and pid_of(stream, clients) not in own_pids
    ]
    return tuple(dict.fromkeys(found))


def ears(streams: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Leave the streams that take in sound to hear it, of what `pactl --format=json list source-outputs` gives."""
    return [stream for stream in streams if _is_ear(stream)]


def microphones(sources: Iterable[Mapping[str, Any]], also: Collection[str]) -> dict[int, str]:
    """Give index and name of every source that is a microphone, from `pactl --format=json list sources`.

    `also` names monitors of loudspeakers that are to count as one.
    """
    return {source["index"]: source["name"] for source in sources if source["name"] in also or not _is_monitor(source)}


def pid_of(stream: Mapping[str, Any], clients: Mapping[str, int | None]) -> int | None:
    """Give the process that a stream belongs to, where it can be told.

    PipeWire's own clients do not say it of their streams. PortAudio's, through ALSA, is one of them: without its client
    voicego would take itself for a call.
    """
    own = process_id(stream)
    return own if own is not None else clients.get(str(stream.get("client")))


def process_id(one: Mapping[str, Any]) -> int | None:
    """Give the process that a stream or a client says it belongs to."""
    properties = _properties(one)
    text = str(properties.get("application.process.id") or properties.get("pipewire.sec.pid") or "")
    return int(text) if text.isdigit() else None


def _is_monitor(source: Mapping[str, Any]) -> bool:
    of = source.get("monitor_source") or source.get("monitor_of_sink")
    return of not in {None, "", "n/a"} or _properties(source).get("device.class") == "monitor"


def _is_ear(stream: Mapping[str, Any]) -> bool:
    properties = _properties(stream)
    if stream.get("corked") or properties.get("pulse.corked") == "true":
        return False
    if str(stream.get("driver", "")).startswith("module-"):  # the server's own; on PipeWire every driver is "PipeWire"
        return False
    if properties.get("media.role", "").lower() in FILTERS or "node.link-group" in properties:
        return False
    return not _is_meter(stream, properties)


def _is_meter(stream: Mapping[str, Any], properties: Mapping[str, str]) -> bool:
    if stream.get("resample_method") == "peaks" or properties.get("resample.peaks") == "true":
        return True
    if properties.get("media.name", "").lower() == "peak detect":
        return True
    rate = str(stream.get("sample_specification", "")).rpartition(" ")[2]  # "float32le 1ch 25Hz"
    return rate.endswith("Hz") and rate[:-2].isdigit() and int(rate[:-2]) < METER_HZ


def _program(stream: Mapping[str, Any]) -> str:
    properties = _properties(stream)
    return properties.get("application.name") or properties.get("media.name") or "a program without a name"


def _properties(one: Mapping[str, Any]) -> Mapping[str, str]:
    found = one.get("properties")
    return found if isinstance(found, dict) else {}
