"""How full and how busy things are: bars with their figures and their last minutes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.text import Text
from textual import events
from textual.widgets import Static

from cockpit.tui.glyphs import Glyphs
from cockpit.tui.text import shown

NARROWEST_BAR, WIDEST_BAR = 8, 40
NARROWEST_TREND, WIDEST_TREND = 12, 60
FIGURES = 5  # `100%` and a blank before it
GAP = "  "  # between the columns of a small table
CELL = 20  # of a small gauge, the gap to the next one included
MOST_CELL_LINES = 4


@dataclass(frozen=True)
class Gauge:
    """One bar: `share` of 1, what it means in words, and its history in per cent, oldest first.

    One that `warns` is drawn in the colour of warnings; its note says why.
    """

    label: str
    share: float
    note: str = ""
    history: tuple[float, ...] = ()
    warns: bool = False


@dataclass(frozen=True)
class Cells:
    """Many loads of one kind, per cent each: small bars where they have room, else one block for each."""

    loads: tuple[float, ...]


@dataclass(frozen=True)
class Words:
    """A line of text; `style` is Rich's."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Rows:
    """A small table: the first column holds words, the others numbers. Columns that have no room are left out."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Item = Gauge | Cells | Words | Rows


class Gauges(Static):
    """A pane of gauges and words, drawn for the width that it has."""

    DEFAULT_CSS = """
    Gauges { height: auto; padding: 0 1; }
    """

    def __init__(self, title: str, id: str) -> None:
        super().__init__(classes="pane", id=id)
        self.border_title = title
        self._items: Sequence[Item] = ()
        self._glyphs: Glyphs | None = None
        self._colours: Mapping[str, str] = {}
        self._drawn = Text()

    def show(self, items: Sequence[Item], glyphs: Glyphs, colours: Mapping[str, str]) -> None:
        """`colours` are the theme's."""
        self._items, self._glyphs, self._colours = items, glyphs, colours
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        width = self.content_size.width
        if self._glyphs is None or not width:
            return
        text = Text("\n").join(lines(self._items, width, self._glyphs, self._colours))
        if text != self._drawn:
            self._drawn = text
            self.update(text)


def lines(items: Sequence[Item], width: int, glyphs: Glyphs, colours: Mapping[str, str]) -> Iterator[Text]:
    """The items as lines of at most `width` cells."""
    gauges = [item for item in items if isinstance(item, Gauge)]
    label = max((len(gauge.label) for gauge in gauges), default=0)
    note = max((len(gauge.note) for gauge in gauges), default=0)
    for item in items:
        if isinstance(item, Gauge):
            yield _gauge(item, width, label, note, glyphs, colours)
        elif isinstance(item, Cells):
            yield from _cells(item.loads, width, glyphs, colours)
        elif isinstance(item, Rows):
            yield from _rows(item, width)
        else:
            line = shown(item.text, item.style)
            line.truncate(width, overflow="ellipsis")
            yield line


def _gauge(gauge: Gauge, width: int, label: int, note: int, glyphs: Glyphs, colours: Mapping[str, str]) -> Text:
    room = width - label - FIGURES - note - 4
    bar = min(WIDEST_BAR, max(NARROWEST_BAR, room * 2 // 3 if room - NARROWEST_TREND >= NARROWEST_BAR else room))
    trend = min(WIDEST_TREND, room - bar - 2)
    colour = colours.get("warning" if gauge.warns else "primary", "")
    line = Text(f"{gauge.label:<{label}} ", no_wrap=True)
    line.append_text(_bar(gauge.share, bar, glyphs, colour))
    line.append(f"{gauge.share:{FIGURES}.0%}", "bold")
    line.append(f"  {gauge.note:<{note}}", colour if gauge.warns else "")
    if trend >= NARROWEST_TREND and gauge.history:
        line.append(f"  {sparks(gauge.history, trend, glyphs)}", "dim")
    line.truncate(width, overflow="ellipsis")
    return line


def _bar(share: float, width: int, glyphs: Glyphs, colour: str) -> Text:
    full, empty = ("=", "-") if glyphs.ascii else ("━", "─")
    filled = min(width, max(0, round(share * width)))
    if share > 0 and filled == 0:
        filled = 1  # a little is not nothing
    return Text(full * filled, colour).append(empty * (width - filled), "dim")


def sparks(history: Sequence[float], width: int, glyphs: Glyphs) -> str:
    """Per cents as blocks, the mean of as many as fall on one; the newest is the last."""
    count = min(width, len(history))
    ends = [len(history) * number // count for number in range(count + 1)]
    means = [sum(history[first:last]) / (last - first) for first, last in pairwise(ends)]
    return "".join(_block(mean, glyphs) for mean in means)


def _block(load: float, glyphs: Glyphs) -> str:
    top = len(glyphs.blocks) - 1
    return glyphs.blocks[min(top, max(0, round(load / 100 * top)))]


def _cells(loads: Sequence[float], width: int, glyphs: Glyphs, colours: Mapping[str, str]) -> Iterator[Text]:
    across = max(1, (width + 2) // CELL)
    if len(loads) > across * MOST_CELL_LINES:
        blocks = "".join(_block(load, glyphs) for load in loads)
        yield from (Text(blocks[first : first + width], no_wrap=True) for first in range(0, len(blocks), width))
        return
    for first in range(0, len(loads), across):
        line = Text(no_wrap=True)
        for number, load in enumerate(loads[first : first + across], start=first):
            line.append(f"{number:>2} ", "dim").append_text(_bar(load / 100, 10, glyphs, colours.get("primary", "")))
            line.append(f"{load:4.0f}%  ")
        line.truncate(width, overflow="crop")
        yield line


def _rows(table: Rows, width: int) -> Iterator[Text]:
    cells = [[shown(cell) for cell in row] for row in (table.headings, *table.rows)]
    widths = [max(cell.cell_len for cell in column) for column in zip(*cells, strict=True)]
    room = [sum(widths[: number + 1]) + len(GAP) * number for number in range(len(widths))]
    fitting = max(1, sum(taken <= width for taken in room))
    for number, row in enumerate(cells):
        line = Text(no_wrap=True, style="" if number else "dim")
        for column, cell in enumerate(row[:fitting]):
            blanks = " " * (widths[column] - cell.cell_len)
            line.append_text(Text.assemble(cell, blanks) if column == 0 else Text.assemble(GAP, blanks, cell))
        line.truncate(width, overflow="ellipsis")
        yield line
