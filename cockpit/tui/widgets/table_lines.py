"""The lines of a table as texts with styles, from which the widget sees what has changed. No Textual here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cockpit.tui.glyphs import Glyphs
from cockpit.tui.ordering import Sort
from cockpit.tui.widgets.arrangement import Arrangement
from cockpit.tui.widgets.columns import (
    MARGIN,
    Cell,
    Column,
    Measured,
    Slot,
    Span,
    joined,
    measured,
    place,
)

BLANK = Cell(" ")


class Line(NamedTuple):
    """What one line of the screen shows. `kind` names its colours: `row`, `cursor`, `heading` or `empty`."""

    kind: str = "row"
    mark: Cell = BLANK
    cells: tuple[Cell, ...] = ()


def row_line(arranged: Arrangement, cells: Sequence[Measured], mark: str, has_cursor: bool, glyphs: Glyphs) -> Line:
    """One row. `mark` is the colour of the bar at its left, empty for none."""
    columns, slots = arranged.columns, arranged.fit.slots
    spans = [place(cells[slot.column], slot, columns[slot.column].right, glyphs.ellipsis) for slot in slots]
    bar = Cell(glyphs.mark, mark) if mark else BLANK
    return Line("cursor" if has_cursor else "row", bar, joined(spans, MARGIN))


def heading_line(arranged: Arrangement, sort: Sort | None, width: int, glyphs: Glyphs) -> Line:
    """The headings, the order beside the one of its column, and at the edges whether there are further columns."""
    spans: list[Span] = []
    for slot in arranged.fit.slots:
        column = arranged.columns[slot.column]
        sorted_here = sort is not None and sort.column == column.key
        spans.append(_heading(column, slot, glyphs, "$accent" if sorted_here else ""))
        if sort is not None and sorted_here:
            spans.append(_order(spans[-1], sort, glyphs))
    if arranged.fit.hidden and (not spans or spans[-1].end < width):
        spans.append(Span(width - 1, ">" if glyphs.ascii else "›", 1))
    before = Cell("<" if glyphs.ascii else "‹") if arranged.skipped else BLANK
    return Line("heading", before, joined(spans, MARGIN))


def _heading(column: Column, slot: Slot, glyphs: Glyphs, style: str) -> Span:
    return place(measured(Cell(column.heading, style)), slot, column.right, glyphs.ellipsis)


def _order(heading: Span, sort: Sort, glyphs: Glyphs) -> Span:
    """The arrow after a heading; it stands in the gap between columns, so that no column moves for it."""
    arrows = "^v" if glyphs.ascii else "▲▼"
    return Span(heading.end, arrows[sort.descending], 1, heading.style)


def empty_lines(text: str, width: int, height: int, glyphs: Glyphs) -> list[Line]:
    """`height` lines with the text in their middle."""
    room = Slot(0, MARGIN, max(0, width - 2 * MARGIN))
    lines = []
    for part in text.splitlines()[:height]:
        cell = measured(part)
        x = max(MARGIN, (width - cell.width) // 2)
        lines.append(Line("empty", cells=joined([place(cell, room, False, glyphs.ellipsis)._replace(x=x)], MARGIN)))
    return [*[Line()] * ((height - len(lines)) // 2), *lines]
