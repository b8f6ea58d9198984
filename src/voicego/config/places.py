"""YAML into plain values, each with its place in the file. Words stay words: `on`, `off`, `yes` and `no` too."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import yaml

from voicego.config.words import quoted, shortened
from voicego.errors import Problem, RulesError

MOST_NODES = 100_000
"""Values in a file, aliases counted as often as they are used: a thousand rules are some ten thousand."""
DEEPEST = 60
"""Blocks inside each other."""
TEXT = 100
"""Characters of a text that count as one more value: aliases of a long one fill the memory, too."""

_NO_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML may not hold; asked here, for its parsers count the place in bytes."""

Path = tuple[str | int, ...]
"""Keys and list positions that lead to a value."""


if TYPE_CHECKING:
    from yaml import SafeLoader as _Parser
else:
    _Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's parser is in most wheels, not in all


class _Loader(_Parser):
    """YAML 1.2's core scalars: no `yes` that is true, no 1:30 that is ninety, no dates."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 -- filled below


for _tag, _form, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_form})$"), list(_first))


_DO = len(("rules", "word", "do"))


@dataclass(slots=True)
class Marked:
    """What a file says and where it says it."""

    where: str
    """Name of the file in messages."""
    data: Any = None
    problems: list[tuple[tuple[int, int], str]] = field(default_factory=list)
    """Line and column, both from 1, and what is wrong there."""
    _keys: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _lone: set[Path] = field(default_factory=set)
    unread: set[Path] = field(default_factory=set)
    """Where something stands that was refused; what it lacks is no mistake of its own."""

    def at(self, path: Path) -> object:
        """Return the value at a path."""
        value = self.data
        for part in path:
            value = value[part]
        return value

    def lone(self, path: Path) -> None:
        """Take the action at `path`, behind a `do:`, for a list of one: its places are asked for as number 0 of it."""
        self._lone.add(path)

    def wrong(self, path: Path, text: str, *, key: bool = False) -> None:
        """Note a mistake at a value, or at its key; the nearest place above where it has none of its own."""
        if path not in self.unread:
            self.problems.append((self._place(path, key=key), text))

    def raise_problems(self) -> None:
        """Raise RulesError with every mistake, in the order of the file, unless there is none."""
        if self.problems:
            ordered = dict.fromkeys(sorted(self.problems))
            raise RulesError(tuple(Problem(f"{self.where}:{line}:{column}", text) for (line, column), text in ordered))

    def _place(self, path: Path, *, key: bool) -> tuple[int, int]:
        if path[:_DO] in self._lone and path[_DO : _DO + 1] == (0,):
            path = path[:_DO] + path[_DO + 1 :]
        if key and path in self._keys:
            return self._keys[path]
        while path and path not in self._values:
            path = path[:-1]
        return self._values.get(path, (1, 1))


def read(text: str, where: str) -> Marked:
    """Read one YAML document of plain values.

    Raises:
        RulesError: it is no YAML, or of a kind that rules are not written in.
    """
    marked = Marked(where)
    _refuse_characters(text, marked)
    try:
        _refuse_depth(text, marked)
        documents = yaml.compose_all(text, Loader=_Loader)
        root = next(documents, None)
        second = next(documents, None)
    except yaml.YAMLError as error:
        marked.problems.append(_syntax(error, text))
        root = second = None
    if second is not None:
        marked.problems.append((_at(second), "a second document begins here; rules are one document, without `---`"))
    marked.raise_problems()
    if root is not None:
        _Walk(marked).value(root, ())
    return marked


def _refuse_characters(text: str, marked: Marked) -> None:
    found = _NO_TEXT.search(text)
    if found is None:
        return
    before = text[: found.start()]
    place = before.count("\n") + 1, len(before) - before.rfind("\n")
    told = (
        "this is no text, it holds zero bytes" if found[0] == "\0" else "a character that cannot be printed; delete it"
    )
    marked.problems.append((place, told))
    marked.raise_problems()


def _refuse_depth(text: str, marked: Marked) -> None:
    """Count before anything is built: the parser in C calls itself for every level, and would end the process.

    Raises:
        YAMLError: it is no YAML.
        RulesError: there are too many levels.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            marked.problems.append((_at(event), _TOO_DEEP))
            marked.raise_problems()


_TOO_DEEP = f"more than {DEEPEST} blocks inside each other"


class _TooMuch(Exception):  # noqa: N818 -- it never leaves this file
    def __init__(self, node: yaml.Node, text: str) -> None:
        super().__init__(text)
        self.node = node


_CORE = "tag:yaml.org,2002:"
_COLLECTIONS = {f"{_CORE}map", f"{_CORE}seq"}
_SCALARS = {"str", "int", "float", "bool", "null"}


