"""Numbers as programs print them."""

from __future__ import annotations

import re

PLAIN = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
NUMBER = rf"(?:{PLAIN}|[-+]?(?:nan|inf(?:inity)?)\b)"  # to be used with IGNORECASE
LARGEST_COUNT = 2**53

_THOUSANDS = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_TIDY = re.compile(rf"\s*(?:tensor\()?\s*({NUMBER})", re.IGNORECASE)


def number(text: str) -> float | None:
    """The number that `text` begins with, None when there is none. Thousands may be grouped: `1,234`."""
    if _THOUSANDS.fullmatch(text.strip()):
        text = text.replace(",", "")
    found = _TIDY.match(text)
    return float(found[1]) if found else None


def count(value: float | str | None) -> int | None:
    """A step or an epoch: a whole number from 0 on, None when it is none."""
    found = number(value) if isinstance(value, str) else value
    if found is None or not 0 <= found < LARGEST_COUNT:
        return None
    return int(found)
