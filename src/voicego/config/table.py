"""The one table of every key in a rules file: type, default, unit, meaning."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, NamedTuple

from voicego.config import values
from voicego.wanted import Absence, ConfirmWith, Engine, Rule, Run, Sensitivity, Setup

if TYPE_CHECKING:
    from collections.abc import Callable

_DEFAULTS: dict[str, Any] = {
    field.name: field.default for kind in (Run, Rule, ConfirmWith, Setup) for field in fields(kind)
}
"""Defaults have their home in the values that flow; `sensitivity` is the whole file's, a rule has none."""


class Key(NamedTuple):
    """What may stand behind one key."""

    take: Callable[[Any], Any] | None
    """From the plain value to the checked one, see `values`; None where blocks stand, whose keys have a table, too."""
    meaning: str
    schema: dict[str, Any]
    """For editors, JSON Schema 2020-12."""
    example: str = ""
    default: object = None
    shown: str = ""
    """The default as the page tells it, where the value does not tell it by itself."""


Duration = {"type": ["string", "integer"], "pattern": r"^[0-9]*\.?[0-9]+ ?(ms|s|m|h)$"}
TextSchema = {"type": "string", "minLength": 1}
ListSchema = {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1}
EitherSchema = {"anyOf": [TextSchema, ListSchema]}
RateSchema = {"type": "string", "pattern": r"^[0-9]+ +in +[0-9]*\.?[0-9]+ ?(ms|s|m|h)$"}
SensitivitySchema = {"enum": list(Sensitivity)}


SYSTEMS = ("linux", "macos", "windows")

ACTION: dict[str, Key] = {
    "open": Key(
        values.filled,
        "Open the default browser (`browser`), an address, a file, a folder, or an application by its name.",
        TextSchema,
        "open: browser",
    ),
    "launch": Key(
        values.application,
        "Start an application; as a list with its arguments.",
        EitherSchema,
        "launch: [firefox, --private-window]",
    ),
    "run": Key(
        values.command,
        "Run a program to its end: a list of the program and its arguments. One string only with `shell: true`.",
        EitherSchema,
        "run: [playerctl, pause]",
    ),
    "notify": Key(values.filled, "Show a notification.", TextSchema, 'notify: "Stopped ({score})"'),
    "say": Key(values.filled, "Speak a text; nothing is heard meanwhile.", TextSchema, "say: done"),
    "pause": Key(
        values.pause,
        "Stop listening: `true` until `voicego resume`, or for a while.",
        {"anyOf": [{"const": True}, Duration]},
        "pause: 15m",
    ),
    "timeout": Key(
        values.duration(0.1, 3600.0),
        "How long `run`, `notify` or `say` may take; then it is ended with all that it started.",
        Duration,
        "timeout: 30s",
        _DEFAULTS["timeout_s"],
    ),
    "shell": Key(
        values.boolean,
        "Hand the string behind `run` to the shell.",
        {"type": "boolean"},
        "shell: true",
        _DEFAULTS["shell"],
    ),
}
"""One action and its options."""


ACTIONS = ("open", "launch", "run", "notify", "say", "pause")
OPTIONS = {"timeout": ("run", "notify", "say"), "shell": ("run",)}


RULE: dict[str, Key] = {
    **ACTION,
    "do": Key(
        None,
        "Several actions, in their order; each begins when the one before has ended.",
        {},
        "do: [{run: [playerctl, pause]}, {notify: quiet}]",
    ),
    "threshold": Key(
        values.threshold,
        "Least posterior, from 0 to 1: how sure to be.",
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "threshold: 0.9",
        shown="as the model's decision table says",
    ),
    "sensitivity": Key(
        values.word_of(Sensitivity),
        "The same as at the top, for this word only; not beside `threshold`.",
        SensitivitySchema,
        "sensitivity: lower",
        shown="as at the top",
    ),
    "margin": Key(
        values.fraction,
        "Least lead over the runner-up and over `_unknown_`, as a difference of posteriors.",
        {"type": "number", "minimum": 0, "maximum": 1},
        "margin: 0.2",
        _DEFAULTS["margin"],
    ),
    "cooldown": Key(
        values.duration(0.0, 3600.0),
        "How long after the word the same word is not heard again.",
        Duration,
        "cooldown: 2s",
        _DEFAULTS["cooldown_s"],
    ),
    "isolated": Key(
        values.boolean,
        "Only when said alone, between quiet and quiet. `false`: also in running speech, with a higher threshold.",
        {"type": "boolean"},
        "isolated: false",
        _DEFAULTS["isolated"],
    ),
    "patience": Key(
        values.duration(0.0, 5.0),
        "With `isolated: false`: how long the word must stay above its threshold.",
        Duration,
        "patience: 300ms",
        _DEFAULTS["patience_s"],
    ),
    "enabled": Key(
        values.boolean,
        "`false` switches the rule off and keeps it.",
        {"type": "boolean"},
        "enabled: false",
        _DEFAULTS["enabled"],
    ),
    "confirm": Key(
        values.boolean,
        "`false` acts at once, without `confirm_with`: for what is urgent, and for words that the other model lacks.",
        {"type": "boolean"},
        "confirm: false",
        _DEFAULTS["confirm"],
    ),
    "at_most": Key(
        values.rate,
        "How often this rule may act, within the limit at the top.",
        RateSchema,
        "at_most: 3 in 1m",
        shown="as the top allows",
    ),
    "ask": Key(
        values.answer,
        'Ask before it acts, and act only when "yes" (`true`), or the word that stands here, is said within 5 s.',
        {"anyOf": [{"type": "boolean"}, TextSchema]},
        "ask: true",
        _DEFAULTS["ask"],
        shown="false",
    ),
}
"""What one keyword does, and how sure to be."""


