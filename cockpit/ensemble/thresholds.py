"""The threshold of a binary column that scores best, and what it is worth on rows that it was not chosen on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cockpit.ensemble.crossfit import cross_fitted
from trainers.metrics.f1 import f1_of_counts
from trainers.metrics.matthews import matthews_of_counts

Counts = NDArray[np.int64]
Measure = Callable[[Counts, Counts, Counts, Counts], NDArray[np.float64]]  # of TP, FP, FN and TN
MEASURES: Mapping[str, Measure] = {
    "f1": lambda both, false, missed, neither: f1_of_counts(both, false, missed),
    "mcc": matthews_of_counts,
}


@dataclass(frozen=True)
class Threshold:
    """A column is taken for found from `value` on. `score` is cross-fitted, `in_sample` on the rows it is chosen on."""

    value: float
    score: float
    in_sample: float


def best_threshold(labels: NDArray[np.integer], scores: NDArray[np.floating], measure: Measure) -> tuple[float, float]:
    """The threshold with the highest measure, and that; of equals the highest.

    `labels` (rows,) are 0 or 1. A row counts as found where its score is at least the threshold, which is half-way
    between two scores that occur: on rows that were not seen it may err to either side. One sort gives all counts.
    """
    order = np.argsort(-scores, kind="stable")
    ordered, found = scores[order], labels[order].astype(np.int64)
    # Rows of equal score pass together, so only the last of them has the counts.
    last = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True])
    both = found.cumsum()[last]
    false = last + 1 - both
    positives, negatives = int(found.sum()), int(len(found) - found.sum())
    values = measure(both, false, positives - both, negatives - false)
    best = int(values.argmax())
    return _half_way(ordered, last[best]), float(values[best])


def _half_way(descending: NDArray[np.floating], place: int) -> float:
    """Between the score at this place and the next lower one, which does not pass."""
    least = float(descending[place])
    if place + 1 == len(descending):
        return least
    below = float(descending[place + 1])
    middle = (least + below) / 2
    return middle if middle > below else least


def search_threshold(
    labels: NDArray[np.integer], scores: NDArray[np.floating], parts: NDArray[np.int64], measure: Measure
) -> Threshold:
    """The best threshold of one column. `parts` (rows,) say which rows are scored by thresholds of the others."""
    value, in_sample = best_threshold(labels, scores, measure)

    def found(rows: NDArray[np.int64], held_out: NDArray[np.int64]) -> NDArray[np.float64]:
        return (scores[held_out] >= best_threshold(labels[rows], scores[rows], measure)[0]).astype(np.float64)

    chosen = cross_fitted(found, parts) > 0
    return Threshold(value, measured(labels, chosen, measure), in_sample)


def measured(labels: NDArray[np.integer], chosen: NDArray[np.bool_], measure: Measure) -> float:
    """The measure of the rows `chosen` (rows,)."""
    actual = labels == 1
    counts = (actual & chosen, ~actual & chosen, actual & ~chosen, ~actual & ~chosen)
    both, false, missed, neither = (np.array(count.sum()) for count in counts)
    return float(measure(both, false, missed, neither))
