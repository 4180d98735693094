"""Where axes begin and end: at round numbers, and at the same ones from frame to frame while values stream in."""

from __future__ import annotations

import math

from cockpit.tui.chart.scale import LARGEST, Scale
from cockpit.tui.chart.ticks import nice_step

ROOM = 0.05  # on each side of a single value, as a part of it
LEAST_SPAN = 1e-12  # as a part of the value; below that floats cannot be told apart
LEAST_VALUE = 1e-290
STILL_FITTING = 0.6  # of the axis; values that fill less get a new one
VALUES_ON_AXIS = 16  # how coarse the ends of the axis of values are
STEPS_ON_AXIS = 20  # how coarsely the end of the axis of steps moves on


def value_scale(low: float, high: float, log: bool, before: Scale | None = None) -> Scale:
    """An axis that holds finite values from `low` to `high`, both positive where `log`; `before` where it still fits.

    It fits while it holds the values and they fill most of it, so that labels stay while values stream in.
    """
    low, high = max(-LARGEST, min(low, LARGEST)), max(-LARGEST, min(high, LARGEST))
    if log:
        low, high = max(low, LEAST_VALUE), max(high, LEAST_VALUE)
    if before is not None and before.log == log and _fits(before, low, high):
        return before
    low, high = _apart(low, high)
    bounds = _log_bounds(low, high) if log else _linear_bounds(low, high)
    return Scale(max(-LARGEST, bounds[0]), min(LARGEST, bounds[1]), log)


def _fits(scale: Scale, low: float, high: float) -> bool:
    if not scale.low <= low <= high <= scale.high:
        return False
    if low == high:
        return True
    if scale.log:
        low, high, bottom, top = (math.log10(value) for value in (low, high, scale.low, scale.high))
    else:
        bottom, top = scale.low, scale.high
    return high - low >= STILL_FITTING * (top - bottom)


def _apart(low: float, high: float) -> tuple[float, float]:
    """Two values far enough from each other to be the ends of an axis."""
    largest = max(abs(low), abs(high))
    if largest < LEAST_VALUE:
        return -0.5, 0.5
    if high - low > largest * LEAST_SPAN:
        return low, high
    if high == low:
        return low - ROOM * largest, high + ROOM * largest
    return low - LEAST_SPAN * largest, high + LEAST_SPAN * largest


def _linear_bounds(low: float, high: float) -> tuple[float, float]:
    step = nice_step((high - low) / VALUES_ON_AXIS)
    return math.floor(low / step) * step, math.ceil(high / step) * step


def _log_bounds(low: float, high: float) -> tuple[float, float]:
    """1, 2 or 5 times a power of ten; rounder than that where the values lie within less than a factor of ten."""
    if high / low < 10:
        near = _linear_bounds(low, high)
        if near[0] > 0:
            return near
    return _below(low), nice_step(high)


def _below(value: float) -> float:
    """The greatest of 1, 2 and 5 times a power of ten that is not above `value`."""
    exponent = math.floor(math.log10(value))
    candidates = [float(f"{digit}e{exponent}") for digit in (1, 2, 5)]
    return max((candidate for candidate in candidates if candidate <= value), default=value)


def step_scale(first: float, last: float) -> Scale:
    """An axis that holds the steps from `first` to `last`, and moves on only every twentieth of itself or so."""
    if last <= first:
        return exact_scale(first, last)
    quantum = max(1.0, nice_step((last - first) / STEPS_ON_AXIS))
    return exact_scale(math.floor(first / quantum) * quantum, math.ceil(last / quantum) * quantum)


def exact_scale(first: float, last: float) -> Scale:
    """An axis from one step to another, or a little farther where floats could not tell them apart."""
    return Scale(float(first), max(float(last), first + max(1.0, abs(first) * LEAST_SPAN)))
