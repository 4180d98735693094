"""A metric over steps, down-sampled for drawing without losing a spike."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bucket:
    """Some neighbouring steps: the range of steps, and min, max and mean of their finite values.

    `missing` counts values that are NaN; a bucket of nothing but NaN has None for the rest.
    """

    first_step: int
    last_step: int
    low: float | None
    high: float | None
    mean: float | None
    missing: int


_QUERY = """
SELECT min(step), max(step), min(value), max(value), avg(value), count(*) - count(value)
FROM point WHERE trial = :trial AND metric = :metric AND step BETWEEN :first AND :last
GROUP BY (step - :first) * :buckets / (:last - :first + 1)
"""


def downsample(
    connection: sqlite3.Connection,
    trial: int,
    metric: int,
    buckets: int,
    first: int | None = None,
    last: int | None = None,
) -> list[Bucket]:
    """Return at most `buckets` buckets over steps `first` … `last` (all steps by default), in order of steps."""
    key = {"trial": trial, "metric": metric}
    where = "FROM point WHERE trial = :trial AND metric = :metric"
    lowest, highest = connection.execute(
        f"SELECT (SELECT step {where} ORDER BY step LIMIT 1), (SELECT step {where} ORDER BY step DESC LIMIT 1)", key
    ).fetchone()
    if lowest is None:
        return []
    window = {"first": lowest if first is None else first, "last": highest if last is None else last}
    if buckets < 1 or window["first"] > window["last"]:
        return []
    return [Bucket(*row) for row in connection.execute(_QUERY, {**key, **window, "buckets": buckets})]
