"""From values to places on an axis and back, linear or logarithmic."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LARGEST = 1e300  # what is larger counts as infinite: sums of some thousand smaller values are still numbers


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`, low < high, both positive where `log`; neither beyond LARGEST."""

    low: float
    high: float
    log: bool = False

    def fractions(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where values up to LARGEST lie: 0 at `low`, 1 at `high`, beyond them outside of that; NaN stays NaN.

        On a logarithmic axis, values that are not positive are NaN.
        """
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            return (np.log10(np.where(values > 0, values, np.nan)) - low) / (high - low)
        with np.errstate(over="ignore"):  # a value far away from a short axis lies infinitely far away
            return (values - self.low) / (self.high - self.low)

    def fraction(self, value: float) -> float:
        """Where one value lies that the axis can show."""
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            return (math.log10(value) - low) / (high - low)
        return (value - self.low) / (self.high - self.low)

    def at(self, fraction: float) -> float:
        """The value there."""
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            return float(10 ** (low + fraction * (high - low)))
        return self.low + fraction * (self.high - self.low)
