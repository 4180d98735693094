"""Lengths of time as people write them."""

from __future__ import annotations

import re

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_WHOLE = re.compile("".join(rf"(?:(?P<{unit}>\d+(?:\.\d+)?){unit})?" for unit in _UNITS), re.ASCII)


def seconds_of(text: str) -> float:
    """Seconds of `90s`, `45m`, `2h`, `1h30m`, `1.5h` or `1d`: each unit once, the large ones first.

    Raises `ValueError`, in one line with what to write, for anything else and for no time at all.
    """
    found = _WHOLE.fullmatch(text.strip().lower())
    parts = found.groupdict() if found else {}
    total = sum(float(count) * _UNITS[unit] for unit, count in parts.items() if count)
    if total <= 0:
        raise ValueError(f"{text!r} is not a length of time; write e.g. 90s, 45m, 2h, 1h30m or 1d")
    return total
