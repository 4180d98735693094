"""Matthews' correlation of two binary columns."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.integer] | NDArray[np.floating]

# Keeps the quotient defined where a row or column of the table is empty; the correlation is 0 there.
_SMALLEST = 1e-12


def matthews(labels: NDArray[np.integer], probabilities: NDArray[np.floating]) -> float:
    """(TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN)) at rounded probabilities (Matthews 1975).

    A probability of exactly one half rounds to 0, as in Python. 1 is perfect, 0 no better than chance.
    """
    actual = np.asarray(labels) == 1
    found = np.asarray(probabilities) > 0.5
    # Python's integers: products of four counts outgrow 64 bits at some 60,000 rows.
    both, neither = int((actual & found).sum()), int((~actual & ~found).sum())
    false, missed = int((~actual & found).sum()), int((actual & ~found).sum())
    product = (both + false) * (both + missed) * (neither + false) * (neither + missed)
    return (both * neither - false * missed) / (math.sqrt(product) + _SMALLEST)


def matthews_of_counts(both: Counts, false: Counts, missed: Counts, neither: Counts) -> NDArray[np.float64]:
    """The same of many tables at once: arrays of TP, FP, FN and TN, all of one shape.

    Where a row or column of a table is empty the correlation is 0.
    """
    tp, fp, fn, tn = (np.asarray(counts, dtype=np.float64) for counts in (both, false, missed, neither))
    # Roots of the factors, because their product may outgrow what a float holds exactly.
    scale = np.sqrt(tp + fp) * np.sqrt(tp + fn) * np.sqrt(tn + fp) * np.sqrt(tn + fn)
    return np.asarray((tp * tn - fp * fn) / np.where(scale > 0, scale, 1.0))
