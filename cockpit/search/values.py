"""Values out of a search file brought to their types, or refused by name and line."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cockpit.search.errors import Place, closest, listed, shown

# YAML 1.1 wants a dot and a sign, so most parsers read 1e-4 as text. Here it is the number that was meant.
NUMBER = re.compile(r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)[eE][-+]?[0-9]+\Z")
LARGEST_WHOLE = 2**63 - 1


def number(place: Place, value: object) -> int | float:
    """A finite number. Text in exponent form (`"1e-4"`) counts as one, a bool does not."""
    if isinstance(value, str) and NUMBER.fullmatch(value):
        value = float(value.replace("_", ""))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise place.error(f"{shown(value)} is not a number")
    if isinstance(value, int):
        return _within_64_bits(place, value)
    if not math.isfinite(value):
        raise place.error(f"{value} is not a finite number")
    return value


def whole(place: Place, value: object) -> int:
    """A whole number, written without a decimal point."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise place.error(f"{shown(value)} is not a whole number")
    return _within_64_bits(place, value)


def text(place: Place, value: object) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise place.error(f"{shown(value)} is not a text")
    return value.strip()


def flag(place: Place, value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise place.error(f"{shown(value)} is not true or false")
    return value


def one_of(place: Place, value: object, allowed: Collection[str]) -> str:
    """One of the allowed words."""
    if not isinstance(value, str) or value not in allowed:
        raise place.error(f"{shown(value)} is not known{closest(value, allowed)}; allowed: {listed(allowed)}")
    return value


def mapping(place: Place, value: object) -> Mapping[str, Any]:
    """A mapping. That its keys are text is seen to where YAML is read."""
    if not isinstance(value, Mapping):
        raise place.error(f"{shown(value)} is not a mapping of keys to values")
    return value


def sequence(place: Place, value: object) -> Sequence[Any]:
    """A list with something in it."""
    if not isinstance(value, list):
        raise place.error(f"{shown(value)} is not a list; write [{shown(value)}]")
    if not value:
        raise place.error("the list is empty; give at least one value")
    return value


def only(place: Place, given: Mapping[str, Any], allowed: Collection[str]) -> None:
    """Refuses keys that are not allowed."""
    for key in given:
        if key not in allowed:
            raise place.at(key).error(f"unknown key{closest(key, allowed)}; allowed: {listed(allowed)}")


def plain(place: Place, value: object) -> Any:
    """Text, a number, a bool, None, or lists and mappings of those, as JSON has them.

    No NaN, which equals nothing, so that it could never be found again.
    """
    if isinstance(value, float) and math.isnan(value):
        raise place.error("nan cannot be a value")
    if isinstance(value, Mapping):
        return {key: plain(place, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(place, item) for item in value]
    if value is not None and not isinstance(value, str | int | float):
        raise place.error(f"{shown(value)} cannot be a value; use text, numbers, true, false, null, or lists of them")
    return value


def identity(value: object) -> object:
    """What makes two values the same: 3 equals 3.0, but neither equals true or "3"."""
    if isinstance(value, bool) or value is None:
        return (type(value).__name__, value)
    if isinstance(value, int | float):
        return ("number", value)
    if isinstance(value, list | tuple):
        return ("list", tuple(identity(item) for item in value))
    if isinstance(value, Mapping):
        return ("mapping", frozenset((key, identity(item)) for key, item in value.items()))
    return ("text", str(value))


def _within_64_bits(place: Place, value: int) -> int:
    if abs(value) > LARGEST_WHOLE:
        raise place.error(f"{shown(value)} does not fit in 64 bits")
    return value
