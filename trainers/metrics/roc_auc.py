"""Area under the ROC curve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def roc_auc(labels: NDArray[np.integer], scores: NDArray[np.floating], undefined: float = 0.0) -> float:
    """The chance that a positive row (label 1) has a higher score than a negative one (0), ties counting half.

    From the rank sum of the positive rows (Mann and Whitney 1947; Hanley and McNeil 1982):
    (R⁺ − n⁺(n⁺ + 1) / 2) / (n⁺ n⁻), where rows of equal score share the mean of their ranks. `undefined` is returned
    where only one class is there or a score is not finite.
    """
    positive = np.asarray(labels) == 1
    count = int(positive.sum())
    others = len(positive) - count
    if count == 0 or others == 0 or not np.isfinite(scores).all():
        return undefined
    rank_sum = float(_mean_ranks(np.asarray(scores))[positive].sum())
    return (rank_sum - count * (count + 1) / 2) / (count * others)


def _mean_ranks(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ranks from 1; equal scores share the mean of theirs."""
    _, place, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(sizes)
    ranks: NDArray[np.float64] = (last - (sizes - 1) / 2)[place]
    return ranks
