"""Metrics that are stored one by one, put together to rows: what was measured at one step stands in one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cockpit.importers.axis import Axis
from cockpit.importers.track import Row
from cockpit.importers.values import Number
from cockpit.printed.names import split_phase, strength


@dataclass(frozen=True, slots=True)
class Point:
    """One value. `time` is in seconds since the run began."""

    step: int
    value: Number
    time: float | None = None


def rows_of(series: Mapping[str, Sequence[Point]]) -> Iterator[Row]:
    """The rows of a run in order of their steps.

    Where a metric has several values at one step, as where nobody said a step, they are counted in the order in which
    they were written. A single value whose name has no phase is the result of the run, and so an evaluation.
    """
    points: dict[tuple[int, bool], dict[str, Point]] = defaultdict(dict)
    for name, values in series.items():
        is_result = len(values) == 1 and split_phase(name)[0] is None and strength(name) > 0
        for step, point in _placed(name, values):
            points[step, is_result][name] = point
    for (step, is_result), measured in sorted(points.items(), key=lambda one: one[0]):
        times = [point.time for point in measured.values() if point.time is not None]
        yield Row(
            values={name: point.value for name, point in measured.items()},
            evaluates=is_result,
            step=step,
            time=max(times, default=None),
            beside=series.keys(),
        )


def _placed(name: str, values: Sequence[Point]) -> Iterator[tuple[int, Point]]:
    if len({point.step for point in values}) == len(values):
        return ((point.step, point) for point in values)
    axis = Axis()
    return ((axis.place("train", (name,), max(point.step, 0)), point) for point in values)
