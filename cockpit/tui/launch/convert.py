"""From one distribution to another: which fit a parameter, and what stands in their cells at first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cockpit.tui.launch.kinds import KINDS, LISTED
from cockpit.tui.launch.value_text import NotAListError, number_text, text_value, text_values, values_text

TENTH = 10  # a range is cut into as many steps unless it is one of whole numbers


class Range(NamedTuple):
    """Where the values of a parameter lie, as far as its texts say."""

    low: float
    high: float

    @property
    def is_whole(self) -> bool:
        return float(self.low).is_integer() and float(self.high).is_integer()


def fitting(kind: str, texts: Mapping[str, str], known: str) -> list[str]:
    """The kinds that a parameter could have, in the order of the table; its own and `known` always among them."""
    found = set(LISTED)
    span = _range(kind, texts)
    if span is not None:
        found |= {"uniform", "q_uniform", "normal"}
        if span.is_whole:
            found.add("int_uniform")
        if span.low > 0:
            found |= {"log_uniform_values", "q_log_uniform_values", "log_normal"}
    return [name for name in KINDS if name in found or name in (kind, known)]


def fill(kind: str, before: str, texts: Mapping[str, str], baseline: str) -> dict[str, str]:
    """The texts with what `kind` needs beside them, made from the cells of the kind `before`."""
    if kind == "constant":
        # Always anew: the value that it had when it was fixed the last time is not the one that is meant now.
        return {**texts, "value": baseline or _one(before, texts)}
    missing = [key for key in KINDS[kind].keys if not texts.get(key, "").strip()]
    made = _cells(kind, before, texts, baseline)
    return {**texts, **{key: made[key] for key in missing if key in made}}


def _cells(kind: str, before: str, texts: Mapping[str, str], baseline: str) -> dict[str, str]:
    if kind in LISTED:
        values = _values(before, texts, baseline)
        return {"values": values_text(values), "probabilities": ", ".join(_equal_shares(len(values)))}
    span = _range(before, texts) or Range(0.0, 1.0)
    if span.low == span.high:
        span = _around(span.low, factor=10 if "log" in kind else 2)
    low, high = span
    width = high - low
    middle, spread = (low + high) / 2, width / 4
    if kind in ("log_normal", "q_log_normal") and low > 0:
        middle, spread = math.log(low * high) / 2, math.log(high / low) / 4
    return {
        "min": _short(low),
        "max": _short(high),
        "q": "1" if span.is_whole else _short(10 ** math.floor(math.log10(width / TENTH)) if width > 0 else 1.0),
        "mu": _short(middle),
        "sigma": _short(spread),
        "a": "1",
        "b": "1",
    }


def _range(kind: str, texts: Mapping[str, str]) -> Range | None:
    """None where the parameter has values that are no numbers, or where a text is not finished."""
    numbers = _numbers([text_value(texts.get(key, "")) for key in KINDS[kind].keys if key != "q"])
    if kind in LISTED:
        numbers = _numbers(_values(kind, texts, ""))
        return Range(min(numbers), max(numbers)) if numbers else None
    if len(numbers) < 2:
        return None
    first, second = numbers[:2]
    if "mu" in KINDS[kind].keys:
        low, high = first - 2 * second, first + 2 * second
        return Range(math.exp(min(low, 700)), math.exp(min(high, 700))) if "log" in kind else Range(low, high)
    return Range(0.0, 1.0) if "a" in KINDS[kind].keys else Range(first, second)


def _values(kind: str, texts: Mapping[str, str], baseline: str) -> list[object]:
    """Values to choose from: those that there are, or the ends of the range with the baseline between them."""
    if kind == "constant":
        value = text_value(texts.get("value", ""))
        return [value, not value] if isinstance(value, bool) else [value]
    if kind in LISTED:
        try:
            return text_values(texts.get("values", ""))
        except NotAListError:
            return []
    span = _range(kind, texts)
    ends = [text_value(_short(end)) for end in span] if span else []
    between = _numbers([text_value(baseline)])
    if span and between and span.low < between[0] < span.high:
        ends.insert(1, text_value(baseline))
    return list(ends)


def _one(kind: str, texts: Mapping[str, str]) -> str:
    """One of the values that a parameter may have."""
    values = _values(kind, texts, "")
    return values_text(values[:1])


def _numbers(values: Sequence[object]) -> list[float]:
    """The values as numbers; none at all when one of them is something else."""
    found = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return found if len(found) == len(values) and all(map(math.isfinite, found)) else []


def _equal_shares(count: int) -> list[str]:
    """Probabilities that sum to exactly 1; the last takes what rounding leaves."""
    if not count:
        return []
    share = round(1 / count, 3)
    return [number_text(share)] * (count - 1) + [number_text(round(1 - share * (count - 1), 3))]


def _around(value: float, factor: float) -> Range:
    if value == 0:
        return Range(0.0, 1.0)
    ends = sorted((value / factor, value * factor))
    if float(value).is_integer():
        ends = [float(math.floor(end)) if abs(end) >= 1 else math.copysign(1.0, value) for end in ends]
    return Range(*ends) if ends[0] < ends[1] else Range(value, value + 1)


def _short(number: float) -> str:
    """Whole numbers as they are, others with three significant digits."""
    if float(number).is_integer() and abs(number) < 1e15:
        return str(int(number))
    return number_text(float(f"{number:.3g}"))
