"""A search's distributions as Optuna has them, and its values as Optuna would have drawn them.

What Optuna cannot express is a number u in (0, 1) that the distribution's inverse cumulative function maps, so every
parameter of a search file can be tuned.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from cockpit.search.space import Categorical, Distribution, IntUniform, LogUniformValues, Uniform, Weighted
from cockpit.search.values import identity

SCALARS = (str, int, float, bool, type(None))  # what Optuna takes as a choice


def to_optuna(distribution: Distribution) -> BaseDistribution:
    """The distribution as Optuna has it, or that of a number in (0, 1)."""
    if isinstance(distribution, Categorical):
        scalars = _has_scalars(distribution)
        return CategoricalDistribution(distribution.values if scalars else range(len(distribution.values)))
    if isinstance(distribution, IntUniform):
        return IntDistribution(distribution.min, distribution.max)
    if isinstance(distribution, Uniform | LogUniformValues):
        return FloatDistribution(distribution.min, distribution.max, log=isinstance(distribution, LogUniformValues))
    return FloatDistribution(0.0, 1.0)


def as_value(distribution: Distribution, drawn: Any) -> Any:
    """The parameter's value for what Optuna drew."""
    if isinstance(distribution, Categorical) and not _has_scalars(distribution):
        return distribution.values[drawn]
    if isinstance(distribution, Categorical):
        return drawn
    if isinstance(distribution, IntUniform):
        return int(drawn)
    number = float(drawn)  # some samplers draw numbers of numpy's types
    if isinstance(distribution, Uniform | LogUniformValues):
        return number
    return distribution.sample(min(max(number, 1e-9), 1 - 1e-9))


def _has_scalars(distribution: Categorical) -> bool:
    return all(isinstance(value, SCALARS) for value in distribution.values)


def as_drawn(distribution: Distribution, value: Any) -> Any:
    """What Optuna would have drawn to give `value`: the inverse of `as_value`."""
    if isinstance(distribution, Categorical):
        return value if _has_scalars(distribution) else distribution.values.index(value)
    if isinstance(distribution, IntUniform | Uniform | LogUniformValues):
        return value
    return _u_of(distribution, value)


def _u_of(distribution: Distribution, value: Any) -> float:
    """The u whose sample is `value`, or next to it; the middle of them where a value has many."""
    if isinstance(distribution, Weighted):
        return _middle_of_choice(distribution, value)
    return _middle_of_step(distribution, value) if hasattr(distribution, "q") else _first_u(distribution, value)


@lru_cache(maxsize=4096)  # the values of many trials are few
def _middle_of_step(distribution: Distribution, value: float) -> float:
    return (_first_u(distribution, value) + _first_u(distribution, math.nextafter(value, math.inf))) / 2


def _first_u(distribution: Distribution, value: float) -> float:
    """The smallest u in (0, 1) whose sample is not below `value`."""
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if distribution.sample(middle) < value:
            low = middle
        else:
            high = middle
    return high


def _middle_of_choice(distribution: Weighted, value: Any) -> float:
    """The middle of the part of (0, 1) that belongs to one of the choices."""
    begin = 0.0
    for choice, probability in zip(distribution.values, distribution.probabilities, strict=True):
        if probability and identity(choice) == identity(value):
            return (begin + probability / 2) / sum(distribution.probabilities)
        begin += probability
    raise ValueError(value)  # callers ask for what the distribution contains
