"""The space of a search as a table of cells, one of which has the cursor."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size, clamp
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from cockpit.events.text import one_line
from cockpit.tui.glyphs import UNICODE, Glyphs
from cockpit.tui.launch.draft import Draft
from cockpit.tui.launch.grid import Grid, GridCell, lay_out, moved
from cockpit.tui.launch.parameter import DISTRIBUTION
from cockpit.tui.launch.problem import Problem

HEADER_LINES = 1
INDENT = 3  # of a message below its row
LEAST_CURSOR = 3  # cells, so that an empty one can be seen


class Line(NamedTuple):
    """A line below the headings: a row of the grid, or with a `message` what is wrong in the row above."""

    row: int
    message: str = ""


class SpaceTable(ScrollView, can_focus=True):
    """Shows a draft's space. It changes nothing itself, but says what somebody wants to change."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False, id="space.up"),
        Binding("down,j", "move(1)", show=False, id="space.down"),
        Binding("pageup,home", "move(-1000)", show=False, id="space.first"),
        Binding("pagedown,end", "move(1000)", show=False, id="space.last"),
        Binding("left,h", "step(-1)", show=False, id="space.left"),
        Binding("right,l", "step(1)", show=False, id="space.right"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "space--heading", "space--cell", "space--changed", "space--wrong", "space--cursor", "space--message",
    }  # fmt: skip
    DEFAULT_CSS = """
    SpaceTable {
        height: 1fr; overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
        background: $background; color: $foreground;
        & > .space--heading { color: $foreground-muted; }
        & > .space--changed { color: $accent; }
        & > .space--wrong { color: $error; text-style: bold; }
        & > .space--message { color: $error; }
        & > .space--cursor { background: $block-cursor-blurred-background; }
        &:focus > .space--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
        &:nocolor > .space--wrong { text-style: bold underline; }
        &:nocolor:focus > .space--cursor { text-style: reverse; }
    }
    """

    class EditAsked(Message):
        """The cell under the cursor shall be changed; `text` is what was typed already, None for what stands there."""

        def __init__(self, text: str | None) -> None:
            super().__init__()
            self.text = text

    class Scrolled(Message):
        """Cells stand elsewhere on the screen."""

    def __init__(self) -> None:
        super().__init__()
        self.glyphs: Glyphs = UNICODE
        self._draft: Draft | None = None
        self._problem: Problem | None = None
        self._grid = Grid((), ())
        self._lines: list[Line] = []
        self._row = 0
        self._cell = DISTRIBUTION
        self._has_asked = False

    # What is shown

    def show(self, draft: Draft | None, problem: Problem | None) -> None:
        """This space, with what is wrong in it below its row."""
        if draft is self._draft and problem == self._problem:
            return
        name = self.cursor[0] if self.cursor else ""
        self._draft, self._problem = draft, problem
        self._lay_out()
        self._row = moved(self._grid.rows, name)
        self._keep_cell()
        self._draw()

    @property
    def cursor(self) -> tuple[str, str] | None:
        """The parameter and the cell under the cursor; None when there are none."""
        if not self._grid.rows:
            return None
        return self._grid.rows[self._row].name, self._cell

    def cursor_region(self) -> Region:
        """Where the cell under the cursor is inside this widget, and how much room it has."""
        cell = self._grid.rows[self._row].cell(self._cell)
        line = self._lines.index(Line(self._row))
        assert cell is not None
        return Region(cell.x, HEADER_LINES + line - self.scroll_offset.y, cell.width, 1)

    def go_to(self, name: str, cell: str) -> None:
        """Put the cursor on a cell."""
        self._row = moved(self._grid.rows, name)
        self._cell = cell
        self._keep_cell()
        self._draw()

    # Keys and mouse

    def action_move(self, rows: int) -> None:
        if self._grid.rows:
            before = self._grid.rows[self._row].cell(self._cell)
            self._row = clamp(self._row + rows, 0, len(self._grid.rows) - 1)
            row = self._grid.rows[self._row]
            if row.cell(self._cell) is None and before is not None:
                self._cell = row.nearest(before.x).key
            self._draw()

    def action_step(self, cells: int) -> None:
        if self._grid.rows:
            keys = [cell.key for cell in self._grid.rows[self._row].cells]
            self._cell = keys[clamp(keys.index(self._cell) + cells, 0, len(keys) - 1)]
            self._draw()

    def on_key(self, event: events.Key) -> None:
        if self.cursor is None or self._cell == DISTRIBUTION:
            return
        typed = event.character if event.is_printable else None
        begins = event.key == "backspace" or (typed is not None and (typed.isdigit() or typed in "-.'\"[{"))
        # Of what is typed at once, most comes before the keyboard belongs to the field.
        if begins or (self._has_asked and typed is not None):
            event.stop()
            self._has_asked = True
            self.post_message(self.EditAsked(typed or ""))

    def on_focus(self) -> None:
        self._has_asked = False

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or self._draft is None:
            return
        number = offset.y - HEADER_LINES + self.scroll_offset.y
        if offset.y < HEADER_LINES or number >= len(self._lines):
            return
        row = self._lines[number].row
        cell = self._grid.rows[row].nearest(offset.x).key
        is_second = (row, cell) == (self._row, self._cell) and event.chain > 1
        self._row, self._cell = row, cell
        self._draw()
        if is_second:
            self.post_message(self.EditAsked(None))

    # How Textual tells and asks

    def on_resize(self) -> None:
        self._lay_out()
        self._draw()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.refresh()
            self.post_message(self.Scrolled())

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        number = y - HEADER_LINES + self.scroll_offset.y
        if y < HEADER_LINES:
            strip = self._strip(self._grid.headings, "heading")
        elif number >= len(self._lines):
            strip = Strip.blank(width, self.rich_style)
        elif message := self._lines[number].message:
            strip = Strip([Segment(f"{' ' * INDENT}{message}", self._style("message"))])
        else:
            strip = self._row_strip(self._lines[number].row)
        return strip.adjust_cell_length(width, self.rich_style)

    # Lines

    def _lay_out(self) -> None:
        """Find places for what is to be shown."""
        width = self.scrollable_content_region.width
        if self._draft is None or not width:
            self._grid, self._lines = Grid((), ()), []
            return
        spot = self._problem.spot if self._problem else None
        self._grid = lay_out(self._draft, spot, width, self.glyphs.ellipsis)
        self._lines = []
        for number, row in enumerate(self._grid.rows):
            self._lines.append(Line(number))
            if self._problem is not None and spot is not None and spot.parameter == row.name:
                words = textwrap.wrap(one_line(self._problem.text), max(10, width - INDENT - 1))
                self._lines += [Line(number, text) for text in words]
        self._row = clamp(self._row, 0, max(0, len(self._grid.rows) - 1))
        self.virtual_size = Size(width, len(self._lines) + HEADER_LINES)

    def _keep_cell(self) -> None:
        """The cursor is on a cell that is there."""
        if self._grid.rows:
            row = self._grid.rows[self._row]
            if row.cell(self._cell) is None:
                self._cell = row.cells[min(1, len(row.cells) - 1)].key

    def _draw(self) -> None:
        self._reveal()
        self.refresh()

    def _reveal(self) -> None:
        """Scroll no farther than needed to see the cursor, with what is said of its row."""
        if not self._lines or not self.is_attached:
            return
        first = self._lines.index(Line(self._row))
        last = max(number for number, line in enumerate(self._lines) if line.row == self._row)
        page = max(1, self.scrollable_content_region.height - HEADER_LINES)
        top = min(max(self.scroll_offset.y, last - page + 1), first)
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)

    def _row_strip(self, number: int) -> Strip:
        row = self._grid.rows[number]
        return self._strip((row.title, *row.cells), "cell", number)

    def _strip(self, cells: Iterable[GridCell], kind: str, row: int | None = None) -> Strip:
        segments: list[Segment] = []
        x = 0
        for cell in cells:
            has_cursor = row == self._row and cell.key == self._cell
            style = self._style(cell.state or kind)
            if has_cursor:
                style += self.get_component_rich_style("space--cursor", partial=True)
            text = Strip([Segment(cell.text, style)])
            room = max(text.cell_length, min(cell.width, LEAST_CURSOR)) if has_cursor else text.cell_length
            segments.append(Segment(" " * (cell.x - x), self.rich_style))
            segments += text.adjust_cell_length(room, style)
            x = cell.x + room
        return Strip(segments)

    def _style(self, kind: str) -> Style:
        return self.get_component_rich_style(f"space--{kind}")
