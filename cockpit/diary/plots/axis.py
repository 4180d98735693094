"""Where the values of a parameter stand on an axis: numbers on a scale, anything else side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.store.comparison import value_texts
from cockpit.store.numbers import setting_text

WIDE = 8.0  # positive numbers that span so many times the smallest are placed by their logarithm
MOST_TICKS, FEW = 12, 6
CLOSE = 0.17  # of the axis; names that are nearer would cover each other


@dataclass(frozen=True)
class Scale:
    """`places` of the values that were given, and `ticks`: places that are named, with what stands there."""

    places: list[float]
    ticks: list[tuple[float, str]]
    is_logarithmic: bool = False


def scale_of(values: Sequence[Any], *, may_be_wide: bool = True) -> Scale:
    """The scale of these values; a logarithm is taken only where it `may_be_wide`."""
    if not all(_is_number(value) for value in values):
        return _side_by_side(values)
    numbers = [float(value) for value in values]
    wide = may_be_wide and min(numbers) > 0 and max(numbers) / min(numbers) >= WIDE
    place = math.log10 if wide else float
    distinct = sorted(set(numbers))
    named = distinct if len(distinct) <= FEW else _round_numbers(distinct[0], distinct[-1], wide)
    ticks = [(place(one), f"{float(setting_text(one)):g}") for one in named]
    room = CLOSE * (place(distinct[-1]) - place(distinct[0]))
    return Scale([place(number) for number in numbers], _apart(ticks, room), wide)


def _apart(ticks: Sequence[tuple[float, str]], room: float) -> list[tuple[float, str]]:
    """Without those that are too near to another one; the first and the last stay."""
    kept = list(ticks[:1])
    for tick in ticks[1:-1]:
        if tick[0] - kept[-1][0] >= room and ticks[-1][0] - tick[0] >= room:
            kept.append(tick)
    return kept + list(ticks[1:][-1:])


def _side_by_side(values: Sequence[Any]) -> Scale:
    distinct = sorted({repr(value): value for value in values}.items())
    order = {key: float(number) for number, (key, _) in enumerate(distinct)}
    texts = value_texts([value for _, value in distinct])
    step = math.ceil(len(texts) / MOST_TICKS)
    ticks = [(float(number), text[:14]) for number, text in enumerate(texts) if number % step == 0]
    return Scale([order[repr(value)] for value in values], ticks)


def _round_numbers(low: float, high: float, wide: bool) -> list[float]:
    """About five round numbers between two: powers of ten and some between, or multiples of 1, 2 or 5 times one."""
    if wide:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        factors = (1.0,) if len(powers) > 3 else (1.0, 3.0) if len(powers) > 2 else (1.0, 2.0, 5.0)
        found = [factor * 10.0**power for power in powers for factor in factors]
        return [number for number in found if low <= number * (1 + 1e-9) and number <= high * (1 + 1e-9)]
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step_ = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first, last = math.ceil(low / step_ - 1e-9), math.floor(high / step_ + 1e-9)
    return [round(number * step_, 12) for number in range(first, last + 1)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
