"""Columns of a table: how wide they are, which of them have room, and how a text stands in one. No Textual here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from cockpit.events.text import one_line

LEAST_GAP, MOST_GAP = 2, 4  # blanks between columns; more than the least only where everything has room
MARGIN = 1  # on the left, where the mark is, and on the right
WIDEST_HEADING = 16  # a longer name is cut, unless the values below it are as wide


@dataclass(frozen=True)
class Column:
    """A column: numbers stand right, words left.

    Where the table is too narrow those with the lowest `priority` go first, and of equals the rightmost. `least` is the
    smallest width. A column that may `grow` holds sentences: it takes the room that is left and is cut where that is
    too small; no other column is ever cut.
    """

    key: str
    heading: str
    right: bool = True
    priority: int = 0
    least: int = 3
    grow: bool = False


class Cell(NamedTuple):
    """A text with a style in Textual's language, e.g. `bold $success`."""

    text: str
    style: str = ""


class Measured(NamedTuple):
    """A cell whose text is safe, and how many cells of the screen it takes."""

    text: str
    style: str
    width: int


class Span(NamedTuple):
    """A text that begins at `x`, `width` cells wide."""

    x: int
    text: str
    width: int
    style: str = ""

    @property
    def end(self) -> int:
        return self.x + self.width


@dataclass(frozen=True)
class Slot:
    """The place of one column, named by its number: `width` cells from `x` on."""

    column: int
    x: int
    width: int


@dataclass(frozen=True)
class Fit:
    """The columns that have room, from left to right, and the numbers of those that have none."""

    slots: tuple[Slot, ...] = ()
    hidden: tuple[int, ...] = ()

    def column_at(self, x: int) -> int | None:
        """The number of the column whose heading is at `x`; the gap after a column belongs to it."""
        found = [slot.column for slot in self.slots if slot.x <= max(x, MARGIN)]
        return found[-1] if found else None


def fit(columns: Sequence[Column], widths: Sequence[int], width: int, skipped: int = 0) -> Fit:
    """Find room for columns that want `widths` in a line of `width` cells.

    The first column always stays; the `skipped` ones after it make room for those further right.
    """
    room = width - 2 * MARGIN
    shown = [number for number in range(len(columns)) if number == 0 or number > skipped]
    taken = {number: _smallest(columns[number], widths[number]) for number in shown}
    while len(shown) > 1 and _total(taken, shown) > room:
        shown.remove(min(shown[1:], key=lambda number: (columns[number].priority, -number)))
    if len(shown) == 1:
        taken[0] = max(1, min(widths[0], room))
    left = room - _total(taken, shown)
    growing = [number for number in shown if columns[number].grow and len(shown) > 1]
    growing.sort(key=lambda number: widths[number] - taken[number])
    for place, number in enumerate(growing):
        more = min(widths[number] - taken[number], left // (len(growing) - place))
        taken[number] += more
        left -= more
    hidden = tuple(number for number in range(len(columns)) if number not in shown)
    gap = LEAST_GAP if hidden or len(shown) < 2 else min(MOST_GAP, LEAST_GAP + left // (len(shown) - 1))
    slots, x = [], MARGIN
    for number in shown:
        slots.append(Slot(number, x, taken[number]))
        x += taken[number] + gap
    return Fit(tuple(slots), hidden)


def _smallest(column: Column, width: int) -> int:
    if not column.grow:
        return width
    return natural_width(column)


def _total(taken: dict[int, int], shown: list[int]) -> int:
    return sum(taken[number] for number in shown) + LEAST_GAP * (len(shown) - 1)


def measured(cell: Cell | str) -> Measured:
    """The cell as it can be shown; blanks at its beginning stay, for they align."""
    text, style = (cell, "") if isinstance(cell, str) else cell
    if text.isascii() and text.isprintable():
        return Measured(text, style, len(text))
    text = " " * (len(text) - len(text.lstrip(" "))) + one_line(text)
    return Measured(text, style, cell_len(text))


def natural_width(column: Column) -> int:
    """The width of a column before any value is known."""
    return max(column.least, min(measured(column.heading).width, WIDEST_HEADING))


def place(cell: Measured, slot: Slot, right: bool, ellipsis: str) -> Span:
    """A cell in its slot, cut where it is too wide."""
    text, style, width = cell
    if width > slot.width:
        text = cut(text, slot.width, ellipsis)
        width = cell_len(text)
    return Span(slot.x + slot.width - width if right else slot.x, text, width, style)


def cut(text: str, width: int, ellipsis: str) -> str:
    """The beginning of a safe text that is too wide, between two words where that does not cost too much of it."""
    kept = set_cell_size(text, max(0, width - cell_len(ellipsis)))
    if text[len(kept) : len(kept) + 1].strip():
        space = kept.rfind(" ")
        if space >= len(kept) * 2 // 3:
            kept = kept[:space]
    return kept.rstrip(" ,;:") + ellipsis if width else ""


def joined(spans: Iterable[Span], x: int) -> tuple[Cell, ...]:
    """Spans from left to right as the cells of a line that begins at `x`, with blanks between them.

    Neighbours of one style are one cell, so that few colours have to be told to the terminal.
    """
    found: list[Cell] = []
    for part in spans:
        _add(found, " " * (part.x - x), "")
        _add(found, part.text, part.style)
        x = part.end
    return tuple(found)


def _add(cells: list[Cell], text: str, style: str) -> None:
    if not text:
        return
    if cells and cells[-1].style == style:
        cells[-1] = Cell(cells[-1].text + text, style)
    else:
        cells.append(Cell(text, style))
