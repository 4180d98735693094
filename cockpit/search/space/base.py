"""The contract of a distribution."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar

# What a parameter may be set to: text, numbers, bools, None, and lists and mappings of those.
Value = Any


class Distribution(ABC):
    """What may be tried for one parameter. Concrete classes are frozen dataclasses; none inherits from another.

    `kind` is the name in the W&B sweep schema, and attributes are called as the keys there.
    """

    kind: ClassVar[str]

    @abstractmethod
    def sample(self, u: float) -> Value:
        """The inverse cumulative distribution at `u`, 0 < u < 1: the same `u` always gives the same value."""

    @abstractmethod
    def contains(self, value: Value) -> bool:
        """Whether a sample could have this value."""

    @abstractmethod
    def ends(self) -> list[tuple[str, Value]]:
        """Values to check against what a trainer accepts, each with the key that it comes from.

        Where a distribution has no bounds they are its 0.1 % and 99.9 % quantiles, with an empty key.
        """

    def grid(self) -> Sequence[Value] | None:
        """All values in order, or None where a grid search cannot enumerate them."""
        return None

    def whole(self) -> bool:
        """False when samples may be fractions."""
        return True

    def to_mapping(self) -> dict[str, Any]:
        """The parameter as it stands in a search file."""
        return {"distribution": self.kind} | {item.name: getattr(self, item.name) for item in fields(self)}  # type: ignore[arg-type]


def quantise(value: float, q: int | float) -> int | float:
    """`value` rounded to a multiple of `q`, half to even; a whole number if `q` is one.

    As in W&B: the result may lie outside the bounds, and a multiple of 0.1 may be 0.30000000000000004.
    """
    multiple = round(value / q) * q
    return int(multiple) if isinstance(q, int) else multiple


def is_multiple(value: float, q: int | float) -> bool:
    """Whether `value` is a multiple of `q`, but for rounding errors."""
    return math.isclose(value, quantise(value, q), rel_tol=1e-9, abs_tol=1e-9 * q)


def is_number(value: Value) -> bool:
    """Whether a value is a finite number; bools are not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
