"""The space of a search with a field that lies over the cell that is being changed."""

from __future__ import annotations

from typing import NamedTuple

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Region
from textual.message import Message
from textual.widgets import Input

from cockpit.tui.glyphs import Glyphs
from cockpit.tui.launch.draft import Draft
from cockpit.tui.launch.parameter import DISTRIBUTION
from cockpit.tui.launch.problem import Problem
from cockpit.tui.widgets.line_input import LineInput
from cockpit.tui.widgets.space_table import SpaceTable

LEAST_ROOM = 14  # cells of a field; a number with its sign, point and exponent


class _Edited(NamedTuple):
    """The cell that the field lies over, and what stood in it before."""

    parameter: str
    cell: str
    before: str


class SpacePane(Container):
    """Shows the space; every letter that is typed into a cell is told at once."""

    DEFAULT_CSS = """
    SpacePane { layers: below above; }
    SpacePane > SpaceTable { layer: below; }
    SpacePane > LineInput {
        layer: above; position: absolute; display: none; background: $panel; background-tint: $foreground 8%;
        &.-wrong { color: $error; text-style: bold; }
    }
    """

    class Changed(Message):
        """Another text in a cell."""

        def __init__(self, parameter: str, cell: str, text: str) -> None:
            super().__init__()
            self.parameter, self.cell, self.text = parameter, cell, text

    class KindAsked(Message):
        """The parameter under the cursor shall have the next distribution."""

    def __init__(self, id: str, classes: str) -> None:
        super().__init__(id=id, classes=classes)
        self._draft: Draft | None = None
        self._edited: _Edited | None = None
        self._titles = (Text(), Text())
        self._placed = Region()

    def compose(self) -> ComposeResult:
        yield SpaceTable()
        yield LineInput()

    @property
    def table(self) -> SpaceTable:
        return self.query_one(SpaceTable)

    @property
    def is_editing(self) -> bool:
        return self._edited is not None

    def show(self, draft: Draft | None, problem: Problem | None, title: Text, facts: Text, glyphs: Glyphs) -> None:
        """`title` stands in the border above, `facts` in the one below."""
        if (title, facts) != self._titles:
            self._titles = title, facts
            self.border_title, self.border_subtitle = title, facts
        self.table.glyphs = glyphs
        self._draft = draft
        self.table.show(draft, problem)
        spot = problem.spot if problem else None
        is_wrong = spot is not None and self._edited is not None and spot[:2] == self._edited[:2]
        self.query_one(LineInput).set_class(is_wrong, "-wrong")
        self._place()

    def edit(self, text: str | None = None) -> None:
        """Put a field over the cell under the cursor, with what stands there or with `text`.

        While a field is there, `text` is added to it, and none accepts it.
        """
        cursor = self.table.cursor
        row = self._draft.parameter(cursor[0]) if self._draft and cursor else None
        if self._edited is not None:
            self._type(text)
        elif cursor is None or row is None:
            return
        elif cursor[1] == DISTRIBUTION:
            self.post_message(self.KindAsked())
        else:
            self._open(_Edited(*cursor, row.cell(cursor[1])), text)

    def _open(self, edited: _Edited, text: str | None) -> None:
        self._edited = edited
        field = self.query_one(LineInput)
        field.put(edited.before)
        field.cursor_position = len(edited.before)
        field.display = True
        self._place()
        field.focus()
        if text is not None:
            field.value = text
            field.cursor_position = len(text)

    def _type(self, text: str | None) -> None:
        field = self.query_one(LineInput)
        if text is None:
            self._close()
        else:
            field.insert_text_at_cursor(text)

    def leave(self) -> bool:
        """Put back what stood in the cell; False when none is being changed."""
        if self._edited is None:
            return False
        before = self._edited
        self._close()
        self.post_message(self.Changed(*before))
        return True

    def on_space_table_edit_asked(self, event: SpaceTable.EditAsked) -> None:
        event.stop()
        self.edit(event.text)

    def on_space_table_scrolled(self, event: SpaceTable.Scrolled) -> None:
        event.stop()
        self._place()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._edited is not None:
            self.post_message(self.Changed(self._edited.parameter, self._edited.cell, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._close()

    def on_input_blurred(self, event: Input.Blurred) -> None:
        event.stop()
        self._edited = None
        event.input.display = False

    def on_key(self, event: events.Key) -> None:
        if self.is_editing and event.key in ("up", "down"):
            event.stop()
            self._close()
            self.table.action_move(-1 if event.key == "up" else 1)

    def on_resize(self) -> None:
        self.call_after_refresh(self._place)

    def _close(self) -> None:
        self._edited = None
        self.table.focus()
        self.query_one(LineInput).display = False

    def _place(self) -> None:
        """Lay the field over its cell, wherever that is now."""
        if self._edited is None or self.table.cursor is None:
            return
        cell = self.table.cursor_region()
        room = min(max(cell.width + 1, LEAST_ROOM), self.content_size.width - cell.x)
        region = Region(cell.x, cell.y, room, 1)
        if region != self._placed:
            self._placed = region
            field = self.query_one(LineInput)
            field.styles.offset = region.offset
            field.styles.width = region.width
