"""Accuracy, and how far chance may have moved a metric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 500
_SEED = 1979


def accuracy(labels: NDArray[np.integer], predicted: NDArray[np.integer]) -> float:
    """The share of rows whose predicted class is their label; NaN without rows."""
    return float((np.asarray(labels) == np.asarray(predicted)).mean()) if len(labels) else float("nan")


def bootstrap_interval(
    statistic: Callable[[NDArray[np.int64]], float], rows: int, confidence: float = 0.95, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """The percentile interval of a metric over rows drawn anew with replacement (Efron 1979).

    `statistic` takes row numbers, shape (rows,). Draws for which it is NaN (a resample with one class only) do not
    count; without any other both ends are NaN. The draws are always the same ones and leave the global generators
    alone, so an interval moves only when the predictions do.
    """
    generator = np.random.default_rng(_SEED)
    values = (
        np.array([statistic(generator.integers(0, rows, rows)) for _ in range(resamples)]) if rows else np.array([])
    )
    values = values[~np.isnan(values)]
    if len(values) == 0:
        return float("nan"), float("nan")
    tail = (1.0 - confidence) / 2
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return float(low), float(high)


def mean_interval(values: NDArray[Any], groups: NDArray[Any] | None = None) -> tuple[float, float]:
    """The `bootstrap_interval` of the mean of a value per row, both of shape (rows,).

    Where rows have `groups`, whole groups are drawn, because rows of one are not independent of each other (Davison and
    Hinkley 1997, 3.8); of a single group nothing can be drawn, and both ends are NaN.
    """
    number = np.arange(len(values)) if groups is None else np.unique(groups, return_inverse=True)[1]
    sums, sizes = np.bincount(number, values), np.bincount(number)
    drawable = len(sizes) if groups is None or len(sizes) > 1 else 0
    return bootstrap_interval(lambda drawn: float(sums[drawn].sum() / sizes[drawn].sum()), rows=drawable)
