"""A table with a filter line: the part that the list of experiments and that of trials share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from cockpit.store.filter import EVERYTHING, Filter, Filterable, FilterError, parse
from cockpit.tui.ordering import Sort, ordered
from cockpit.tui.widgets.filter_bar import FilterBar
from cockpit.tui.widgets.table import Cell, Column, Table


class Item(Filterable, Protocol):
    """A row that has a name of its own."""

    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=Item)


class ListPane(Vertical, Generic[T]):
    """Filters, orders and shows rows.

    `counts` says how many are shown and how many there are, `empty_text` stands there while there are none.
    """

    DEFAULT_CSS = """
    ListPane { height: 1fr; border: round $border; border-title-color: $text; padding: 0; }
    ListPane:focus-within { border: round $primary; }
    """

    class Narrowed(Message):
        """Another filter or another order is in force."""

    def __init__(self, empty_text: str, id: str) -> None:
        super().__init__(id=id)
        self.counts = (0, 0)
        self.empty_text = empty_text
        self._rows: Sequence[T] = ()
        self._cells: Callable[[T], Sequence[Cell]] = lambda _: ()
        self._marks: Mapping[str, str] = {}
        self._fields: Collection[str] = ()
        self._filter = self._filter_before = EVERYTHING
        self._shown: list[T] = []
        self._shown_mark: object = None

    def compose(self) -> ComposeResult:
        yield Table[T]()
        yield FilterBar()

    @property
    def table(self) -> Table[T]:
        return self.query_one(Table)

    @property
    def filter_line(self) -> str:
        """What the rows are filtered by; empty where all are shown."""
        return self._filter.line

    @property
    def visible_rows(self) -> Sequence[T]:
        """The rows in the order in which they stand."""
        return self._shown

    def show(
        self,
        rows: Sequence[T],
        columns: Sequence[Column],
        fields: Collection[str],
        cells: Callable[[T], Sequence[Cell]],
        marks: Mapping[str, str],
    ) -> None:
        """New rows, or the same again with other cells."""
        self._rows, self._cells, self._marks, self._fields = rows, cells, marks, fields
        self.table.set_columns(columns)
        self._draw()

    def edit_filter(self) -> None:
        """Open the line that filters."""
        self._filter_before = self._filter
        self.query_one(FilterBar).open(self._filter.line)

    def clear_filter(self) -> bool:
        """Show all rows again; False when all are shown."""
        if not self._filter:
            return False
        self._set_filter(EVERYTHING)
        return True

    def sort_by_neighbour(self, step: int) -> None:
        """Order by the next shown column, or with -1 by the one before; beyond the last there is no order."""
        keys = [column.key for column in self.table.visible_columns]
        current = keys.index(self.table.sort.column) if self.table.sort and self.table.sort.column in keys else -1
        following = current + step if current >= 0 or step > 0 else len(keys) - 1
        self._sort(Sort(keys[following], True) if 0 <= following < len(keys) else None)

    def reverse(self) -> None:
        sort = self.table.sort
        if sort is not None:
            self._sort(Sort(sort.column, not sort.descending))

    def on_table_heading_pressed(self, event: Table.HeadingPressed) -> None:
        sort = self.table.sort
        descending = not sort.descending if sort is not None and sort.column == event.column else True
        self._sort(Sort(event.column, descending))

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        event.stop()
        self._try(event.text, is_typed=True)

    def on_filter_bar_accepted(self, event: FilterBar.Accepted) -> None:
        event.stop()
        if self._try(event.text):
            self.query_one(FilterBar).close()
            self.table.focus()

    def on_filter_bar_dismissed(self, event: FilterBar.Dismissed) -> None:
        event.stop()
        self.query_one(FilterBar).close()
        self._set_filter(self._filter_before)
        self.table.focus()

    def _try(self, text: str, is_typed: bool = False) -> bool:
        """Filter by a line as far as it can be understood; the last good one stays until then.

        A line that `is_typed` still may end in the middle of a word, which is no mistake.
        """
        bar = self.query_one(FilterBar)
        try:
            found = parse(text, self._fields, is_typed=is_typed)
        except FilterError as error:
            bar.is_mild = error.incomplete
            bar.error = str(error)
            return False
        bar.error = ""
        self._set_filter(found)
        return True

    def _set_filter(self, found: Filter) -> None:
        self._filter = found
        self._draw()
        self.post_message(self.Narrowed())

    def _sort(self, sort: Sort | None) -> None:
        self.table.sort = sort
        self._shown_mark = None
        self._draw()
        self.post_message(self.Narrowed())

    def _draw(self) -> None:
        self._shown = self._ordered()
        self.counts = (len(self._shown), len(self._rows))
        self.table.empty_text = f"nothing matches {self._filter.line}" if self._rows else self.empty_text
        self.table.show(self._shown, key=lambda row: row.key, cells=self._cells, marks=self._marks)

    def _ordered(self) -> list[T]:
        """Order on request, and when rows come and go, but not with every value: rows that jump cannot be read."""
        found = ordered(self._rows, self._filter, None)
        keys = frozenset(row.key for row in found)
        mark = (keys, self.table.sort)
        if mark == self._shown_mark:
            by_key = {row.key: row for row in found}
            return [by_key[row.key] for row in self._shown]
        self._shown_mark = mark
        return ordered(found, EVERYTHING, self.table.sort)
