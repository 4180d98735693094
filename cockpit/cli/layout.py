"""Tables of text for any width: what does not fit goes below its row, is left out or cut, and breaks no column."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile

from rich.cells import cell_len, set_cell_size

from cockpit.events.text import one_line

GAP = "  "
INDENT = 4  # of what stands below its row
NOTHING = ("", "—")
NARROWEST_FOLD = 30  # less room than this beside a row is no room for sentences
NARROWEST_HEADING, SHORT_HEADING = 6, 8  # of those that are cut; shorter ones would gain nothing by it
NARROWEST_COLUMN = 13  # a number or a status is never cut


class Layout:
    """The columns of one table, made to fit by its first rows; rows that come later stand under them.

    `left` names columns of words, the others stand right. Where the table is wider than `width`, the last column is
    folded if it is `last_folds`, below its row if need be; then the `optional` columns are left out, the first named
    first, then long headings are cut to what tells them apart, then long texts, and at last columns are left out from
    the right. `left_out` says which of them had something to say.
    """

    def __init__(
        self,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        width: int,
        left: Collection[str] = (),
        optional: Sequence[str] = (),
        last_folds: bool = False,
    ) -> None:
        self._headings = [_cell(heading) for heading in headings]
        self._left = left
        self._width = width
        body = [[cell_len(_cell(cell)) for cell in row] for row in rows]
        self._cells = [max(column, default=0) for column in zip(*body, strict=True)] or [0] * len(headings)
        self._widths = [max(cell_len(h), cell) for h, cell in zip(self._headings, self._cells, strict=True)]
        self._shown = list(range(len(headings)))
        self._cut: set[int] = set()
        self._folded: int | None = None
        self._fit([headings.index(name) for name in optional if name in headings], last_folds)
        hidden = [column for column in range(len(headings)) if column not in (*self._shown, self._folded)]
        self.left_out = [headings[i] for i in hidden if any(row[i] not in NOTHING for row in rows)]

    def header(self) -> str:
        """The line of headings."""
        line = self._line(self._headings)
        return line if self._folded is None or not self._has_room_beside else self._beside(line, self._headings[-1])

    def lines(self, row: Sequence[str]) -> Iterator[str]:
        """One row, and what does not fit in its line."""
        cells = [_cell(cell) for cell in row]
        for column in self._shown:
            if column not in self._cut:
                self._widths[column] = max(self._widths[column], cell_len(cells[column]))
        line = self._line(cells)
        text = "" if self._folded is None else cells[self._folded]
        if text and self._has_room_beside:
            first, *more = folded(text, self._width, " " * self._room_taken)
            yield self._beside(line, first.lstrip())
            yield from more
            return
        yield line
        if text:
            yield from folded(text, self._width, " " * INDENT)

    @property
    def _room_taken(self) -> int:
        return sum(self._widths[column] + len(GAP) for column in self._shown)

    @property
    def _has_room_beside(self) -> bool:
        return self._width - self._room_taken >= NARROWEST_FOLD

    def _beside(self, line: str, text: str) -> str:
        return line + " " * (self._room_taken - cell_len(line)) + text

    def _fit(self, optional: list[int], last_folds: bool) -> None:
        if last_folds and self._excess() > 0:
            self._folded = self._shown.pop()
        for column in optional:
            if self._excess() > 0 and column in self._shown:
                self._shown.remove(column)
        if self._excess() > 0:
            for column in self._shown:
                self._widths[column] = max(self._least_heading(column), self._cells[column])
        while (excess := self._excess()) > 0:
            widest = max(self._shown, key=lambda column: self._widths[column])
            if self._widths[widest] > NARROWEST_COLUMN:
                self._widths[widest] = max(NARROWEST_COLUMN, self._widths[widest] - excess)
                self._cut.add(widest)
            elif len(self._shown) > 1:
                self._shown.pop()
            else:
                return

    def _least_heading(self, column: int) -> int:
        """How much of a heading has to be left for it to be told from all others."""
        heading = self._headings[column]
        shared = [_alike(heading, other) for other in self._headings if other != heading]
        least = max(NARROWEST_HEADING, max(shared, default=0) + len("x…"))
        return cell_len(heading) if cell_len(heading) <= max(SHORT_HEADING, least) else least

    def _excess(self) -> int:
        return self._room_taken - len(GAP) - self._width

    def _line(self, cells: Sequence[str]) -> str:
        return GAP.join(self._placed(cells[column], column) for column in self._shown).rstrip()

    def _placed(self, cell: str, column: int) -> str:
        width, length = self._widths[column], cell_len(cell)
        if length > width:
            return set_cell_size(cell, width - 1) + "…"
        blanks = " " * (width - length)
        return cell + blanks if self._headings[column] in self._left else blanks + cell


def _alike(one: str, other: str) -> int:
    """With how many of the same characters two texts begin."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def folded(text: str, width: int, indent: str) -> list[str]:
    """Text in lines of at most `width` columns, all of them indented."""
    wide = cell_len(text) > len(text)
    most = max(20, (width - len(indent)) // (2 if wide else 1) + len(indent))
    return textwrap.wrap(text, most, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _cell(text: str) -> str:
    return text if text.isascii() and text.isprintable() else one_line(text)
