"""Numbers between two bounds, evenly spread on a linear or a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from cockpit.search.space.base import Distribution, Value, is_multiple, is_number, quantise


def _linear(low: float, high: float, u: float) -> float:
    # A sum of weighted ends cannot overflow, as high - low can.
    return min(max(low * (1.0 - u) + high * u, low), high)


def _logarithmic(low: float, high: float, u: float) -> float:
    return min(max(math.exp(_linear(math.log(low), math.log(high), u)), low), high)


@dataclass(frozen=True)
class _Bounded(Distribution):
    min: float
    max: float

    def contains(self, value: Value) -> bool:
        return is_number(value) and self.min <= value <= self.max

    def ends(self) -> list[tuple[str, Value]]:
        return [("min", self.min), ("max", self.max)]

    def whole(self) -> bool:
        return False


@dataclass(frozen=True)
class _Quantised(_Bounded):
    q: int | float = 1

    def contains(self, value: Value) -> bool:
        low, high = (end for _, end in self.ends())
        return is_number(value) and low <= value <= high and is_multiple(value, self.q)

    def ends(self) -> list[tuple[str, Value]]:
        return [("min", quantise(self.min, self.q)), ("max", quantise(self.max, self.q))]

    def whole(self) -> bool:
        return self.q == int(self.q)


@dataclass(frozen=True)
class Uniform(_Bounded):
    """Every number from `min` to `max` alike."""

    kind: ClassVar[str] = "uniform"

    def sample(self, u: float) -> float:
        return _linear(self.min, self.max, u)


@dataclass(frozen=True)
class QUniform(_Quantised):
    """`Uniform`, rounded to multiples of `q`."""

    kind: ClassVar[str] = "q_uniform"

    def sample(self, u: float) -> int | float:
        return quantise(_linear(self.min, self.max, u), self.q)

    def grid(self) -> Sequence[int | float]:
        """From `min` in steps of `q`, `max` left out, as in W&B. They are no samples unless `q` divides `min`."""
        return [self.min + index * self.q for index in range(self.grid_size())]

    def grid_size(self) -> int:
        """The length of the grid, without building it."""
        return math.ceil((self.max - self.min) / self.q)


@dataclass(frozen=True)
class LogUniformValues(_Bounded):
    """Numbers whose logarithm is uniform. The bounds are the values themselves, above 0."""

    kind: ClassVar[str] = "log_uniform_values"

    def sample(self, u: float) -> float:
        return _logarithmic(self.min, self.max, u)


@dataclass(frozen=True)
class QLogUniformValues(_Quantised):
    """`LogUniformValues`, rounded to multiples of `q`."""

    kind: ClassVar[str] = "q_log_uniform_values"

    def sample(self, u: float) -> int | float:
        return quantise(_logarithmic(self.min, self.max, u), self.q)


@dataclass(frozen=True)
class InvLogUniformValues(_Bounded):
    """1/x of a log-uniform x in [1/max, 1/min], which is log-uniform in [min, max] again."""

    kind: ClassVar[str] = "inv_log_uniform_values"

    def sample(self, u: float) -> float:
        return _logarithmic(self.min, self.max, u)
