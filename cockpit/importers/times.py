"""When a log begins and ends, by the times that a logger put before its lines."""

from __future__ import annotations

import re
from datetime import datetime

_TIME = re.compile(
    rb"^[\[(A-Z\]]{0,12}(\d{4})[-/](\d\d)[-/](\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))?(?![\d:])", re.MULTILINE
)
_LOOKED_AT = 1 << 16  # bytes of the beginning or the end


def first_time(text: bytes) -> float | None:
    """Seconds since 1970 of the first line with a time, taken for one of this machine's clock; None without one."""
    found = _TIME.search(text[:_LOOKED_AT])
    return _seconds(found) if found else None


def last_time(text: bytes) -> float | None:
    """The same of the last one."""
    all_times = list(_TIME.finditer(text[-_LOOKED_AT:]))
    return _seconds(all_times[-1]) if all_times else None


def _seconds(found: re.Match[bytes]) -> float | None:
    *whole, fraction = found.groups()
    try:
        return datetime(*map(int, whole)).timestamp() + float(b"0." + (fraction or b"0"))  # type: ignore[arg-type]
    except (ValueError, OverflowError, OSError):
        return None  # no time of this calendar
