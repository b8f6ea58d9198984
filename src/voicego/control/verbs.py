"""What may be asked of the daemon: one request in, one reply out, without a socket or a thread."""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from voicego.control.wire import encode, failure
from voicego.errors import Exit, VoicegoError
from voicego.flow import Absence, Sensitivity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voicego.flow import Status
    from voicego.seams import Controls

log = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=StrEnum)

ARGUMENTS: dict[str, frozenset[str]] = {
    "status": frozenset(),
    "pause": frozenset({"for_s"}),
    "resume": frozenset(),
    "reload": frozenset(),
    "stop": frozenset(),
    "do": frozenset({"keyword"}),
    "microphones": frozenset(),
    "microphone": frozenset({"name"}),
    "sensitivity": frozenset({"level", "keyword"}),
    "rule": frozenset({"keyword", "on"}),
    "pause_while": frozenset({"what", "on"}),
    "wrong": frozenset({"id"}),
    "subscribe": frozenset({"levels", "scores"}),
}
"""Every verb and what may be said with it. `subscribe` is the server's own: its reply does not end."""

LONGEST_PAUSE_S = 366 * 86_400


def answer(controls: Controls, request: Mapping[str, Any]) -> bytes:
    """Carry out one request; returns the line of the reply. Never raises: errors are replies too."""
    try:
        return encode({"ok": True} | _answer(controls, request))
    except VoicegoError as error:
        return encode(failure(error))
    except Exception:
        log.exception("a surprise while answering %r", request.get("verb"))
        return encode(surprise(request))


def surprise(request: Mapping[str, Any]) -> dict[str, object]:
    """Make the reply that stands for an exception that was logged."""
    sentence = f"something unexpected happened in voicego at `{request.get('verb')}`; `voicego log` tells more"
    return {"ok": False, "error": sentence, "exit": int(Exit.SURPRISE)}


def checked(request: Mapping[str, Any]) -> str:
    """Return the verb.

    Raises:
        VoicegoError: there is none, or it is unknown, or something does not go with it.
    """
    verb = request.get("verb")
    if not isinstance(verb, str) or verb not in ARGUMENTS:
        known = ", ".join(ARGUMENTS)
        raise VoicegoError(f"the voicego that runs does not know the verb {_short(verb)}; it knows: {known}")
    for name in request.keys() - {"verb"} - ARGUMENTS[verb]:
        raise VoicegoError(f"`{verb}` takes no {_short(name)}")
    return verb


def wants(request: Mapping[str, Any]) -> dict[str, bool]:
    """Return what a subscriber wants besides."""
    return {name: _yes(request.get(name, False), name) for name in ("levels", "scores")}


def _answer(controls: Controls, request: Mapping[str, Any]) -> dict[str, object]:  # noqa: PLR0911 -- one for each verb
    match checked(request):
        case "status":
            return {"status": controls.status()}
        case "pause":
            return {"status": controls.pause(_pause(request.get("for_s")))}
        case "resume":
            return {"status": controls.resume()}
        case "reload":
            return {"status": controls.reload()}
        case "stop":
            return {"status": controls.stop()}
        case "do":
            return {"runs": controls.do(_text(request.get("keyword"), "`do` needs the keyword of a rule"))}
        case "microphones":
            return controls.microphones()
        case _:
            return {"status": _chosen(controls, request)}


def _chosen(controls: Controls, request: Mapping[str, Any]) -> Status:
    match request["verb"]:
        case "microphone":
            name = request.get("name")
            return controls.choose_microphone(
                None if name is None else _text(name, "`microphone` needs a name, or null")
            )
        case "sensitivity":
            level, keyword = request.get("level"), request.get("keyword")
            return controls.choose_sensitivity(
                None if level is None else _one_of(Sensitivity, level),
                None if keyword is None else _text(keyword, "`sensitivity` takes a keyword"),
            )
        case "rule":
            keyword = _text(request.get("keyword"), "`rule` needs the keyword of a rule")
            return controls.switch_rule(keyword, on=_yes(request.get("on"), "on"))
        case "pause_while":
            on = request.get("on")
            what = _one_of(Absence, request.get("what"))
            return controls.choose_pause_while(what, on=None if on is None else _yes(on, "on"))
        case "wrong":
            return controls.wrong(_text(request.get("id"), "`wrong` needs the id of a detection"))
        case verb:
            raise VoicegoError(f"`{verb}` is not answered here")


def _pause(for_s: object) -> float | None:
    if for_s is None:
        return None
    if isinstance(for_s, bool) or not isinstance(for_s, int | float) or not 0 < for_s <= LONGEST_PAUSE_S:
        raise VoicegoError(f"`pause` takes seconds above 0 and up to a year, not {_short(for_s)}")
    return float(for_s)


def _text(found: object, otherwise: str) -> str:
    if not isinstance(found, str) or not found:
        raise VoicegoError(otherwise)
    return found


def _yes(found: object, name: str) -> bool:
    if not isinstance(found, bool):
        raise VoicegoError(f"`{name}` is true or false, not {_short(found)}")
    return found


def _one_of(kind: type[Kind], found: object) -> Kind:
    if not isinstance(found, str) or found not in list(kind):
        raise VoicegoError(f"{_short(found)} is none of: {', '.join(kind)}")
    return kind(found)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"  # noqa: PLR2004  # enough to recognise it by
