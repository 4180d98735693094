"""Moving a parameter to a value nearby, or to a new one, always inside its distribution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cockpit.search.sampling import uniform
from cockpit.search.space import Categorical, Distribution, Value, Weighted
from cockpit.search.space.base import is_number, quantise
from cockpit.search.values import identity

FACTORS = (0.8, 1.2)


def explored(
    space: Mapping[str, Distribution], config: Mapping[str, Value], resample: float, seed: int, index: int, key: str
) -> dict[str, Value]:
    """New values of the parameters in `space`; the same arguments give the same ones.

    With the probability `resample` a value is drawn anew. Else a number is multiplied by 0.8 or 1.2, and a choice gives
    way to its neighbour on the list. At an end of the range it goes the other way.
    """
    found: dict[str, Value] = {}
    for name, distribution in space.items():
        draw = [uniform(seed, index, f"{key}/{name}/{part}") for part in ("resample", "sample", "way")]
        nearby = _nearby(distribution, config.get(name), draw[2] < 0.5) if draw[0] >= resample else None
        found[name] = distribution.sample(draw[1]) if nearby is None else nearby[0]
    return found


def _nearby(distribution: Distribution, value: Value, downwards: bool) -> tuple[Value] | None:
    """A value beside this one, in a tuple because it may be None; None where there is no other."""
    if isinstance(distribution, Categorical | Weighted):
        candidates = _neighbours(_choices(distribution), value, downwards)
    elif is_number(value):
        candidates = _multiples(distribution, value, downwards)
    else:
        return None
    fitting = (found for found in candidates if distribution.contains(found) and identity(found) != identity(value))
    return next(((found,) for found in fitting), None)


def _choices(distribution: Categorical | Weighted) -> Sequence[Value]:
    """The values in an order in which neighbours are alike: numbers by size, anything else as in the search file."""
    values = [value for value in distribution.values if distribution.contains(value)]
    return sorted(values) if all(is_number(value) for value in values) else values


def _neighbours(choices: Sequence[Value], value: Value, downwards: bool) -> Iterator[Value]:
    at = next((number for number, known in enumerate(choices) if identity(known) == identity(value)), None)
    if at is None:
        return
    for step in (-1, 1) if downwards else (1, -1):
        if 0 <= at + step < len(choices):
            yield choices[at + step]


def _multiples(distribution: Distribution, value: float, downwards: bool) -> Iterator[float]:
    """The number times a factor, not further than the end of the range, and then times the other factor."""
    q: Any = getattr(distribution, "q", 1 if distribution.whole() else None)
    ends = dict(distribution.ends())
    for factor in FACTORS if downwards else FACTORS[::-1]:
        moved: float = value * factor
        if q is not None and quantise(moved, q) == value:
            # What rounding brings back takes one step instead.
            moved = value + q if (factor > 1) == (value > 0) else value - q
        moved = moved if q is None else quantise(moved, q)
        yield min(max(moved, ends["min"]), ends["max"]) if "min" in ends else moved
