"""What is wrong with gradients, said as soon as the norm table shows it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from cockpit.store.rows import NormRow

EXPLODES = 20.0  # times the group's own median so far
ROWS_FOR_A_MEDIAN = 5  # fewer say nothing of what is usual
LARGE_UPDATE = 0.1  # of the parameters' own norm in one step; 1e-3 is usual


@dataclass(frozen=True)
class NormAlert:
    """One line for people about one parameter group, and the step at which it was seen. `kind` is a word for it."""

    group: str
    step: int
    kind: str
    text: str


def norm_alerts(rows: Sequence[NormRow]) -> list[NormAlert]:
    """The newest alert of each kind and group, newest first. `rows` are in the order of steps."""
    groups: dict[str, list[NormRow]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    newest: dict[tuple[str, str], NormAlert] = {}
    for found in groups.values():
        for alert in _of_group(found):
            newest[alert.group, alert.kind] = alert
    return sorted(newest.values(), key=lambda alert: -alert.step)


def _of_group(rows: Sequence[NormRow]) -> Iterable[NormAlert]:
    usual: list[float] = []
    for row in rows:
        kind, text = _judge(row, usual)
        if kind:
            yield NormAlert(row.group, row.step, kind, f"{row.group}: {text} at step {row.step}")
        if math.isfinite(row.grad_mean):
            usual.append(row.grad_mean)


def _judge(row: NormRow, usual: Sequence[float]) -> tuple[str, str]:
    if row.nonfinite or not math.isfinite(row.grad_mean):
        return "nonfinite", f"{row.nonfinite or 'some'} gradients are NaN or infinite"
    if row.grad_max == 0 or row.grad_mean == 0:
        return "zero", "all gradients are zero; is it frozen or cut off?"
    if len(usual) >= ROWS_FOR_A_MEDIAN and (middle := median(usual[-50:])) > 0 and row.grad_mean > EXPLODES * middle:
        return "exploding", f"the gradient norm is {row.grad_mean / middle:.0f} times the usual {middle:.3g}"
    if row.update_ratio > LARGE_UPDATE:
        return "update", f"one step changes the parameters by {row.update_ratio:.0%} of their norm"
    return "", ""
