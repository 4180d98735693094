"""The columns of one table as its values come and its width changes. No Textual here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.tui.widgets.columns import Column, Fit, Measured, fit, natural_width


class Arrangement:
    """Columns that widen for what comes into view and narrow only when told to `forget`, so that nothing jumps."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = columns
        self.skipped = 0
        self.fit = Fit()
        self._room = 0
        self._widths: list[int] = []

    @property
    def shown(self) -> tuple[Column, ...]:
        """The columns that have room, from left to right."""
        return tuple(self.columns[slot.column] for slot in self.fit.slots)

    @property
    def hidden(self) -> tuple[str, ...]:
        """The keys of those that have none."""
        return tuple(self.columns[number].key for number in self.fit.hidden)

    def forget(self) -> None:
        """Find widths anew from the rows that come next."""
        self._widths = []

    def widen(self, rows: Iterable[Sequence[Measured]], room: int) -> None:
        """Make these rows fit into lines of `room` cells."""
        widths = list(self._widths) or [natural_width(column) for column in self.columns]
        for row in rows:
            widths = [max(width, cell.width) for width, cell in zip(widths, row, strict=True)]
        if widths != self._widths or room != self._room:
            self._widths, self._room = widths, room
            self.fit = self._fitted(self.skipped)

    def shift(self, step: int) -> bool:
        """Let columns go on one side until at least one more has room on the other; False when there is none."""
        shown = {slot.column for slot in self.fit.slots}
        skipped = self.skipped + step
        while 0 <= skipped < len(self.columns):
            found = self._fitted(skipped)
            if not shown.issuperset(slot.column for slot in found.slots):
                self.skipped, self.fit = skipped, found
                return True
            skipped += step
        return False

    def _fitted(self, skipped: int) -> Fit:
        return fit(self.columns, self._widths, self._room, skipped)
