"""Student's t distribution with a whole number of degrees of freedom, exact and without a library.

Lists of experiments show verdicts, and whoever reads a list does not wait for SciPy to be imported.
"""

from __future__ import annotations

import math


def within(t: float, freedom: int) -> float:
    """The probability of |T| ≤ t for t ≥ 0: Abramowitz and Stegun 1964, 26.7.3 and 26.7.4."""
    theta = math.atan2(t, math.sqrt(freedom))
    cosine = math.cos(theta)
    if freedom == 1:
        return 2 * theta / math.pi
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = term
    for k in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    return 2 / math.pi * (theta + math.sin(theta) * total) if odd else math.sin(theta) * total


def quantile(probability: float, freedom: int) -> float:
    """The t below which T lies with this probability, at least 0.5 and less than 1."""
    low, high = 0.0, 1.0
    while 0.5 + within(high, freedom) / 2 < probability:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if 0.5 + within(middle, freedom) / 2 < probability else (low, middle)
    return high
