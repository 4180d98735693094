"""What the table of norms costs a training step, against a hook on every parameter that fetches its number at once."""

from __future__ import annotations

from statistics import median, quantiles

from .child import measure_in_child
from .table import Row, seconds

TARGET = 0.02
STEPS, QUICK_STEPS = 10, 2  # of each way; a step takes some seconds
EVERY = 10  # `norms_every` of a trainer unless it is told otherwise


def rows(quick: bool) -> list[Row]:
    """Shares of a step. The clock inside the step decides, because a whole step varies by more than the target."""
    found = measure_in_child("encoder", str(QUICK_STEPS if quick else STEPS))
    step = median(found["plain"])
    groups, layers, hooks = (median(found[f"{way}_cost"]) / step for way in ("groups", "layers", "hooks"))
    differences = [used / plain - 1 for used, plain in zip(found["groups"], found["plain"], strict=True)]
    low, middle, high = quantiles(differences, n=4)
    return [
        _row(f"norms of groups every {EVERY} steps, share of {seconds(step)}", groups, hooks),
        Row(
            "the same at every step, by whole steps in turns, median and quartiles",
            f"{_percent(middle)} ({_percent(low)} … {_percent(high)})",
        ),
        _row(f"norms of {found['rows']} layers every {EVERY} steps, share", layers, hooks),
    ]


def _row(name: str, cost: float, hooks: float) -> Row:
    return Row(
        name,
        _percent(cost / EVERY),
        f"{_percent(hooks / EVERY)} hooks",
        cost / hooks,
        f"≤ {_percent(TARGET)}",
        cost / EVERY <= TARGET,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"
