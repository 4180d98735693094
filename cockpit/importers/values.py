"""Numbers and times as files hold them. Integers stay integers, however large, and nothing is rounded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cockpit.events.text import one_line
from cockpit.printed.numbers import LARGEST_COUNT

Number = int | float

_PLAIN = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")
_WRAPPED = re.compile(r"(?:tensor|array|(?:np|numpy)\.\w+)\(\s*([^\s,()]+).*\)", re.DOTALL)
_DURATION = re.compile(r"(?:(\d{1,5}) days?,? )?(?:(\d{1,5}):)?(\d{1,2}):(\d\d(?:\.\d+)?)")
_DATE = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)[_ ](\d\d)[-:](\d\d)[-:](\d\d(?:\.\d+)?)")
_NON_FINITE = {
    "nan": "nan", "1.#qnan": "nan", "1.#ind": "nan", "1.#nan": "nan",
    "inf": "inf", "infinity": "inf", "1.#inf": "inf", "∞": "inf",
}  # fmt: skip
_MOST_DIGITS = 300  # more than a floating-point number can hold is no measurement
_DEEPEST = 20
_LONGEST_LIST = 64
_EARLIEST_STAMP = 1e8  # seconds; less is a duration
_MILLISECONDS = 1e11


def number(text: str, decimal_comma: bool = False) -> Number | None:
    """The number that a text is, in any usual spelling, a duration in seconds; None for any other text."""
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return _made(text)
    if not text or len(text) > _MOST_DIGITS:
        return None
    unsigned = text.lower().lstrip("+-")
    if unsigned in _NON_FINITE:
        return float(("-" if text[0] == "-" else "") + _NON_FINITE[unsigned])
    if decimal_comma and _DECIMAL_COMMA.fullmatch(text):
        return _made(text.replace(",", "."))
    if _THOUSANDS.fullmatch(text):
        return _made(text.replace(",", ""))
    lasted = _DURATION.fullmatch(text)
    if lasted:
        return _seconds(*lasted.groups())
    if text.endswith("%"):
        return number(text[:-1], decimal_comma)
    wrapped = _WRAPPED.fullmatch(text)
    return number(wrapped[1]) if wrapped else None


def _seconds(days: str | None, hours: str | None, minutes: str, seconds: str) -> Number:
    """Of `1 day, 2:03:04`, `2:03:04` and `03:04`."""
    whole = 86400 * int(days or 0) + 3600 * int(hours or 0) + 60 * int(minutes)
    return whole + (float(seconds) if "." in seconds else int(seconds))


def has_decimal_comma(text: str) -> bool:
    """Whether the text is a number only with a comma for its point: `0,53`, and not `1,234`."""
    text = text.strip()
    return bool(_DECIMAL_COMMA.fullmatch(text)) and not _THOUSANDS.fullmatch(text)


def _made(text: str) -> Number | None:
    if text.lstrip("+-").isdigit():
        return int(text) if len(text) <= _MOST_DIGITS else None
    return float(text)


def measured(value: Any) -> Number | None:
    """The number that a JSON value is: also a text that spells one, and 1 for true; None for everything else."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if abs(value) < 10**_MOST_DIGITS else None
    if isinstance(value, float):
        return value
    return number(value) if isinstance(value, str) else None


def count(value: Any) -> int | None:
    """A step or an epoch: a whole number from 0 on; None for anything else."""
    found = measured(value)
    if found is None or not 0 <= found < LARGEST_COUNT or found != int(found):
        return None
    return int(found)


def flattened(record: Mapping[str, Any]) -> tuple[dict[str, Number], dict[str, Any]]:
    """The numbers of a record by their dotted names, and what else it holds. None is nothing."""
    numbers: dict[str, Number] = {}
    others: dict[str, Any] = {}
    _flatten(record, "", _DEEPEST, numbers, others)
    return numbers, others


def _flatten(
    record: Mapping[str, Any], before: str, depth: int, numbers: dict[str, Number], others: dict[str, Any]
) -> None:
    for key, value in record.items():
        name = f"{before}{key}"
        if isinstance(value, list) and len(value) <= _LONGEST_LIST:
            value = {str(index): inner for index, inner in enumerate(value)}
        found = measured(value)
        if found is not None:
            numbers[name] = found
        elif isinstance(value, dict) and depth:
            _flatten(value, f"{name}.", depth - 1, numbers, others)
        elif value not in (None, ""):
            others[name] = value


def stamp(value: Any) -> float | None:
    """Seconds since 1970 of a date, of a count of seconds or of one of milliseconds; dates without a zone are UTC."""
    found = measured(value)
    if found is not None:
        if not _EARLIEST_STAMP <= found < 1e14:
            return None
        return found / 1000 if found >= _MILLISECONDS else float(found)
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        at = datetime.fromisoformat(_DATE.sub(r"\1-\2-\3 \4:\5:\6", value.strip()))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def shown(value: Any) -> str:
    """A value in one short line, for what was not understood."""
    return one_line(str(value)[:400], 200)
