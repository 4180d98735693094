"""Which value is better, decided once. A value that is not finite never wins."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from cockpit.store.rows import TrialRow
from cockpit.store.runs import candidates, configurations

UNRANKED_PHASES = ("train", "tune", "test")  # fitted to what they measure, or not to be looked at


def is_ranked(phase: str) -> bool:
    """Whether evaluations of this phase may decide which trial is best. `tune`, `tune2` … never may."""
    return not phase.startswith(UNRANKED_PHASES)


def sort_key(value: float | None, goal: str) -> tuple[int, float]:
    """Ascending by this is best first: finite values, then infinities, then NaN and missing."""
    if value is None or math.isnan(value):
        return (2, 0.0)
    if math.isinf(value):
        return (1, 0.0)
    return (0, -value if goal == "maximize" else value)


def is_better(value: float | None, than: float | None, goal: str) -> bool:
    """Whether `value` beats `than`; nothing that is not finite beats anything."""
    return sort_key(value, goal)[0] == 0 and sort_key(value, goal) < sort_key(than, goal)


def best_of(values: Iterable[float | None], goal: str) -> float | None:
    """The best finite value; None when there is none."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    return (max if goal == "maximize" else min)(finite, default=None)


def gain(value: float | None, over: float | None, goal: str) -> float | None:
    """How much better `value` is, positive for better whatever the goal; None when either is missing."""
    if value is None or over is None or not (math.isfinite(value) and math.isfinite(over)):
        return None
    return value - over if goal == "maximize" else over - value


def ranked(rows: Sequence[Any], goal: str) -> list[Any]:
    """`rows` with a `best` attribute, best first; ties keep their order."""
    return sorted(rows, key=lambda row: sort_key(row.best, goal))


def best_trial(trials: Sequence[TrialRow], goal: str) -> TrialRow | None:
    """The trial with the best value, the first of equals; None while none has one.

    Where configurations are repeated on other seeds, `best` is the mean over the runs of one.
    """
    return min(candidates(trials), key=lambda trial: sort_key(trial.best, goal), default=None)


def baseline_trial(trials: Sequence[TrialRow]) -> TrialRow | None:
    """The reference that every delta is against, with the mean over its runs; None where the search has none."""
    return next((trial for trial in configurations(trials) if trial.baseline), None)
