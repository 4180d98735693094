"""How well the scores of cross-validation tell those of the leaderboard: correlations, with honest intervals."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

LEAST_PAIRS = 3  # two always lie on a line
LEAST_FOR_INTERVAL = 4  # the formula divides by n - 3
_Z = 1.959964  # of the normal distribution, for 95 %
_RANKS_VARY_MORE = 1.06  # Fieller, Hartley and Pearson 1957: variance of Fisher's z for ranks is 1.06 / (n - 3)


@dataclass(frozen=True)
class Correlation:
    """A coefficient from -1 to 1 and the ends of its 95 % interval, None where there are too few pairs for one."""

    value: float
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        ends = "" if self.low is None or self.high is None else f" [{self.low:+.2f}, {self.high:+.2f}]"
        return f"{self.value:+.2f}{ends}"


@dataclass(frozen=True)
class Agreement:
    """Spearman's correlation (of ranks) and Pearson's over `pairs` of scores.

    The intervals come from Fisher's z transformation, which takes pairs for independent draws; experiments that grew
    out of each other are not, so the truth is rather wider.
    """

    pairs: int
    spearman: Correlation
    pearson: Correlation

    @property
    def text(self) -> str:
        """In one line, with what it means."""
        ends = (self.spearman.low, self.spearman.high)
        if None in ends:
            says = "too few to tell"
        elif self.spearman.low is not None and self.spearman.low > 0:
            says = "a better CV goes with a better LB"
        elif self.spearman.high is not None and self.spearman.high < 0:
            says = "a better CV goes with a worse LB"
        else:
            says = "whether a better CV goes with a better LB cannot be told"
        interval = "" if None in ends else " (95 %, Fisher z)"
        return f"CV and LB over {self.pairs} pairs: Spearman {self.spearman}, Pearson {self.pearson}{interval}: {says}"


def agreement(pairs: Sequence[tuple[float, float]]) -> Agreement | None:
    """Of pairs (CV, LB); None for fewer than three, or where one side is the same throughout."""
    finite = [pair for pair in pairs if all(map(math.isfinite, pair))]
    if len(finite) < LEAST_PAIRS:
        return None
    first, second = ([pair[side] for pair in finite] for side in (0, 1))
    pearson, spearman = _pearson(first, second), _pearson(_ranks(first), _ranks(second))
    if pearson is None or spearman is None:
        return None
    count = len(finite)
    return Agreement(count, _with_interval(spearman, count, _RANKS_VARY_MORE), _with_interval(pearson, count, 1.0))


def _pearson(first: Sequence[float], second: Sequence[float]) -> float | None:
    mean_first, mean_second = math.fsum(first) / len(first), math.fsum(second) / len(second)
    ones, others = [value - mean_first for value in first], [value - mean_second for value in second]
    scale = math.sqrt(math.fsum(x * x for x in ones) * math.fsum(y * y for y in others))
    if not scale:
        return None
    return max(-1.0, min(1.0, math.fsum(x * y for x, y in zip(ones, others, strict=True)) / scale))


def _ranks(values: Sequence[float]) -> list[float]:
    """From 1 for the smallest; equal values share the mean of their ranks."""
    last = {value: place for place, value in enumerate(sorted(values), start=1)}
    count = Counter(values)
    return [last[value] - (count[value] - 1) / 2 for value in values]


def _with_interval(value: float, count: int, variance: float) -> Correlation:
    if count < LEAST_FOR_INTERVAL:
        return Correlation(value)
    if abs(value) == 1.0:
        return Correlation(value, value, value)
    middle, half = math.atanh(value), _Z * math.sqrt(variance / (count - 3))
    return Correlation(value, math.tanh(middle - half), math.tanh(middle + half))
