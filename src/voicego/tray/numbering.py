"""Gives each line of a menu a number that stays its own while other lines come and go. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicego.tray.model import Item

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = 0

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """An item, and the numbers of what lies beneath it."""

    item: Item
    beneath: tuple[int, ...]


class Numbering:
    """Numbers are never used twice: a click on a line that has gone meanwhile means nothing, not another line."""

    def __init__(self) -> None:
        self._numbers: dict[Path, int] = {}
        self.lines: dict[int, Line] = {ROOT: Line(Item("voicego"), ())}

    def take(self, menu: Sequence[Item]) -> tuple[bool, tuple[int, ...]]:
        """Take a new menu; returns whether lines came, went or moved, and the numbers whose look alone changed."""
        before, self.lines = self.lines, {}
        beneath = self._walk(menu, ())
        self.lines[ROOT] = Line(before[ROOT].item, beneath)
        moved = {number: line.beneath for number, line in before.items()} != {
            number: line.beneath for number, line in self.lines.items()
        }
        changed = tuple(
            number
            for number, line in self.lines.items()
            if number in before and _look(before[number].item) != _look(line.item)
        )
        return moved, changed

    def _walk(self, items: Sequence[Item], path: Path) -> tuple[int, ...]:
        numbers: list[int] = []
        seen: dict[str, int] = {}
        for item in items:
            name = item.key or item.text
            seen[name] = seen.get(name, 0) + 1
            here = (*path, f"{name}\0{seen[name]}")
            number = self._numbers.setdefault(here, len(self._numbers) + 1)
            self.lines[number] = Line(item, self._walk(item.items, here))
            numbers.append(number)
        return tuple(numbers)


def _look(item: Item) -> tuple[object, ...]:
    return item.text, item.mark, item.on, item.enabled
