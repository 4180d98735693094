"""How a table of text is laid out: what stands between its cells, and which line names the columns."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from cockpit.events.text import one_line
from cockpit.importers.values import has_decimal_comma, number
from cockpit.printed.names import LONGEST_NAME

BLANKS = ""  # any number of blanks between cells
COMMENTS = ("#", "//", "%", ";;", "sep=")
LINES_BETWEEN = " \t\r|+-=:"  # what lines between the rows of a table are drawn with
MISSING = frozenset(("", "na", "n/a", "none", "null", "-", "--", "<na>", "nil"))

_DELIMITERS = (",", "\t", ";", "|", BLANKS)
_LOOKED_AT = 60  # lines
_MOST_LINES_OF_ONE_CELL = 50
_MOST_COLUMNS = 10_000


@dataclass(frozen=True, slots=True)
class Layout:
    """`columns` are the names, each once; `header_line` counts from 1 and is 0 where nothing names them."""

    delimiter: str
    columns: tuple[str, ...]
    header_line: int
    decimal_comma: bool
    rows: tuple[tuple[str, ...], ...]  # the first ones

    def cells(self, line: str) -> list[str]:
        """The cells of a line. No content raises."""
        cells = cells_of(line, self.delimiter)
        if len(cells) == len(self.columns) + 1 and not cells[-1]:
            cells.pop()  # every row ends with a delimiter, and the header does not
        return cells

    def is_number(self, cell: str) -> bool:
        """Whether the cell holds a number."""
        return number(cell, self.decimal_comma) is not None

    def column(self, index: int) -> list[str]:
        """The cells of one column in the first rows, without missing ones."""
        return [row[index] for row in self.rows if row[index].strip().lower() not in MISSING]

    def is_numeric(self, index: int, least: float = 0.8) -> bool:
        """Whether at least this part of the column's first cells are numbers; False where it has none."""
        cells = self.column(index)
        return bool(cells) and sum(map(self.is_number, cells)) >= least * len(cells)

    def is_text(self, index: int) -> bool:
        """Whether the column holds words."""
        return bool(self.column(index)) and not self.is_numeric(index)

    def counts_up(self, index: int) -> bool:
        """Whether the column holds ever larger whole numbers from 0 on."""
        found = [number(cell) for cell in self.column(index)]
        whole = [value for value in found if isinstance(value, int) and value >= 0]
        return len(whole) == len(self.rows) > 1 and all(a < b for a, b in pairwise(whole))


def layout_of(text: str) -> Layout | None:
    """The layout that the lines at the beginning of a file have in common; None where they are no table."""
    numbered = list(islice(complete(enumerate(text.split("\n"), 1)), _LOOKED_AT))
    lines = [(n, line) for n, line in numbered if line.strip(LINES_BETWEEN)]
    if not lines:
        return None
    found = (_laid_out(lines, delimiter) for delimiter in _DELIMITERS)
    return max((one for one in found if one), key=lambda one: len(one.columns), default=None)


def complete(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The lines, with those joined that one quoted cell goes over."""
    held: list[tuple[int, str]] = []
    quotes = 0
    for number_, line in lines:
        if not held and '"' not in line:
            yield number_, line
            continue
        held.append((number_, line))
        quotes += line.count('"')
        if quotes % 2 == 0:
            yield held[0][0], "\n".join(text for _, text in held)
        elif len(held) < _MOST_LINES_OF_ONE_CELL:
            continue
        else:
            yield from held  # a quote that is none
        held, quotes = [], 0
    yield from held


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of a line, without the blanks around them."""
    if delimiter == BLANKS:
        return line.split()
    if delimiter == "|":
        line = line.strip().removeprefix("|").removesuffix("|")
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])]
    except csv.Error:
        return [line]


def names_in(cells: list[str]) -> tuple[str, ...]:
    """Names of columns, each once; those without are named by their position."""
    seen: Counter[str] = Counter()
    names = []
    for position, cell in enumerate(cells, 1):
        name = one_line(cell) or f"column{position}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return tuple(names)


def is_header(cells: list[str]) -> bool:
    """Whether the cells may be names of columns."""
    filled = [cell for cell in cells if cell]
    short = all(len(cell) <= 2 * LONGEST_NAME for cell in filled)
    return len(filled) >= max(1, len(cells) - 1) and short and not any(number(cell) is not None for cell in filled)


def _laid_out(lines: list[tuple[int, str]], delimiter: str) -> Layout | None:
    first, header_line, rest = _header(lines, delimiter)
    named = is_header(first)
    width = len(first)
    if not 2 <= width <= _MOST_COLUMNS and not (width == 1 and named and delimiter == ","):
        return None
    split = [cells_of(line, delimiter) for _, line in rest]
    split = [cells[:-1] if len(cells) == width + 1 and not cells[-1] else cells for cells in split]
    fitting = [tuple(cells) for cells in split if len(cells) == width and cells != first]
    if not named:
        fitting = [tuple(first), *fitting]
    # The last line may be torn; of a few others nothing is said.
    if not fitting or sum(len(cells) == width for cells in split) < 0.8 * (len(rest) - 1):
        return None
    comma = delimiter != "," and any(has_decimal_comma(cell) for row in fitting for cell in row)
    columns = names_in(first) if named else names_in([""] * width)
    found = Layout(delimiter, columns, header_line if named else 0, comma, tuple(fitting))
    return found if _holds(found) else None


def _header(lines: list[tuple[int, str]], delimiter: str) -> tuple[list[str], int, list[tuple[int, str]]]:
    """The cells of the first line that is no comment, or of a comment that names the columns; and the lines after."""
    body = [(n, line) for n, line in lines if not line.lstrip().startswith(COMMENTS)]
    before = [(n, line) for n, line in lines if not body or n < body[0][0]]
    if not body:
        return [], 0, []
    first = cells_of(body[0][1], delimiter)
    if before and not is_header(first):
        number_, line = before[-1]
        cells = cells_of(line.lstrip(" #%/;"), delimiter)
        if len(cells) == len(first) and is_header(cells):
            return cells, number_, body
    return first, body[0][0], body[1:]


def _holds(layout: Layout) -> bool:
    """Whether there are numbers, and in tables without lines between cells nothing else."""
    width = range(len(layout.columns))
    if layout.delimiter == BLANKS or not layout.header_line:
        return all(layout.is_numeric(index, least=1.0) for index in width)
    return any(map(layout.is_numeric, width))
