"""Where a cursor can stand: at steps that have values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cockpit.store.curve import Curve


def nearest_step(curves: Sequence[Curve], wanted: float) -> int | None:
    """The step with a value that is nearest to `wanted`; None where there is no value at all."""
    found = [step for curve in curves for step in _neighbours(curve, wanted)]
    return min(found, key=lambda step: abs(step - wanted), default=None)


def next_step(curves: Sequence[Curve], step: int, wanted: float) -> int | None:
    """The step nearest to `wanted` that lies beyond `step` in that direction; None where there is none."""
    forth = wanted > step
    near = nearest_step(curves, wanted)
    if near is not None and (near > step) == forth and near != step:
        return near
    return _following(curves, step) if forth else _preceding(curves, step)


def _neighbours(curve: Curve, wanted: float) -> list[int]:
    place = int(np.searchsorted(curve.steps, wanted))
    return [int(step) for step in curve.steps[max(0, place - 1) : place + 1]]


def _following(curves: Sequence[Curve], step: int) -> int | None:
    places = [(curve.steps, int(np.searchsorted(curve.steps, step, side="right"))) for curve in curves]
    return min((int(steps[place]) for steps, place in places if place < len(steps)), default=None)


def _preceding(curves: Sequence[Curve], step: int) -> int | None:
    places = [(curve.steps, int(np.searchsorted(curve.steps, step))) for curve in curves]
    return max((int(steps[place - 1]) for steps, place in places if place > 0), default=None)
