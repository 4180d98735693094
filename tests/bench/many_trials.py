"""A thousand short trials: whether the engine's memory stays flat, and the last hundred come as fast as the first."""

from __future__ import annotations

from .child import measure_in_child
from .table import Row, seconds

TRIALS, FEWER_TRIALS = 1000, 200
PACE = 1.3
GROWTH = 1.1
MIB = 1 << 20


def rows(quick: bool) -> list[Row]:
    trials = FEWER_TRIALS if quick else TRIALS
    found = measure_in_child("many", str(trials))
    ratio, growth = found["last"] / found["first"], found["rss_end"] / found["rss_early"]
    count = found["hundred"]
    return [
        Row(
            f"{trials} trials: each of the last {count} against the first {count}",
            seconds(found["last"] / count),
            seconds(found["first"] / count),
            ratio,
            f"ratio ≤ {PACE}",
            ratio <= PACE,
        ),
        Row(
            f"{trials} trials: memory at the end against 10 % of them",
            f"{found['rss_end'] / MIB:.0f} MiB",
            f"{found['rss_early'] / MIB:.0f} MiB",
            growth,
            f"ratio ≤ {GROWTH}",
            growth <= GROWTH,
        ),
    ]
