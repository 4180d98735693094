"""Student's t distribution with a whole number of degrees of freedom, exact and without a library.

Lists of experiments show verdicts, and whoever reads a list does not wait for SciPy to be imported.
"""

from __future__ import annotations

import math
from functools import cache


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


@cache
def quantile(probability: float, freedom: int) -> float:
    """The t below which T lies with this probability, at least 0.5 and less than 1.

    By Newton's steps from 0, which come nearer from below as the distribution function is concave there.
    """
    t = 0.0
    while (step := (probability - 0.5 - within(t, freedom) / 2) / _density(t, freedom)) > 1e-12 * t:
        t += step
    return t


def _density(t: float, freedom: int) -> float:
    scale = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - math.log(freedom * math.pi) / 2
    return math.exp(scale - (freedom + 1) / 2 * math.log1p(t * t / freedom))
