"""Constants, choices and whole numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, ClassVar

from cockpit.search.space.base import Distribution, Value, is_number
from cockpit.search.values import identity


@dataclass(frozen=True)
class Constant(Distribution):
    """Always the same value."""

    kind: ClassVar[str] = "constant"
    value: Value

    def sample(self, u: float) -> Value:
        return self.value

    def contains(self, value: Value) -> bool:
        return identity(value) == identity(self.value)

    def ends(self) -> list[tuple[str, Value]]:
        return [("value", self.value)]

    def grid(self) -> Sequence[Value]:
        return [self.value]

    def to_mapping(self) -> dict[str, Any]:
        return {"value": self.value}


@dataclass(frozen=True)
class Categorical(Distribution):
    """One of the values, each as likely as the others."""

    kind: ClassVar[str] = "categorical"
    values: tuple[Value, ...]

    def sample(self, u: float) -> Value:
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]

    def contains(self, value: Value) -> bool:
        return identity(value) in map(identity, self.values)

    def ends(self) -> list[tuple[str, Value]]:
        return [("values", value) for value in self.values]

    def grid(self) -> Sequence[Value]:
        return list(self.values)

    def to_mapping(self) -> dict[str, Any]:
        return {"values": list(self.values)}


@dataclass(frozen=True)
class Weighted(Distribution):
    """One of the values, with a probability for each. A grid has no use for probabilities, so it refuses them."""

    kind: ClassVar[str] = "categorical_w_probabilities"
    values: tuple[Value, ...]
    probabilities: tuple[float, ...]

    def sample(self, u: float) -> Value:
        possible = [(value, weight) for value, weight in zip(self.values, self.probabilities, strict=True) if weight]
        bounds = list(accumulate(weight for _, weight in possible))
        return possible[min(bisect_right(bounds, u * bounds[-1]), len(possible) - 1)][0]

    def contains(self, value: Value) -> bool:
        possible = zip(self.values, self.probabilities, strict=True)
        return any(weight and identity(value) == identity(known) for known, weight in possible)

    def ends(self) -> list[tuple[str, Value]]:
        return [("values", value) for value in self.values]

    def to_mapping(self) -> dict[str, Any]:
        return {"values": list(self.values), "probabilities": list(self.probabilities)}


@dataclass(frozen=True)
class IntUniform(Distribution):
    """Whole numbers from `min` to `max`, both included, each as likely as the others."""

    kind: ClassVar[str] = "int_uniform"
    min: int
    max: int

    def sample(self, u: float) -> int:
        return min(self.min + int(u * (self.max - self.min + 1)), self.max)

    def contains(self, value: Value) -> bool:
        return is_number(value) and value == int(value) and self.min <= value <= self.max

    def ends(self) -> list[tuple[str, Value]]:
        return [("min", self.min), ("max", self.max)]

    def grid(self) -> Sequence[int]:
        return range(self.min, self.max + 1)
