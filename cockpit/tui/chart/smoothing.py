"""The exponential moving average that TensorBoard draws."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

STRONGEST = 0.99
BLOCK = 32


def smoothed(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """Each finite value averaged with those before it; what is not finite stays as it is and counts for nothing.

    No finite value may be beyond `scale.LARGEST`.

    TensorBoard's formula (`vz_line_chart2/line-chart.ts`, resmoothDataset; Adam corrects its bias in the same way):

        s_0 = 0,  s_n = weight · s_(n-1) + (1 - weight) · x_n,  shown is s_n / (1 - weight^n)

    `weight` 0 changes nothing. The average runs over the points of a curve, as there, not over steps.
    """
    weight = min(weight, STRONGEST)
    there = np.isfinite(values)
    if not weight > 0 or not there.any():
        return values
    known = values if there.all() else values[there]
    # 1 - weight^n, which loses its digits for small n when it is taken literally
    debiasing = -np.expm1(np.arange(1, len(known) + 1) * math.log(weight))
    averages: NDArray[np.float64] = _decaying_sums(known, weight) * ((1.0 - weight) / debiasing)
    if known is values:
        return averages
    result = values.copy()
    result[there] = averages
    return result


def _decaying_sums(values: NDArray[np.float64], weight: float) -> NDArray[np.float64]:
    """s_n = weight · s_(n-1) + x_n, without a loop over values: within blocks by a matrix, then from block to block."""
    if len(values) <= 1:
        return values
    within, carried = _decay(weight)
    blocks = np.zeros((-(-len(values) // BLOCK), BLOCK))
    blocks.ravel()[: len(values)] = values
    sums = blocks @ within
    before = _decaying_sums(sums[:, -1], weight**BLOCK)
    sums[1:] += before[:-1, None] * carried
    result: NDArray[np.float64] = sums.ravel()[: len(values)]
    return result


@lru_cache(maxsize=32)
def _decay(weight: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What each value of a block (row) is worth at each place (column), and what the sum before it is worth there."""
    ages = np.arange(BLOCK)[None, :] - np.arange(BLOCK)[:, None]
    within: NDArray[np.float64] = np.where(ages >= 0, np.power(weight, np.maximum(ages, 0)), 0.0)
    return within, np.power(weight, np.arange(1, BLOCK + 1), dtype=np.float64)
