"""Whether paired differences are more than noise: the paired t-test, and how many pairs a difference would take."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from cockpit.store.student import quantile, within

METHOD = "paired t-test"
LEVEL = 0.03  # how often a difference is found where there is none: below 5 % also where noise is not quite normal
POWER = 0.8  # how often one is found where it is there
MOST_PAIRS = 200  # whoever would need more has found nothing worth it


@dataclass(frozen=True)
class PairedTest:
    """The mean of differences with its interval of 97 % and p value, of a two-sided t-test (Student 1908).

    Where there is no difference the test finds one in `LEVEL` of all cases, if the differences are distributed
    normally. It is not far off if they are not: the difference of two runs that are alike is distributed symmetrically,
    however a single run is. `deviation` is that of single differences.
    """

    count: int
    delta: float
    low: float
    high: float
    p: float
    deviation: float

    @property
    def finds(self) -> bool:
        return self.p < LEVEL

    @property
    def needed(self) -> int | None:
        """How many pairs more would see a difference of this size, if it is there, in four of five cases.

        None for more than anybody runs.
        """
        count = pairs_for(self.delta, self.deviation)
        return None if count is None else max(1, count - self.count)


def paired_t_test(differences: Sequence[float]) -> PairedTest:
    """Of two differences or more that are not all the same."""
    count, delta, deviation = len(differences), fmean(differences), stdev(differences)
    error = deviation / math.sqrt(count)
    reach = quantile(1 - LEVEL / 2, count - 1) * error
    p = 1 - within(abs(delta) / error, count - 1)
    return PairedTest(count, delta, delta - reach, delta + reach, p, deviation)


def pairs_for(effect: float, deviation: float) -> int | None:
    """The least number of pairs with which the test finds an effect of this size with `POWER`.

    It has to lie beyond what noise reaches by as much as noise falls short of it. None for more than `MOST_PAIRS`.
    """

    def suffice(count: int) -> bool:
        reach = quantile(1 - LEVEL / 2, count - 1) + quantile(POWER, count - 1)
        return abs(effect) * math.sqrt(count) >= reach * deviation

    if not suffice(MOST_PAIRS):
        return None
    low, high = 1, MOST_PAIRS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffice(middle) else (middle, high)
    return high
