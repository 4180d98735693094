"""A trial that was run before: in an earlier life of this experiment, or in another one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["complete", "pruned", "failed", "running"]
Origin = Literal["proposed", "added", "elsewhere"]


@dataclass(frozen=True)
class Past:
    """What a proposer can learn from a trial.

    `evaluations` are the values of the metric that ranks trials, from evaluation 1 on; NaN stands for what was no
    number. `value` is the best of them, `values` are all metrics at the evaluation that was best. A `running` trial
    goes on: more evaluations and its end are still to come. `origin` says whether this experiment proposed it, somebody
    added it, or it is from another experiment.
    """

    trial: str
    config: Mapping[str, Any]
    state: State
    evaluations: tuple[float, ...] = ()
    value: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    origin: Origin = "proposed"


def state_of(value: float | None, *, finished: bool) -> State:
    """What an ended trial is to a sampler: one that ended early and has a value counts as pruned."""
    if value is None or not math.isfinite(value):
        return "failed"
    return "complete" if finished else "pruned"
