"""A table of what comes in, the newest row first."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from textual.message import Message

from cockpit.tui.widgets.columns import Cell
from cockpit.tui.widgets.table import Row, Table


class NewestTable(Table[Row]):
    """While the cursor is on the first row it follows what comes; on the last one, older rows are asked for."""

    class OlderWanted(Message):
        """Somebody looks at the oldest row that there is."""

    _subject: Hashable = None
    _first: str | None = None
    _last: str | None = None

    def show_newest(
        self,
        subject: Hashable,
        rows: Sequence[Row],
        *,
        key: Callable[[Row], str],
        cells: Callable[[Row], Sequence[Cell | str]],
    ) -> bool:
        """Show the rows of a subject, newest first; True while the newest is followed. Another subject begins so."""
        follows = subject != self._subject or self.cursor_key in (None, self._first)
        self._subject = subject
        self.show(rows, key=key, cells=cells)
        self._first, self._last = (key(rows[0]), key(rows[-1])) if rows else (None, None)
        if follows and self._first:
            self.move_to(self._first)
        return follows

    def on_table_moved(self, event: Table.Moved) -> None:
        if event.control is self and event.key is not None and event.key == self._last != self._first:
            self.post_message(self.OlderWanted())
