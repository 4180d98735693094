"""Dated headings, with the slips of those who write them at night."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime

HEADING = re.compile(r"[\s*_`\[(]*(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")

Written = tuple[int, int, int]  # year, month, day


def written(heading: str) -> Written | None:
    """The date that a heading begins with, as it is written; None where it has none."""
    found = HEADING.match(heading)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def mended(days: Sequence[Written]) -> list[date | None]:
    """The dates that were meant, in a diary whose days follow each other.

    One that goes back has the year or the month of the day before it, when that puts it in order; otherwise it stays
    as written. One that is in no calendar is None.
    """
    found: list[date | None] = []
    before: date | None = None
    for number, day in enumerate(days):
        after = next((real for later in days[number + 1 : number + 4] if (real := _date(*later))), None)
        meant = _meant(day, before, after)
        found.append(meant)
        before = meant or before
    return found


def seconds(day: date) -> float:
    """The begin of a day, in seconds since 1970; diaries do not tell time zones."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _meant(day: Written, before: date | None, after: date | None) -> date | None:
    year, month, number = day
    as_written = _date(*day)
    if before is None:
        return as_written
    candidates = [
        as_written, _date(before.year, month, number), _date(year, before.month, number),
        _date(before.year, before.month, number),
    ]  # fmt: skip
    ordered = [one for one in candidates if one is not None and one >= before]
    fitting = [one for one in ordered if after is None or after < before or one <= after]
    if fitting:
        return fitting[0]
    return as_written or (ordered[0] if ordered else None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
