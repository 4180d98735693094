"""Which rows a table shows, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from cockpit.store.filter import Filter, Filterable

# No longer ones: Python refuses to read integers of thousands of digits.
_DIGITS = re.compile(r"(\d{1,18})")

Row = TypeVar("Row", bound=Filterable)
NumberKey = tuple[int, float]
TextKey = tuple[int, tuple[str | int, ...]]


@dataclass(frozen=True)
class Sort:
    """An order by one column, named by its key."""

    column: str
    descending: bool = False


def ordered(rows: Iterable[Row], wanted: Filter, sort: Sort | None) -> list[Row]:
    """The rows that `wanted` matches, by `sort` or else as they come.

    Numbers count as numbers and come before texts, texts count without regard to capitals, with the numbers in them as
    numbers (`t9` before `t10`). Rows without a value, or with NaN, are last in both directions. Equal rows keep their
    order.
    """
    kept = [row for row in rows if wanted.matches(row)] if wanted else list(rows)
    if sort is None:
        return kept
    keys: list[Any] = []
    present: list[Row] = []
    missing: list[Row] = []
    for row in kept:
        value = row.field(sort.column)
        if value is None or value != value:
            missing.append(row)
        else:
            keys.append(value)
            present.append(row)
    if not all(isinstance(key, (int, float)) for key in keys):
        keys = [_key(key) for key in keys]
    places = sorted(range(len(keys)), key=keys.__getitem__, reverse=sort.descending)
    return [*(present[place] for place in places), *missing]


def _key(value: Any) -> NumberKey | TextKey:
    """What a value of a column of mixed values sorts by."""
    if isinstance(value, (int, float)):
        return 0, value
    parts = _DIGITS.split(str(value).casefold())
    return 1, tuple(int(part) if place % 2 else part for place, part in enumerate(parts))