CONFIRM_WITH: dict[str, Key] = {
    "model": Key(
        values.model,
        "A folder with a checkpoint, or a hub id that was fetched with `voicego fetch`.",
        TextSchema,
        "model: anton-l/wav2vec2-base-ft-keyword-spotting",
    ),
    "threshold": Key(
        values.threshold,
        "Least posterior of it for the same word, from 0 to 1.",
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "threshold: 0.8",
        shown="as its decision table says, else 0.5",
    ),
    "idle": Key(
        values.duration(1.0, 7 * values.DAY_S),
        "How long nothing must be heard until its memory is given back.",
        Duration,
        "idle: 1h",
        _DEFAULTS["idle_s"],
    ),
}
"""The model that has the last word."""


FILE: dict[str, Key] = {
    "microphone": Key(
        values.names,
        "Name of a microphone (see `voicego devices`), a part of it, or a list: the first one present is used.",
        EitherSchema,
        "microphone: [Yeti, default]",
        _DEFAULTS["microphones"],
        shown="default",
    ),
    "channel": Key(
        values.channel,
        "One channel of the microphone, from 1, or all of them mixed.",
        {"anyOf": [{"const": "mix"}, {"type": "integer", "minimum": 1, "maximum": 64}]},
        "channel: 1",
        _DEFAULTS["channel"],
        shown="mix",
    ),
    "model": Key(
        values.model,
        "`embedded`, a folder with a checkpoint, or a hub id that was fetched with `voicego fetch`.",
        TextSchema,
        "model: embedded",
        _DEFAULTS["model"],
    ),
    "sensitivity": Key(
        values.word_of(Sensitivity),
        "How readily words are heard. `lower`: fewer false triggers, more misses; `higher`: the other way round.",
        SensitivitySchema,
        "sensitivity: lower",
        _DEFAULTS["sensitivity"],
    ),
    "engine": Key(
        values.word_of(Engine),
        "What computes the model: `onnx` starts at once and needs little memory, but an export of the model "
        "(`voicego export`; the embedded one has it); `torch` takes any; `auto` the first where it can.",
        {"enum": list(Engine)},
        "engine: torch",
        _DEFAULTS["engine"],
    ),
    "threads": Key(
        values.threads,
        "CPU threads that the model may use.",
        {"type": "integer", "minimum": 1, "maximum": 64},
        "threads: 2",
        _DEFAULTS["threads"],
    ),
    "hop": Key(
        values.duration(0.02, 1.0),
        "Time between two looks into running speech.",
        Duration,
        "hop: 100ms",
        _DEFAULTS["hop_s"],
    ),
    "quiet": Key(
        values.duration(0.1, 1.0),
        "Quiet that ends a word said alone; it must lie before the word, too. Longer waits longer and errs less.",
        Duration,
        "quiet: 300ms",
        _DEFAULTS["quiet_s"],
    ),
    "longest_word": Key(
        values.duration(0.3, 3.0),
        "Longest sound that can be a word said alone.",
        Duration,
        "longest_word: 1.1s",
        _DEFAULTS["longest_word_s"],
    ),
    "warm_up": Key(
        values.duration(0.0, 10.0),
        "Time after start or resume in which nothing is decided.",
        Duration,
        "warm_up: 1s",
        _DEFAULTS["warm_up_s"],
    ),
    "chime": Key(
        values.boolean,
        "A short sound whenever a word was heard.",
        {"type": "boolean"},
        "chime: true",
        _DEFAULTS["chime"],
    ),
    "pause_while": Key(
        values.words_of(Absence),
        "Do not listen while the screen is `locked`, or while another program records from a microphone (`call`); "
        "one of them, or a list.",
        {"anyOf": [{"enum": list(Absence)}, {"type": "array", "items": {"enum": list(Absence)}, "minItems": 1}]},
        "pause_while: [locked, call]",
        _DEFAULTS["pause_while"],
        shown="neither of them",
    ),
    "at_most": Key(
        values.rate,
        "How often all rules together may act; what is heard beyond is not acted on. One word is one time, however "
        "much its rule does.",
        RateSchema,
        "at_most: 10 in 1m",
        _DEFAULTS["at_most"],
        shown="5 in 10s",
    ),
    "confirm_with": Key(
        None,
        "A bigger model that is asked before a rule acts; its name, or a block with the keys below.",
        {},
        "confirm_with: anton-l/wav2vec2-base-ft-keyword-spotting",
    ),
    "rules": Key(None, "A keyword, and what it does.", {}),
}
"""A whole rules file."""
