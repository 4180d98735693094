"""The norms of the tensors of one row, in one record: means, extremes, and the names of tensors that stand out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul

from trainers.contract import GroupNorms
from trainers.norm_sample import MISSING
from trainers.tensor_norms import RowValues

MOST_NAMES = 5  # of one kind: a model that is dead altogether has hundreds


def summary(group: str, names: Sequence[str], trained: Sequence[bool], values: RowValues) -> GroupNorms:
    """The record of a row whose parameters have these names, and are `trained` or not.

    Parameters without a gradient count among the parameters and not among the gradients; a row without any gradient
    reports zeros. What was not measured is NaN.
    """
    found = _standing_out(trained, values)
    param_mean, param_std, _ = _statistics(values.parameters)
    grad_mean, grad_std, grad_max = _statistics(_given(values))
    return GroupNorms(
        group=group,
        param_mean=param_mean,
        param_std=param_std,
        grad_mean=grad_mean,
        grad_std=grad_std,
        grad_max=grad_max,
        nonfinite=len(found.get("nonfinite", ())),
        update_ratio=values.update,
        largest=_largest(names, _given_or_zero(values)),
        zero=len(found.get("zero", ())),
        unchanged=len(found.get("unchanged", ())),
        names={word: tuple(names[at] for at in places[:MOST_NAMES]) for word, places in found.items()},
    )


def _statistics(norms: Sequence[float]) -> tuple[float, float, float]:
    """Mean, population standard deviation and maximum; NaN where one of them is."""
    mean = math.fsum(norms) / len(norms)
    deviations = [norm - mean for norm in norms]
    std = math.sqrt(math.fsum(map(mul, deviations, deviations)) / len(norms))
    return mean, std, math.nan if math.isnan(mean) else max(norms)


def _given(values: RowValues) -> Sequence[float]:
    """The norms of the gradients that are there, or one number that stands for them."""
    return [norm for norm in values.gradients if norm != MISSING] or [0.0]


def _given_or_zero(values: RowValues) -> Sequence[float]:
    """The norm of each gradient, 0 for one that is not there."""
    return [0.0 if norm == MISSING else norm for norm in values.gradients]


def _standing_out(trained: Sequence[bool], values: RowValues) -> dict[str, list[int]]:
    """The places of the tensors that count for each word; empty where none does."""
    changes = values.changes or values.gradients
    if math.isfinite(sum(values.gradients)) and min(values.gradients) > 0 and min(changes) > 0:
        return {}
    gradients = _given_or_zero(values)
    found = {
        "zero": [at for at, norm in enumerate(gradients) if norm == 0 and trained[at]],
        "unchanged": [at for at, norm in enumerate(gradients) if norm != 0 and changes[at] == 0 and trained[at]],
        "nonfinite": [at for at, norm in enumerate(gradients) if not math.isfinite(norm)],
    }
    return {word: places for word, places in found.items() if places}


def _largest(names: Sequence[str], gradients: Sequence[float]) -> str:
    """The name of the first gradient that is not finite, else of the largest; empty where all are zero."""
    if not any(gradients):
        return ""
    unbounded = (at for at, norm in enumerate(gradients) if not math.isfinite(norm))
    at = next(unbounded, -1)
    return names[at if at >= 0 else gradients.index(max(gradients))]
