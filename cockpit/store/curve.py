"""One metric of one trial over its steps, in at most a few thousand buckets, grown without reading anything twice.

The width of a bucket is a power of two and doubles when there are too many, so memory and the cost of drawing stay the
same however long a trial runs, and the least and greatest value of every bucket are exact.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from cockpit.store.arrays import np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BUCKETS = 1024
NORM_COLUMNS = ("param_mean", "param_std", "grad_mean", "grad_std", "grad_max", "update_ratio")

# The whole answer is one text: a query lets other threads run while it works, and has to wait for them after every row.
# Asking bucket by bucket spares SQLite from sorting what is sorted already; `quote` writes numbers exactly.
_NEW = """
WITH RECURSIVE bucket(first) AS (
    SELECT :begin UNION ALL SELECT first + :width FROM bucket WHERE first + :width <= :last
)
SELECT group_concat((
    SELECT (bucket.first / :width) || ' ' || max(step) || ' ' || quote(min(value)) || ' ' || quote(max(value)) || ' ' ||
        quote(sum(value)) || ' ' || count(value) || ' ' || (count(*) - count(value))
    FROM ({rows}) WHERE step BETWEEN max(bucket.first, :first) AND min(bucket.first + :width - 1, :last)
), ' ') FROM bucket
"""
_EDGE = "SELECT step FROM ({rows}) WHERE step BETWEEN :first AND :last ORDER BY step"
_EDGES = f"SELECT (SELECT * FROM ({_EDGE} LIMIT 1)), (SELECT * FROM ({_EDGE} DESC LIMIT 1))"
_BUCKET, _STEP, _LOW, _HIGH, _SUM, _COUNT, _MISSING = range(7)
_LAST_STEP = 2**62


@dataclass(frozen=True, eq=False, slots=True)
class Curve:
    """What is drawn. Arrays of one length, a row for each bucket: its last step, the least, greatest and mean of its
    finite values (NaN where there is none), and how many of its values are NaN.
    """

    steps: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: NDArray[np.float64]
    missing: NDArray[np.int64]


class Values(NamedTuple):
    """Where the values of one curve are: a query for their `step` and `value`, and its arguments."""

    rows: str
    key: Mapping[str, int | str]


def metric_values(trial: int, metric: int) -> Values:
    """One metric of one trial."""
    return Values(
        "SELECT step, value FROM point WHERE trial = :trial AND metric = :metric", {"trial": trial, "metric": metric}
    )


def norm_values(trial: int, group: str, column: str) -> Values:
    """One of `NORM_COLUMNS` for one trial and parameter group. Raises `KeyError` for any other column."""
    if column not in NORM_COLUMNS:
        raise KeyError(column)
    query = f'SELECT step, {column} AS value FROM norm WHERE trial = :trial AND "group" = :group'
    return Values(query, {"trial": trial, "group": group})


class GrowingCurve:
    """Reads what is new and keeps the buckets. `window` limits it to some steps, for a closer look."""

    def __init__(self, values: Values, window: tuple[int, int] | None = None) -> None:
        self._key = values.key
        self._edges, self._new = (query.format(rows=values.rows) for query in (_EDGES, _NEW))
        self._window = window or (-_LAST_STEP, _LAST_STEP)
        self._width = 1
        self._rows = np.empty((0, 7))
        self._curve: Curve | None = None

    def read(self, connection: sqlite3.Connection) -> Curve:
        """The curve as of now; the same object as before where nothing was added."""
        first, last = connection.execute(self._edges, self._unread()).fetchone()
        if first is not None:
            self._widen_for(first, last)
            self._merge(self._query(connection, first, last))
        if first is not None or self._curve is None:
            self._curve = _curve(self._rows)
        return self._curve

    def _unread(self) -> dict[str, int | str]:
        first, last = self._window
        if len(self._rows):
            first = max(first, int(self._rows[-1, _STEP]) + 1)
        return {**self._key, "first": first, "last": last}

    def _widen_for(self, first: int, last: int) -> None:
        """Make buckets so wide that they would hold all steps, which saves reading them in finer ones."""
        if len(self._rows):
            first = int(self._rows[0, _STEP])
        while (last - first) // self._width >= MOST_BUCKETS:
            self._double()

    def _query(self, connection: sqlite3.Connection, first: int, last: int) -> NDArray[np.float64]:
        begin = first // self._width * self._width
        wanted = {**self._key, "width": self._width, "begin": begin, "first": first, "last": last}
        (text,) = connection.execute(self._new, wanted).fetchone()
        return np.fromiter(map(float, text.replace("NULL", "nan").split()), np.float64).reshape(-1, 7)

    def _merge(self, new: NDArray[np.float64]) -> None:
        rows = np.concatenate([self._rows, new])
        joint = len(self._rows)
        if joint and rows[joint - 1, _BUCKET] == rows[joint, _BUCKET]:
            rows = _joined(rows, rows[:, _BUCKET])
        self._rows = rows
        while len(self._rows) > MOST_BUCKETS:
            self._double()

    def _double(self) -> None:
        self._width *= 2
        if len(self._rows):
            self._rows = _joined(self._rows, np.floor(self._rows[:, _BUCKET] / 2))


def _joined(rows: NDArray[np.float64], buckets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of one bucket as one row. NaN stands for "no finite value" in least and greatest."""
    starts = np.flatnonzero(np.diff(buckets, prepend=np.nan) != 0)
    joined = np.empty((len(starts), 7))
    joined[:, _BUCKET] = buckets[starts]
    joined[:, _STEP] = np.maximum.reduceat(rows[:, _STEP], starts)
    joined[:, _LOW] = np.fmin.reduceat(rows[:, _LOW], starts)
    joined[:, _HIGH] = np.fmax.reduceat(rows[:, _HIGH], starts)
    joined[:, _SUM] = np.add.reduceat(np.nan_to_num(rows[:, _SUM], nan=0.0, posinf=np.inf, neginf=-np.inf), starts)
    joined[:, _COUNT] = np.add.reduceat(rows[:, _COUNT], starts)
    joined[:, _MISSING] = np.add.reduceat(rows[:, _MISSING], starts)
    return joined


def _curve(rows: NDArray[np.float64]) -> Curve:
    count = rows[:, _COUNT]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, rows[:, _SUM] / count, np.nan)
    return Curve(
        steps=rows[:, _STEP].astype(np.int64),
        low=rows[:, _LOW],
        high=rows[:, _HIGH],
        mean=mean,
        missing=rows[:, _MISSING].astype(np.int64),
    )
