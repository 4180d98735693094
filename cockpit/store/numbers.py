"""How values are written for people, the same in tables, lines and the diary."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def metric_text(value: float | None) -> str:
    """A loss or score: four decimals, or three significant digits in scientific form where that shows nothing."""
    if value is None:
        return "—"
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value != 0 and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2e}"
    return f"{value:.4f}"


def delta_text(value: float | None) -> str:
    """A difference, always with its sign."""
    if value is None or math.isnan(value):
        return "—"
    return f"{value:+.4f}" if value == 0 or abs(value) >= 5e-5 else f"{value:+.1e}"


def setting_text(value: Any) -> str:
    """A hyperparameter: up to three significant digits for a fraction, anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, float):
        return "—" if value is None else str(value)
    if not math.isfinite(value) or value == int(value):
        return f"{value:g}"
    return f"{value:.1e}" if abs(value) < 1e-3 else f"{value:.3g}"


def duration_text(seconds: float | None) -> str:
    """`42s`, `12m04s`, `1h05m`, `3d04h`."""
    if seconds is None or not math.isfinite(seconds):
        return "—"
    seconds = max(0.0, seconds)
    if seconds < 10:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole}s"
    if whole < HOUR:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < DAY:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def milliseconds_text(seconds: float | None) -> str:
    """What a part of a step took, in milliseconds: `0.04`, `12.30`, `1250.00`; empty where it is not known."""
    return f"{1000.0 * seconds:.2f}" if seconds is not None and math.isfinite(seconds) else ""


def share_text(share: float | None) -> str:
    """A part of 1: `43%`, `0.4%`; empty where it is not known."""
    if share is None or not math.isfinite(share):
        return ""
    per_cent = 100.0 * share
    return f"{per_cent:.1f}%" if 0 < per_cent < 9.95 else f"{per_cent:.0f}%"


def quantity_text(value: float) -> str:
    """Something that was measured, with its unit beside it: three significant digits, or all of a large number."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def age_text(seconds: float | None) -> str:
    """How long ago, in one unit: `30s`, `4m`, `2h`, `3d`."""
    if seconds is None or not math.isfinite(seconds):
        return "—"
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def utc_text(at: float | None) -> str | None:
    """A time as ISO 8601 in UTC, to the millisecond; None for what is no time of this calendar."""
    if at is None:
        return None
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None


def size_text(count: float) -> str:
    """An amount of memory or disk: `812 MiB`, `23.5 GiB`."""
    for unit, size in (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= size:
            value = count / size
            return f"{value:.1f} {unit}" if value < 100 else f"{value:.0f} {unit}"
    return f"{count:.0f} B"


def counted(count: int, noun: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def sparkline(values: list[float | None], goal: str, width: int = 8) -> str:
    """The best value so far after each of the trials, as a line of blocks."""
    best: list[float] = []
    for value in values:
        if value is not None and math.isfinite(value):
            chosen = max if goal == "maximize" else min
            best.append(chosen(best[-1], value) if best else value)
    if not best:
        return ""
    step = max(1.0, len(best) / width)
    shown = [best[min(len(best) - 1, int((index + 1) * step) - 1)] for index in range(min(width, len(best)))]
    low, high = min(shown), max(shown)
    blocks = "▁▂▃▄▅▆▇█"
    return "".join(blocks[round((value - low) / (high - low) * 7) if high > low else 3] for value in shown)
