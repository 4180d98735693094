"""What the lists of experiments and of trials have in common: filter, order, marks, and the row under the cursor."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Generic

from cockpit.tui.actions import Action
from cockpit.tui.palette import LINE_COLORS
from cockpit.tui.screens.base import CockpitScreen
from cockpit.tui.widgets.borders import retitle
from cockpit.tui.widgets.list_pane import ListPane, T
from cockpit.tui.widgets.table import Table


class ListingScreen(CockpitScreen, Generic[T]):
    """A screen with a list of rows, `noun` of them; `marked` are their keys in the order in which they were marked."""

    noun: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.marked: dict[str, None] = {}

    @property
    def listing(self) -> ListPane[T]:
        return self.query_one(ListPane)

    @abstractmethod
    def open_row(self, key: str) -> None:
        """Go to the screen of one row."""

    @abstractmethod
    def compare_rows(self, keys: list[str]) -> None:
        """Go to the screen that shows these rows side by side."""

    def fits_listing(self, action: Action, name: str) -> str | None:
        """What an action on the list would do now, None for other actions; `name` is that of the row at the cursor."""
        if action.name in ("open", "mark"):
            return f"{action.label.capitalize()} {name}" if name else ""
        if action.name == "unmark_all":
            return action.text if self.marked else ""
        if action.name == "compare":
            return f"Compare {len(self.marked)} {self.noun}" if len(self.marked) > 1 else ""
        if action.name in ("filter", "sort", "sort_back"):
            return action.text if self.listing.counts[1] else ""
        if action.name == "reverse":
            return action.text if self.listing.table.sort else ""
        return None

    def tell_counts(self, otherwise: str = "") -> None:
        """Say in the border how many rows the filter leaves, or something else where there is none."""
        shown_rows, rows = self.listing.counts
        line = self.listing.filter_line
        retitle(self.listing, subtitle=f"{shown_rows} of {rows}  {line}" if line else otherwise)

    def step_back(self) -> bool:
        return self.listing.clear_filter()

    def on_table_moved(self, event: Table.Moved) -> None:
        if event.control is self.listing.table:
            self.look_again()

    def on_table_opened(self, event: Table.Opened) -> None:
        if event.control is self.listing.table:
            self.open_row(event.key)

    def on_list_pane_narrowed(self) -> None:
        self.look_again()

    def action_open(self) -> None:
        if key := self.listing.table.cursor_key:
            self.open_row(key)

    def action_compare(self) -> None:
        self.compare_rows(list(self.marked))

    def action_mark(self) -> None:
        key = self.listing.table.cursor_key
        if not key:
            return
        if key in self.marked:
            del self.marked[key]
        elif len(self.marked) == len(LINE_COLORS):
            self.cockpit.say(f"{len(LINE_COLORS)} {self.noun} are marked already; space takes one away, u all")
        else:
            self.marked[key] = None
        self.look_again()

    def action_unmark_all(self) -> None:
        self.marked = {}
        self.look_again()

    def action_filter(self) -> None:
        self.listing.edit_filter()

    def action_sort(self) -> None:
        self.listing.sort_by_neighbour(1)

    def action_sort_back(self) -> None:
        self.listing.sort_by_neighbour(-1)

    def action_reverse(self) -> None:
        self.listing.reverse()
