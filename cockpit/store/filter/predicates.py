"""What one term of a filter line asks of a row."""

from __future__ import annotations

import fnmatch
import operator
import re
from collections.abc import Callable, Iterable
from math import isclose
from typing import Any, Protocol

from cockpit.store.numbers import metric_text, setting_text

# Far finer than anything a table shows, far coarser than the noise of adding floats.
TOLERANCE = 1e-9
LONGEST_INTEGER = 1000  # bits

_NUMBER = re.compile(r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|inf)", re.IGNORECASE)
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


class Filterable(Protocol):
    """What a row has to say: the texts that a bare word is looked for in, and the value of any field."""

    def words(self) -> Iterable[str]: ...

    def field(self, name: str, /) -> Any: ...


Predicate = Callable[[Filterable], bool]


def has_word(word: str, exact: bool) -> Predicate:
    """Whether one of a row's words contains this one, in any case of letters."""
    if not exact and ("*" in word or "?" in word):
        found = _glob(f"*{word}*")
        return lambda row: any(found(text.casefold()) for text in row.words())
    wanted = word.casefold()
    return lambda row: any(wanted in text.casefold() for text in row.words())


def has_field(name: str) -> Predicate:
    """Whether a row has a value there."""
    return lambda row: row.field(name) is not None


def fits_pattern(name: str, pattern: str, exact: bool) -> Predicate:
    """Whether the field contains the text, or as a whole fits the pattern with `*` and `?`."""
    if not exact and ("*" in pattern or "?" in pattern):
        found = _glob(pattern)
        return lambda row: any(found(text) for text in texts(row.field(name)))
    wanted = pattern.casefold()
    return lambda row: any(wanted in text for text in texts(row.field(name)))


def compares(name: str, sign: str, value: str) -> Predicate:
    """Whether a comparison holds; it never does for a value that is missing or NaN."""
    if sign == "=":
        return _equal(name, value)
    if sign == "!=":
        equal = _equal(name, value)
        return lambda row: not _is_missing(row.field(name)) and not equal(row)
    number, text = as_number(value), value.casefold()
    order = _ORDERS[sign]
    or_equal = sign.endswith("=")

    def holds(row: Filterable) -> bool:
        found = row.field(name)
        if _is_missing(found):
            return False
        if number is None or not _is_number(found):
            return order(str(found).casefold(), text)
        if isclose(found, number, rel_tol=TOLERANCE):
            return or_equal
        return order(found, number)

    return holds


def _equal(name: str, value: str) -> Predicate:
    number, text = as_number(value), value.casefold()

    def holds(row: Filterable) -> bool:
        found = row.field(name)
        if number is not None and _is_number(found):
            return looks_equal(found, number)
        return text in texts(found)

    return holds


def looks_equal(value: float, wanted: float) -> bool:
    """Whether `wanted` is the value, or what a table shows for it: 0.3333 is 1/3, and 0.3 is not."""
    if isclose(value, wanted, rel_tol=TOLERANCE):
        return True
    # What is shown is never farther off than this; writing numbers down is slow.
    if not isinstance(value, float) or not isclose(value, wanted, rel_tol=0.1, abs_tol=1e-3):
        return False
    return any(as_number(shown) == wanted for shown in (metric_text(value), setting_text(value)))


def texts(value: Any) -> tuple[str, ...]:
    """A value as people may write it, in small letters: as it is, and as tables show it. Nothing for None."""
    if value is None:
        return ()
    if isinstance(value, float):
        return tuple(text.casefold() for text in (str(value), setting_text(value), metric_text(value)))
    return (str(value).casefold(),)


def as_number(text: str) -> float | None:
    """The number that a text is. `nan` is none: it is found as a text."""
    return float(text) if _NUMBER.fullmatch(text) else None


def _is_number(value: Any) -> bool:
    """Whether a value can be compared as a number: neither truth nor NaN, nor an integer that no float can hold."""
    if isinstance(value, float):
        return value == value
    return isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < LONGEST_INTEGER


def _is_missing(value: Any) -> bool:
    """None and NaN, which compare with nothing."""
    return value is None or (isinstance(value, float) and value != value)


def _glob(pattern: str) -> Callable[[str], object]:
    """A matcher of whole texts in small letters; its time grows no faster than text times pattern."""
    escaped = re.sub(r"\*+", "*", pattern.casefold()).replace("[", "[[]")
    return re.compile(fnmatch.translate(escaped)).match
