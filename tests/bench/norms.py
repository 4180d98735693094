"""What the table of norms costs a training step, against a hook on every parameter that fetches its number at once."""

from __future__ import annotations

from statistics import median, quantiles

from .child import measure_in_child
from .table import Row, seconds

TARGET = 0.02
STEPS, QUICK_STEPS = 24, 6  # of each way
EVERY = 10  # `norms_every` of a trainer unless it is told otherwise


def rows(quick: bool) -> list[Row]:
    """Shares of a step. The clock inside the step decides, because a whole step varies by more than the target."""
    found = measure_in_child("encoder", str(QUICK_STEPS if quick else STEPS))
    step = median(found["plain"])
    one, every, hooks = (median(found[way]) / step for way in ("one_cost", "all_cost", "hooks_cost"))
    differences = [used / plain - 1 for used, plain in zip(found["one"], found["plain"], strict=True)]
    low, middle, high = quantiles(differences, n=4)
    return [
        Row(
            f"norms of one group a step, share of {seconds(step)}",
            _percent(one),
            f"{_percent(hooks)} hooks",
            one / hooks,
            f"≤ {_percent(TARGET)}",
            one <= TARGET,
        ),
        Row(
            "the same by whole steps in turns, median and quartiles",
            f"{_percent(middle)} ({_percent(low)} … {_percent(high)})",
        ),
        Row(
            f"norms of all groups every {EVERY} steps, share",
            _percent(every / EVERY),
            f"{_percent(hooks / EVERY)} hooks",
            every / hooks,
            f"≤ {_percent(TARGET)}",
            every / EVERY <= TARGET,
        ),
    ]


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
