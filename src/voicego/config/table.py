"""The one table of every key in a rules file: type, default, unit, meaning."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from voicego.config import values
from voicego.flow import Absence, Engine, Rate, Sensitivity, Setup
from voicego.flow import ConfirmWith as ConfirmValue
from voicego.flow import Rule as RuleValue
from voicego.flow import Run as RunValue

Value = TypeVar("Value")

_DEFAULTS: dict[str, Any] = {
    field.name: field.default for kind in (RunValue, RuleValue, ConfirmValue, Setup) for field in fields(kind)
}
"""Defaults have their home in the values that flow; `sensitivity` is the whole file's, a rule has none."""

Duration = {"type": ["string", "integer"], "pattern": r"^[0-9]*\.?[0-9]+ ?(ms|s|m|h)$"}
TextSchema = {"type": "string", "minLength": 1}
ListSchema = {"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1}
EitherSchema = {"anyOf": [TextSchema, ListSchema]}
RateSchema = {"type": "string", "pattern": r"^[0-9]+ +in +[0-9]*\.?[0-9]+ ?(ms|s|m|h)$"}
SensitivitySchema = {"enum": list(Sensitivity)}


def _key(meaning: str, schema: dict[str, Any], example: str, default: object = None, shown: str = "") -> Any:  # noqa: ANN401 -- pydantic's own
    return Field(
        default=default, description=meaning, json_schema_extra={"schema": schema, "example": example, "shown": shown}
    )


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class PerSystem(_Keys, Generic[Value]):
    """A value for every system, or one for each."""

    every: Value | None = None
    linux: Value | None = None
    macos: Value | None = None
    windows: Value | None = None


SYSTEMS = ("linux", "macos", "windows")

Text = Annotated[str, BeforeValidator(values.filled)]
Command = Annotated[str | tuple[str, ...], BeforeValidator(values.command)]
Application = Annotated[tuple[str, ...], BeforeValidator(values.application)]
RateValue = Annotated[Rate, BeforeValidator(values.rate)]
SensitivityValue = Annotated[Sensitivity, BeforeValidator(values.word_of(Sensitivity))]
PauseFor = Annotated[Any, BeforeValidator(lambda value: ("pause", values.pause(value)))]


class Action(_Keys):
    """One action and its options."""

    open: PerSystem[Text] | None = _key(
        "Open the default browser (`browser`), an address, a file, a folder, or an application by its name.",
        TextSchema,
        "open: browser",
    )
    launch: PerSystem[Application] | None = _key(
        "Start an application; as a list with its arguments.", EitherSchema, "launch: [firefox, --private-window]"
    )
    run: PerSystem[Command] | None = _key(
        "Run a program to its end: a list of the program and its arguments. One string only with `shell: true`.",
        EitherSchema,
        "run: [playerctl, pause]",
    )
    notify: PerSystem[Text] | None = _key("Show a notification.", TextSchema, 'notify: "Stopped ({score})"')
    say: PerSystem[Text] | None = _key("Speak a text; nothing is heard meanwhile.", TextSchema, "say: done")
    pause: PerSystem[PauseFor] | None = _key(
        "Stop listening: `true` until `voicego resume`, or for a while.",
        {"anyOf": [{"const": True}, Duration]},
        "pause: 15m",
    )
    timeout: Annotated[float, BeforeValidator(values.duration(0.1, 3600.0))] = _key(
        "How long `run`, `notify` or `say` may take; then it is ended with all that it started.",
        Duration,
        "timeout: 30s",
        _DEFAULTS["timeout_s"],
    )
    shell: Annotated[bool, BeforeValidator(values.boolean)] = _key(
        "Hand the string behind `run` to the shell.", {"type": "boolean"}, "shell: true", _DEFAULTS["shell"]
    )


ACTIONS = ("open", "launch", "run", "notify", "say", "pause")
OPTIONS = {"timeout": ("run", "notify", "say"), "shell": ("run",)}


class Rule(Action):
    """What one keyword does, and how sure to be."""

    do: list[Action] | None = _key(
        "Several actions, in their order; each begins when the one before has ended.",
        {},
        "do: [{run: [playerctl, pause]}, {notify: quiet}]",
    )
    threshold: Annotated[float, BeforeValidator(values.threshold)] | None = _key(
        "Least posterior, from 0 to 1: how sure to be.",
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "threshold: 0.9",
        shown="as the model's decision table says",
    )
    sensitivity: SensitivityValue | None = _key(
        "The same as at the top, for this word only; not beside `threshold`.",
        SensitivitySchema,
        "sensitivity: lower",
        shown="as at the top",
    )
    margin: Annotated[float, BeforeValidator(values.fraction)] = _key(
        "Least lead over the runner-up and over `_unknown_`, as a difference of posteriors.",
        {"type": "number", "minimum": 0, "maximum": 1},
        "margin: 0.2",
        _DEFAULTS["margin"],
    )
    cooldown: Annotated[float, BeforeValidator(values.duration(0.0, 3600.0))] = _key(
        "How long after the word the same word is not heard again.", Duration, "cooldown: 2s", _DEFAULTS["cooldown_s"]
    )
    isolated: Annotated[bool, BeforeValidator(values.boolean)] = _key(
        "Only when said alone, between quiet and quiet. `false`: also in running speech, with a higher threshold.",
        {"type": "boolean"},
        "isolated: false",
        _DEFAULTS["isolated"],
    )
    patience: Annotated[float, BeforeValidator(values.duration(0.0, 5.0))] = _key(
        "With `isolated: false`: how long the word must stay above its threshold.",
        Duration,
        "patience: 300ms",
        _DEFAULTS["patience_s"],
    )
    enabled: Annotated[bool, BeforeValidator(values.boolean)] = _key(
        "`false` switches the rule off and keeps it.", {"type": "boolean"}, "enabled: false", _DEFAULTS["enabled"]
    )
    confirm: Annotated[bool, BeforeValidator(values.boolean)] = _key(
        "`false` acts at once, without `confirm_with`: for what is urgent, and for words that the other model lacks.",
        {"type": "boolean"},
        "confirm: false",
        _DEFAULTS["confirm"],
    )
    at_most: RateValue | None = _key(
        "How often this rule may act, within the limit at the top.",
        RateSchema,
        "at_most: 3 in 1m",
        shown="as the top allows",
    )
    ask: Annotated[str, BeforeValidator(values.answer)] = _key(
        'Ask before it acts, and act only when "yes" (`true`), or the word that stands here, is said within 5 s.',
        {"anyOf": [{"type": "boolean"}, TextSchema]},
        "ask: true",
        _DEFAULTS["ask"],
        shown="false",
    )


class ConfirmWith(_Keys):
    """The model that has the last word."""

    model: Annotated[str, BeforeValidator(values.model)] | None = _key(
        "A folder with a checkpoint, or a hub id that was fetched with `voicego fetch`.",
        TextSchema,
        "model: anton-l/wav2vec2-base-ft-keyword-spotting",
    )
    threshold: Annotated[float, BeforeValidator(values.threshold)] | None = _key(
        "Least posterior of it for the same word, from 0 to 1.",
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "threshold: 0.8",
        shown="as its decision table says, else 0.5",
    )
    idle: Annotated[float, BeforeValidator(values.duration(1.0, 7 * values.DAY_S))] = _key(
        "How long nothing must be heard until its memory is given back.", Duration, "idle: 1h", _DEFAULTS["idle_s"]
    )


class File(_Keys):
    """A whole rules file."""

    microphone: Annotated[tuple[str, ...], BeforeValidator(values.names)] = _key(
        "Name of a microphone (see `voicego devices`), a part of it, or a list: the first one present is used.",
        EitherSchema,
        "microphone: [Yeti, default]",
        _DEFAULTS["microphones"],
        shown="default",
    )
    channel: Annotated[int | None, BeforeValidator(values.channel)] = _key(
        "One channel of the microphone, from 1, or all of them mixed.",
        {"anyOf": [{"const": "mix"}, {"type": "integer", "minimum": 1, "maximum": 64}]},
        "channel: 1",
        _DEFAULTS["channel"],
        shown="mix",
    )
    model: Annotated[str, BeforeValidator(values.model)] = _key(
        "`embedded`, a folder with a checkpoint, or a hub id that was fetched with `voicego fetch`.",
        TextSchema,
        "model: embedded",
        _DEFAULTS["model"],
    )
    sensitivity: SensitivityValue = _key(
        "How readily words are heard. `lower`: fewer false triggers, more misses; `higher`: the other way round.",
        SensitivitySchema,
        "sensitivity: lower",
        _DEFAULTS["sensitivity"],
    )
    engine: Annotated[Engine, BeforeValidator(values.word_of(Engine))] = _key(
        "What computes the model: `onnx` starts at once and needs little memory, but an export of the model "
        "(`voicego export`; the embedded one has it); `torch` takes any; `auto` the first where it can.",
        {"enum": list(Engine)},
        "engine: torch",
        _DEFAULTS["engine"],
    )
    threads: Annotated[int, BeforeValidator(values.threads)] = _key(
        "CPU threads that the model may use.",
        {"type": "integer", "minimum": 1, "maximum": 64},
        "threads: 2",
        _DEFAULTS["threads"],
    )
    hop: Annotated[float, BeforeValidator(values.duration(0.02, 1.0))] = _key(
        "Time between two looks into running speech.", Duration, "hop: 100ms", _DEFAULTS["hop_s"]
    )
    quiet: Annotated[float, BeforeValidator(values.duration(0.1, 1.0))] = _key(
        "Quiet that ends a word said alone; it must lie before the word, too. Longer waits longer and errs less.",
        Duration,
        "quiet: 300ms",
        _DEFAULTS["quiet_s"],
    )
    longest_word: Annotated[float, BeforeValidator(values.duration(0.3, 3.0))] = _key(
        "Longest sound that can be a word said alone.", Duration, "longest_word: 1.1s", _DEFAULTS["longest_word_s"]
    )
    warm_up: Annotated[float, BeforeValidator(values.duration(0.0, 10.0))] = _key(
        "Time after start or resume in which nothing is decided.", Duration, "warm_up: 1s", _DEFAULTS["warm_up_s"]
    )
    chime: Annotated[bool, BeforeValidator(values.boolean)] = _key(
        "A short sound whenever a word was heard.", {"type": "boolean"}, "chime: true", _DEFAULTS["chime"]
    )
    pause_while: Annotated[tuple[Absence, ...], BeforeValidator(values.words_of(Absence))] = _key(
        "Do not listen while the screen is `locked`, or while another program records from a microphone (`call`); "
        "one of them, or a list.",
        {"anyOf": [{"enum": list(Absence)}, {"type": "array", "items": {"enum": list(Absence)}, "minItems": 1}]},
        "pause_while: [locked, call]",
        _DEFAULTS["pause_while"],
        shown="neither of them",
    )
    at_most: RateValue = _key(
        "How often all rules together may act; what is heard beyond is not acted on. One word is one time, however "
        "much its rule does.",
        RateSchema,
        "at_most: 10 in 1m",
        _DEFAULTS["at_most"],
        shown="5 in 10s",
    )
    confirm_with: ConfirmWith | None = _key(
        "A bigger model that is asked before a rule acts; its name, or a block with the keys below.",
        {},
        "confirm_with: anton-l/wav2vec2-base-ft-keyword-spotting",
    )
    rules: dict[str, Rule] = Field(default_factory=dict, description="A keyword, and what it does.")
