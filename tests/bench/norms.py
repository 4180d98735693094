"""What the table of norms costs a training step, against a hook on every parameter that fetches its number at once."""

from __future__ import annotations

from statistics import mean, median, quantiles

from .child import measure_in_child
from .table import Row, seconds

TARGET = 0.02
STEPS, QUICK_STEPS = 10, 2  # of each way; a step takes some seconds
EVERY = 10  # `norms_every` of a trainer unless it is told otherwise


def rows(quick: bool) -> list[Row]:
    """Shares of a step. The clock inside the step decides, because a whole step varies by more than the target."""
    found = measure_in_child("encoder", str(QUICK_STEPS if quick else STEPS))
    step = median(found["plain"])
    turns = found["one_cost"]  # the large group and the small one, which cost differently, take turns
    one = mean((median(turns[::2]), median(turns[1::2]))) / step
    every, hooks = (median(found[way]) / step for way in ("all_cost", "hooks_cost"))
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