class _Walk:
    """Turns nodes into values and notes the places."""

    def __init__(self, marked: Marked) -> None:
        self._marked = marked
        self._seen = 0
        self._inside: list[int] = []

    def value(self, node: yaml.Node, path: Path) -> None:
        """Take the root."""
        try:
            self._marked.data = self._value(node, path)
        except _TooMuch as much:
            self._wrong(much.node, str(much))

    def _value(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401 -- YAML's border
        self._seen += 1 + (len(node.value) // TEXT if isinstance(node, yaml.ScalarNode) else 0)
        if self._seen > MOST_NODES:
            raise _TooMuch(node, f"more than {MOST_NODES:,} values, aliases counted as often as used")
        self._marked._values.setdefault(path, _at(node))  # noqa: SLF001 -- the two are one
        if id(node) in self._inside:
            self._wrong(node, "an alias that stands inside its own anchor")
            self._marked.unread.add(path)
            return None
        if len(self._inside) > DEEPEST:  # through aliases, which the parser does not follow
            raise _TooMuch(node, _TOO_DEEP)
        self._inside.append(id(node))
        try:
            match node:
                case yaml.CollectionNode() if node.tag not in _COLLECTIONS:
                    self._refuse_tag(node)
                    self._marked.unread.add(path)
                    return None
                case yaml.MappingNode():
                    return self._mapping(node, path)
                case yaml.SequenceNode():
                    return [self._value(child, (*path, number)) for number, child in enumerate(node.value)]
                case _:
                    return self._scalar(cast("yaml.ScalarNode", node), path)
        finally:
            self._inside.pop()

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, child in node.value:
            if self._refuses_key(key):
                self._marked.unread.add(path)
            elif key.value in found:
                first = self._marked._keys[(*path, key.value)][0]  # noqa: SLF001
                self._wrong(key, f"the key {quoted(key.value)} stands here a second time; the first is in line {first}")
            else:
                self._marked._keys[(*path, key.value)] = _at(key)  # noqa: SLF001
                found[key.value] = self._value(child, (*path, key.value))
        return found

    def _refuses_key(self, key: yaml.Node) -> bool:
        if not isinstance(key, yaml.ScalarNode):
            self._wrong(key, "a key must be a word")
        elif key.tag == f"{_CORE}merge":
            self._wrong(key, "`<<` is not understood here; write the keys out")
        elif key.tag.removeprefix(_CORE) not in _SCALARS:
            self._refuse_tag(key)
        else:
            return False
        return True

    def _scalar(self, node: yaml.ScalarNode, path: Path) -> object:
        text: str = node.value
        match node.tag.removeprefix(_CORE):
            case "null":
                return None
            case "bool":
                return text.lower() == "true" if text.lower() in {"true", "false"} else text
            case "int" | "float":
                return _number(text)
            case "str":
                if "\0" in text:
                    self._wrong(node, "a zero byte; no program takes one")
                    self._marked.unread.add(path)
                return text
            case _:
                self._refuse_tag(node)
                return text

    def _refuse_tag(self, node: yaml.Node) -> None:
        self._wrong(node, f"the tag {shortened(node.tag.removeprefix(_CORE))} is not understood here")

    def _wrong(self, node: yaml.Node, text: str) -> None:
        self._marked.problems.append((_at(node), text))


class Whole(int):
    """A whole number that remembers how it was written: `010` is an argument, too."""

    written: str


class Decimal(float):
    """The same for a number with a point."""

    written: str


def _number(text: str) -> object:
    """Read a number; what an explicit tag calls one and is none stays a text."""
    plain = text.lower().replace(".inf", "inf").replace(".nan", "nan")
    for kind in (Whole, Decimal):
        try:
            number = kind(plain)
        except ValueError:  # also of a whole number with thousands of digits
            continue
        number.written = text
        return number
    return text


def _at(node: yaml.Node | yaml.Event) -> tuple[int, int]:
    mark = node.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _syntax(error: yaml.YAMLError, text: str) -> tuple[tuple[int, int], str]:
    """Say where the YAML breaks and, if it is one of the usual slips, why."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return (1, 1), f"this is no YAML: {error}"
    place = (mark.line + 1, mark.column + 1)
    problem = str(getattr(error, "problem", "") or getattr(error, "context", "") or "it breaks here")
    line = text.split("\n")[mark.line] if mark.line < text.count("\n") + 1 else ""
    if line[mark.column : mark.column + 1] == "\t":
        return place, "a tab; indent with spaces"
    return place, f"this is no YAML: {_kinder(problem)}"


def _kinder(problem: str) -> str:
    """Make the parser's remark a little kinder."""
    kinder = {
        "mapping values are not allowed in this context": "a second `:` in one line, or a wrong indentation; "
        "quote the text if it holds a colon",
        "could not find expected ':'": "a `:` is missing after a key",
        "did not find expected key": "a key, `]`, `}` or quote is missing before this, or the indentation is wrong",
        "did not find expected ',' or ']'": "a `,` or `]` is missing",
        "did not find expected ',' or '}'": "a `,` or `}` is missing",
        "found unexpected end of stream": "a quote is opened and never closed",
        "found undefined alias": "no `&` further up has this name; quote a text that begins with `*`",
        "second occurrence": "`&name` marks something a second time; give it another name",
    }
    return kinder.get(problem, problem)
