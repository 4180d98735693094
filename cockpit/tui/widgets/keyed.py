"""Rows that are known by a key, and where one of them is after rows came, went or changed places. No Textual here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Keyed(Generic[Row]):
    """Rows in their order. They are not copied, so whoever made the sequence leaves it alone."""

    rows: Sequence[Row]
    key: Callable[[Row], str]

    def __len__(self) -> int:
        return len(self.rows)

    def key_at(self, index: int) -> str:
        return self.key(self.rows[index])

    def find(self, wanted: str, near: int = 0) -> int | None:
        """Where the row with this key is; it is looked for at `near` first."""
        if 0 <= near < len(self.rows) and self.key_at(near) == wanted:
            return near
        key = self.key
        return next((index for index, row in enumerate(self.rows) if key(row) == wanted), None)


def followed(index: int, old: Keyed[Row], new: Keyed[Row]) -> int:
    """Where the row that was at `index` is now; if it is gone, its nearest neighbour that is still there.

    Of two neighbours at the same distance the one below wins, as it takes the empty place. `new` is not empty.
    """
    wanted = old.key_at(index)
    found = new.find(wanted, index)
    if found is not None:
        return found
    places = {new.key(row): place for place, row in enumerate(new.rows)}
    for distance in range(1, max(index + 1, len(old) - index)):
        for neighbour in (index + distance, index - distance):
            if 0 <= neighbour < len(old) and (place := places.get(old.key_at(neighbour))) is not None:
                return place
    return min(index, len(new) - 1)
