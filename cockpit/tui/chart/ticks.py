"""Where an axis has its ticks, and what stands there: round numbers of four significant digits at most."""

from __future__ import annotations

import math
from itertools import pairwise

from cockpit.tui.chart.scale import Scale

SIGNIFICANT = 4
UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
SMALLEST_PLAIN = 1e-3  # what is smaller is written as 3e-05
LARGEST_PLAIN = 1e15
EDGE = 1e-9  # of a step, what rounding may cost


def nice_step(least: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below `least`; 1 for what is no positive number."""
    if not 0 < least < math.inf:
        return 1.0
    # float() of the text is the nearest number to the decimal; powers of ten by multiplication would drift from it.
    exponent = max(math.floor(math.log10(least)), -300)
    for digit in ("1", "2", "5", "10"):
        step = float(f"{digit}e{exponent}")
        if step >= least * (1 - EDGE):
            return step
    return float(f"2e{exponent + 1}")


def ticks(scale: Scale, most: int) -> list[float]:
    """At most `most` round values within the axis, ascending; none where `most` is less than one."""
    if most < 1:
        return []
    if scale.log:
        return _log_ticks(scale, most)
    return _linear_ticks(scale.low, scale.high, most)


def _linear_ticks(low: float, high: float, most: int) -> list[float]:
    step = nice_step((high - low) / most)
    while True:
        first, last = math.ceil(low / step - EDGE), math.floor(high / step + EDGE)
        if last - first < most:
            return [number * step + 0.0 for number in range(first, last + 1)]
        step = nice_step(step * 1.5)


def _log_ticks(scale: Scale, most: int) -> list[float]:
    """Powers of ten where there are two or more; else 1, 2 and 5 times them; else as on a linear axis."""
    first, last = math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high))
    low, high = scale.low * (1 - EDGE), scale.high * (1 + EDGE)
    decades = [n for n in range(first, last + 1) if low <= _power(n) <= high]
    if len(decades) >= 2:
        stride = math.ceil(len(decades) / most)
        return [_power(n) for n in decades if n % stride == 0] or [_power(decades[0])]
    fine = [digit * _power(n) for n in range(first, last + 1) for digit in (1, 2, 5)]
    fine = [value for value in fine if low <= value <= high]
    if 2 <= len(fine) <= most:
        return fine
    return [value for value in _linear_ticks(scale.low, scale.high, most) if value > 0]


def _power(exponent: int) -> float:
    return float(f"1e{exponent}")


def even_labels(values: list[float]) -> list[str]:
    """What stands at evenly spaced ticks below each other: in one unit, with the decimals that their distance needs."""
    if _too_close(values) or len(values) < 2:
        return tick_labels(values)
    step, largest = values[1] - values[0], max(abs(values[0]), abs(values[-1]))
    if not SMALLEST_PLAIN <= largest < LARGEST_PLAIN:
        return tick_labels(values)
    size, unit = _unit(largest)
    decimals = max(0, -_exponent(step / size))
    return [f"{value / size:.{decimals}f}{unit}" if value else "0" for value in values]


def tick_labels(values: list[float]) -> list[str]:
    """What stands at ticks, each as short as it can be.

    Where four digits cannot tell them apart, the first says where the axis begins and the others how far it is from
    there: 0.9561, +1e-05, +2e-05 instead of three times 0.9561.
    """
    if _too_close(values):
        return [tick_label(values[0]), *("+" + tick_label(value - values[0]) for value in values[1:])]
    return [tick_label(value) for value in values]


def _too_close(values: list[float]) -> bool:
    return any(
        _exponent(max(abs(value), abs(following))) - _exponent(following - value) >= SIGNIFICANT
        for value, following in pairwise(values)
    )


def tick_label(value: float) -> str:
    """`0.25`, `1.2k`, `2.3M`, `3e-05`."""
    size = abs(value)
    if value == 0:
        return "0"
    if not SMALLEST_PLAIN * (1 - EDGE) <= size < LARGEST_PLAIN:
        mantissa, exponent = f"{value:.{SIGNIFICANT - 1}e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{exponent}"
    size, unit = _unit(size)
    return f"{value / size:.{SIGNIFICANT}g}{unit}"


def _exponent(value: float) -> int:
    return math.floor(math.log10(value) + EDGE)


def _unit(largest: float) -> tuple[float, str]:
    return next(((size, unit) for size, unit in UNITS if largest >= size * (1 - EDGE)), (1.0, ""))
