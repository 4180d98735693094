"""A curve made ready to be drawn: cleaned and smoothed once, then gathered into the dot columns of an axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cockpit.store.curve import Curve
from cockpit.tui.chart.scale import LARGEST, Scale
from cockpit.tui.chart.smoothing import smoothed

FARTHEST = 1e6  # dot columns; a point beyond the edge only says where a line comes from


@dataclass(frozen=True, eq=False)
class Series:
    """The values of a curve that can be drawn: a row for each bucket, NaN where there is nothing to draw.

    `value` is the mean, smoothed where that is wanted. `low` and `high` are both NaN or both finite. `flagged` are
    buckets with a value that is no number; `nonpositive` says that a logarithmic axis leaves something out.
    """

    steps: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    value: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    nonpositive: bool


def series(curve: Curve, smoothing: float = 0.0, log: bool = False) -> Series:
    """What can be drawn of `curve`. Smoothing sees all finite means, those too that a logarithmic axis leaves out."""
    low, high, mean = curve.low, curve.high, curve.mean
    finite = _finite(low) & _finite(high) & _finite(mean)
    flagged = curve.missing > 0
    if not finite.all():
        # An infinite value in a bucket spoils its mean and one of its ends; what is left is still worth showing.
        flagged |= ~finite
        low, high, mean = _repaired(low, high, mean)
    value = smoothed(mean, smoothing)
    nonpositive = False
    if log:
        nonpositive = bool((low <= 0).any())
        if nonpositive:
            low, high, mean = (np.where(array > 0, array, np.nan) for array in (low, high, mean))
            low, high, mean = _repaired(low, high, mean)
            value = np.where(np.isnan(mean) | ~(value > 0), np.nan, value) if smoothing else mean
    return Series(curve.steps.astype(np.float64), low, high, value, flagged, nonpositive)


def _finite(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which are numbers that can be drawn; a comparison with NaN is false."""
    there: NDArray[np.bool_] = np.abs(values) <= LARGEST
    return there


def _repaired(*arrays: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Low, high and mean that are all finite wherever one of them is, and NaN elsewhere."""
    low, high, mean = (np.where(_finite(array), array, np.nan) for array in arrays)
    bottom, top = np.fmin(np.fmin(low, high), mean), np.fmax(np.fmax(low, high), mean)
    return bottom, top, np.where(np.isnan(mean), bottom / 2 + top / 2, mean)


@dataclass(frozen=True, eq=False)
class Trace:
    """A series on the dot columns of an axis: ascending `columns` with the least, greatest and mean value of each.

    The first and the last may lie beyond the edges, where a line comes from or goes to. `flagged` are columns of
    values that are no numbers.
    """

    columns: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    value: NDArray[np.float64]
    flagged: NDArray[np.int64]

    def inside(self, count: int) -> slice:
        """The rows whose columns lie on an axis of `count` columns."""
        begin, end = np.searchsorted(self.columns, (0, count)).tolist()
        return slice(begin, end)


def dense(columns: NDArray[np.int64], rows: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The row in each of `count` columns, between points on the straight line; NaN outside and in gaps.

    `rows` are those at `columns`, NaN where a gap is.
    """
    known = np.isfinite(rows)
    if not known.any():
        return np.full(count, np.nan)
    places = np.arange(count)
    result: NDArray[np.float64] = np.interp(places, columns[known], rows[known], left=np.nan, right=np.nan)
    if not known.all():
        result[_gaps(columns, known, places)] = np.nan
    return result


def _gaps(columns: NDArray[np.int64], known: NDArray[np.bool_], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which places are neither at a point nor between two neighbours that both are known."""
    left = np.maximum(np.searchsorted(columns, places, side="right") - 1, 0)
    right = np.minimum(left + 1, len(columns) - 1)
    bridged: NDArray[np.bool_] = known[left] & (known[right] | (columns[left] == places))
    return ~bridged


def trace(line: Series, axis: Scale, count: int) -> Trace:
    """`line` on `count` dot columns from the first to the last step of `axis`, with one more point on either side."""
    begin = max(0, int(np.searchsorted(line.steps, axis.low)) - 1)
    end = int(np.searchsorted(line.steps, axis.high, side="right")) + 1
    places = axis.fractions(line.steps[begin:end]) * (count - 1)
    columns = np.rint(np.clip(places, -FARTHEST, FARTHEST)).astype(np.int64)
    low, high, value = line.low[begin:end], line.high[begin:end], line.value[begin:end]
    flagged = columns[line.flagged[begin:end]]
    starts = np.flatnonzero(columns[1:] != columns[:-1]) + 1
    if len(starts) + 1 < len(columns):
        starts = np.concatenate(([0], starts))
        low, high = np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)
        value = _means(value, starts)
        columns = columns[starts]
    return Trace(columns, low, high, value, flagged[(flagged >= 0) & (flagged < count)])


def _means(values: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mean of the numbers in each group; NaN where a group has none."""
    missing = np.isnan(values)
    counts = np.diff(starts, append=len(values))
    if missing.any():
        values = np.where(missing, 0.0, values)
        counts = counts - np.add.reduceat(missing, starts, dtype=np.int64)
    means: NDArray[np.float64] = np.add.reduceat(values, starts) / np.where(counts, counts, np.nan)
    return means
