"""A table that stays quick with ten thousand rows: only what is on the screen is made, only what changed is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from rich.style import Style as RichStyle
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size, clamp
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget

from cockpit.tui.glyphs import ASCII, UNICODE
from cockpit.tui.ordering import Sort
from cockpit.tui.widgets.arrangement import Arrangement
from cockpit.tui.widgets.columns import Cell, Column, Measured, measured
from cockpit.tui.widgets.keyed import Keyed, followed
from cockpit.tui.widgets.table_lines import Line, empty_lines, heading_line, row_line

__all__ = ["Cell", "Column", "Sort", "Table"]

HEADER_LINES = 1
SAMPLE = 64  # rows, evenly spread, that widths are found from; a wider one widens its columns when it comes into view

Row = TypeVar("Row")


class Table(ScrollView, Generic[Row], can_focus=True):
    """Rows known by their key, under a line of headings that stays.

    Cursor and view stay with the row under the cursor, whatever comes, goes or changes places around it. A view of the
    first rows goes on showing the first rows, as long as the cursor is among them.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="table.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="table.down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="table.page_up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="table.page_down"),
        Binding("home,g", "first", "First row", show=False, id="table.first"),
        Binding("end,G", "last", "Last row", show=False, id="table.last"),
        Binding("left", "columns(-1)", "Columns before", show=False, id="table.left"),
        Binding("right", "columns(1)", "Further columns", show=False, id="table.right"),
        Binding("enter", "open", "Open", show=False, id="table.open"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--heading", "table--cursor", "table--empty"}
    DEFAULT_CSS = """
    Table {
        height: 1fr;
        background: $surface;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .table--heading { color: $foreground-muted; }
        & > .table--empty { color: $foreground-muted; }
        & > .table--cursor {
            color: $block-cursor-blurred-foreground;
            background: $block-cursor-blurred-background;
            text-style: $block-cursor-blurred-text-style;
        }
        &:focus > .table--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: $block-cursor-text-style;
        }
        &:nocolor > .table--cursor { text-style: underline; }
        &:nocolor:focus > .table--cursor { text-style: reverse; }
    }
    """

    sort: reactive[Sort | None] = reactive(None, repaint=False, init=False)
    """The order that the headings show; whoever sets it gives the rows in that order."""
    empty_text = reactive("", repaint=False, init=False)
    """What stands in the middle when there are no rows; it may have several lines."""
    ascii = reactive(False, repaint=False, init=False)
    """Whether the terminal shows nothing but ASCII."""
    hidden_columns: reactive[tuple[str, ...]] = reactive((), repaint=False, init=False)
    """Keys of the columns that have no room at present."""

    class About(Message):
        """Something about a table."""

        def __init__(self, table: Table[Any]) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> Widget:
            return self.table

    class Moved(About):
        """The cursor is on another row; `key` is None when there are no rows."""

        def __init__(self, table: Table[Any], key: str | None) -> None:
            super().__init__(table)
            self.key = key

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Table.Moved) and message.table is self.table

    class Opened(About):
        """A row was chosen, with enter or with a second click."""

        def __init__(self, table: Table[Any], key: str) -> None:
            super().__init__(table)
            self.key = key

    class HeadingPressed(About):
        """The heading of a column was clicked; `column` is its key."""

        def __init__(self, table: Table[Any], column: str) -> None:
            super().__init__(table)
            self.column = column

    def __init__(
        self,
        columns: Iterable[Column] = (),
        *,
        empty_text: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(Table.empty_text, empty_text)
        self._columns = tuple(columns)
        self._arranged = Arrangement(self._columns)
        self._rows: Keyed[Row] = Keyed((), lambda _: "")
        self._cells_of: Callable[[Row], Sequence[Cell | str]] = lambda _: ()
        self._marks: Mapping[str, str] = {}
        self._cursor = 0
        self._announced: str | None = None
        self._clicked: str | None = None
        self._sampled = 0
        self._drawn: list[Line] = []
        self._styles: dict[tuple[str, str], RichStyle] = {}

    # What is shown

    def set_columns(self, columns: Iterable[Column]) -> None:
        """Have other columns from the next `show` on; the same again cost nothing."""
        self._columns = tuple(columns)

    def show(
        self,
        rows: Sequence[Row],
        *,
        key: Callable[[Row], str],
        cells: Callable[[Row], Sequence[Cell | str]],
        marks: Mapping[str, str] | None = None,
    ) -> None:
        """Show these rows, each with one cell per column; nobody may change `rows` afterwards.

        `marks` are colours by key, for the bar at the left. Nothing is drawn where nothing changed.
        """
        if self._columns != self._arranged.columns:
            self._arranged, self._sampled = Arrangement(self._columns), 0
        old, self._rows = self._rows, Keyed(rows, key)
        self._cells_of, self._marks = cells, marks or {}
        top = self._follow(old) if len(old) and len(rows) else 0
        self._cursor = min(self._cursor, max(0, len(rows) - 1))
        self._set_height(len(rows) + HEADER_LINES)
        self._scroll(top)
        self._draw()
        self._announce()

    @property
    def cursor_key(self) -> str | None:
        """The key of the row under the cursor; None when there are no rows."""
        return self._rows.key_at(self._cursor) if len(self._rows) else None

    @property
    def visible_columns(self) -> Sequence[Column]:
        """The columns that have room, from left to right."""
        return self._arranged.shown

    def move_to(self, key: str) -> bool:
        """Put the cursor on a row; False when there is none with this key."""
        found = self._rows.find(key, self._cursor)
        if found is None:
            return False
        self._go(found)
        return True

    # Keys and mouse

    def action_move(self, rows: int) -> None:
        self._go(self._cursor + rows)

    def action_page(self, pages: int) -> None:
        rows = pages * max(1, self._page)
        self._scroll(self.scroll_offset.y + rows)
        self._go(self._cursor + rows)

    def action_first(self) -> None:
        self._go(0)

    def action_last(self) -> None:
        self._go(len(self._rows) - 1)

    def action_open(self) -> None:
        key = self.cursor_key
        if key is not None:
            self.post_message(self.Opened(self, key))

    def action_columns(self, step: int) -> None:
        """Show further columns on the right, or on the left with -1, in the place of some on the other side."""
        if self._arranged.shift(step):
            self._draw()

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.x >= self.scrollable_content_region.width:
            return
        if offset.y < HEADER_LINES:
            column = self._arranged.fit.column_at(offset.x)
            if column is not None:
                self.post_message(self.HeadingPressed(self, self._arranged.columns[column].key))
            return
        index = self.scroll_offset.y + offset.y - HEADER_LINES
        if index < len(self._rows):
            clicked = self._rows.key_at(index)
            is_second = clicked == self.cursor_key == self._clicked
            self._go(index)
            self._clicked = clicked
            if is_second:
                self.action_open()

    # How Textual tells and asks

    def on_resize(self) -> None:
        self._reveal()
        self._draw()
        self._announce()

    def notify_style_update(self) -> None:
        self._styles.clear()
        super().notify_style_update()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.position = new_value
        if round(old_value) != round(new_value):
            self._draw()

    def watch_sort(self) -> None:
        self._arranged.forget()
        self._sampled = 0
        self._draw()

    def watch_empty_text(self) -> None:
        self._draw()

    def watch_ascii(self) -> None:
        self._draw()

    def render_line(self, y: int) -> Strip:
        line = self._drawn[y] if y < len(self._drawn) else Line()
        segments = [Segment(text, self._style(line.kind, style)) for text, style in line.cells]
        mark = Segment(line.mark.text, self._style("mark" if line.kind == "cursor" else line.kind, line.mark.style))
        strip = Strip([mark, *segments])
        return strip.adjust_cell_length(self.scrollable_content_region.width, self._style(line.kind, ""))

    # Cursor and view

    @property
    def _page(self) -> int:
        """How many rows there is room for."""
        return max(0, self.scrollable_content_region.height - HEADER_LINES)

    def _follow(self, old: Keyed[Row]) -> int:
        """Put the cursor where its row is now; return the first row to show, so that it stays at its place."""
        top = self.scroll_offset.y
        is_in_view = top <= self._cursor < top + self._page
        held = self._cursor if is_in_view else min(top, len(old) - 1)
        place = followed(held, old, self._rows)
        self._cursor = place if is_in_view else followed(self._cursor, old, self._rows)
        if top == 0 and (self._cursor < self._page or not is_in_view):
            return 0
        return top + place - held

    def _go(self, index: int) -> None:
        if not len(self._rows):
            return
        self._cursor = clamp(index, 0, len(self._rows) - 1)
        self._clicked = None
        self._reveal()
        self._draw()
        self._announce()

    def _reveal(self) -> None:
        """Scroll no farther than needed to see the cursor."""
        top = self.scroll_offset.y
        self._scroll(clamp(top, self._cursor - self._page + 1, self._cursor))

    def _scroll(self, top: int) -> None:
        if self.is_attached and top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, force=True)

    def _set_height(self, lines: int) -> None:
        size = Size(1, lines)
        if size == self.virtual_size:
            return
        if self.styles.auto_dimensions:
            self.virtual_size = size
            return
        # Assigning it would lay out the screen and paint the whole table, for a scroll bar that is a little shorter.
        self.set_reactive(Table.virtual_size, size)
        self._scroll_update(size)

    def _announce(self) -> None:
        key = self.cursor_key
        if key != self._announced and self.is_attached:
            self._announced = key
            self.post_message(self.Moved(self, key))

    # Lines

    def _draw(self) -> None:
        """Bring the lines up to date; those that differ from what is on the screen are painted again."""
        width, height = self.scrollable_content_region.size
        if not height:
            return
        top = self.scroll_offset.y
        rows = self._rows.rows[top : top + self._page]
        made = [self._measured(row) for row in rows]
        self._arranged.widen((*self._sample(), *made), width)
        self.hidden_columns = self._arranged.hidden
        glyphs = ASCII if self.ascii else UNICODE
        lines = [heading_line(self._arranged, self.sort, width, glyphs)]
        for index, (row, cells) in enumerate(zip(rows, made, strict=True), top):
            mark = self._marks.get(self._rows.key(row), "")
            lines.append(row_line(self._arranged, cells, mark, index == self._cursor, glyphs))
        if not lines[HEADER_LINES:]:
            lines += empty_lines(self.empty_text, width, self._page, glyphs)
        lines += [Line()] * (height - len(lines))
        old, self._drawn = self._drawn, lines
        if len(old) != len(lines):
            self.refresh()
        elif changed := [Region(0, y, width, 1) for y in range(height) if lines[y] != old[y]]:
            self.refresh(*changed)

    def _measured(self, row: Row) -> Sequence[Measured]:
        return [measured(cell) for cell in self._cells_of(row)]

    def _sample(self) -> Sequence[Sequence[Measured]]:
        """Rows from the whole table that columns get their widths from, again once there are many more of them."""
        if len(self._rows) <= 2 * self._sampled:
            return ()
        self._sampled = len(self._rows)
        return [self._measured(row) for row in self._rows.rows[:: max(1, self._sampled // SAMPLE)]]

    def _style(self, kind: str, text: str) -> RichStyle:
        """The style of a text in a line of this kind; `mark` is the bar beside the cursor, which keeps its colour."""
        found = self._styles.get((kind, text))
        if found is None:
            own = Style.parse(text)
            if kind == "cursor" and self.has_focus:
                # Not every colour can be read on the cursor's; glyphs and words say the same.
                own = own.without_color
            found = self._styles[kind, text] = (self._base_style(kind) + own).rich_style
        return found

    def _base_style(self, kind: str) -> Style:
        if kind == "row":
            return self.get_visual_style()
        component = "table--cursor" if kind == "mark" else f"table--{kind}"
        # Textual leaves `reverse` out of visual styles.
        reverse = self.get_component_styles(component).text_style.reverse
        return self.get_visual_style(component) + Style(reverse=reverse)
