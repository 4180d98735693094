"""Matthews' correlation of two binary columns."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

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
