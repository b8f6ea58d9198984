"""What may be asked of the daemon: one request in, one reply out, without a socket or a thread."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from voicego.control.wire import encode, failure
from voicego.errors import Exit, VoicegoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from voicego.seams import Controls

log = logging.getLogger(__name__)

ARGUMENTS: dict[str, frozenset[str]] = {
    "status": frozenset(),
    "pause": frozenset({"for_s"}),
    "resume": frozenset(),
    "reload": frozenset(),
    "stop": frozenset(),
    "do": frozenset({"keyword"}),
    "subscribe": frozenset(),
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


def _answer(controls: Controls, request: Mapping[str, Any]) -> dict[str, object]:
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
            return {"runs": controls.do(_keyword(request.get("keyword")))}
        case verb:
            raise VoicegoError(f"`{verb}` is not answered here")


def _pause(for_s: object) -> float | None:
    if for_s is None:
        return None
    if isinstance(for_s, bool) or not isinstance(for_s, int | float) or not 0 < for_s <= LONGEST_PAUSE_S:
        raise VoicegoError(f"`pause` takes seconds above 0 and up to a year, not {_short(for_s)}")
    return float(for_s)


def _keyword(keyword: object) -> str:
    if not isinstance(keyword, str) or not keyword:
        raise VoicegoError("`do` needs the keyword of a rule")
    return keyword


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"  # noqa: PLR2004  # enough to recognise it by
