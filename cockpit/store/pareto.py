"""The Pareto front: trials that no other trial beats in one metric without being beaten in another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from cockpit.store.rows import TrialRow
from cockpit.store.runs import configurations

Oriented = tuple[float, ...]  # such that higher is better in each


def front(points: Sequence[Sequence[float | None]], goals: Sequence[str]) -> list[bool]:
    """For each point whether it is on the front; `goals` has `maximize` or `minimize` for each coordinate.

    A point with a coordinate that is missing or not finite never is. Equal points are on it together. Takes n·log n
    for two coordinates, and n times the size of the front for more.
    """
    oriented = [_oriented(point, goals) for point in points]
    known = {point for point in oriented if point is not None}
    # Whatever beats a point comes before it in this order.
    best = set((_of_two if len(goals) == 2 else _of_many)(sorted(known, reverse=True)))
    return [point in best for point in oriented]


def front_trials(trials: Sequence[TrialRow], goals: Mapping[str, str]) -> set[str]:
    """The ids of the trials on the front, by all metrics at the evaluation that was best by the first of them."""
    trials = configurations(trials)
    points = [[trial.best_metrics.get(name) for name in goals] for trial in trials]
    marks = front(points, list(goals.values()))
    return {trial.id for trial, is_on_front in zip(trials, marks, strict=True) if is_on_front}


def _oriented(point: Sequence[float | None], goals: Sequence[str]) -> Oriented | None:
    known = [value for value in point if value is not None and math.isfinite(value)]
    if len(known) < len(goals):
        return None
    return tuple(value if goal == "maximize" else -value for value, goal in zip(known, goals, strict=True))


def _of_two(ranked: Sequence[Oriented]) -> Iterator[Oriented]:
    highest = -math.inf
    for point in ranked:
        if point[1] > highest:
            highest = point[1]
            yield point


def _of_many(ranked: Sequence[Oriented]) -> list[Oriented]:
    found: list[Oriented] = []
    for point in ranked:
        if not any(all(other >= own for other, own in zip(better, point, strict=True)) for better in found):
            found.append(point)
    return found
