"""How long a sweep will take, told before it starts: from earlier ones like it, or from the first steps of a trial."""

from __future__ import annotations

import math
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Any

from cockpit.engine.devices import is_another
from cockpit.engine.plan import Plan
from cockpit.search.early import Asha
from cockpit.store.folder import FolderError, experiments
from cockpit.store.reader import Index
from cockpit.store.rows import SweepRow, TrialRow

MOST_EXPERIMENTS = 5  # the newest ones: code and machine change
LEAST_TRIALS = 3
COUNTED = ("finished", "pruned")


@dataclass(frozen=True)
class Estimate:
    """Seconds from start to end, the least and the most that is likely, and what they come from."""

    seconds: float
    low: float
    high: float
    source: str


@dataclass(frozen=True)
class Pace:
    """What one trial of the plan takes that is not pruned, in seconds; `start` is before its first step.

    `evaluations` is how many it makes, 0 where that is not known.
    """

    seconds: float
    start: float
    evaluations: int
    source: str


@dataclass(frozen=True)
class Past:
    """An earlier sweep of the same trainer on the same data. `start` is the seconds before its first trial."""

    experiment: str
    start: float
    trials: Sequence[PastTrial]


@dataclass(frozen=True)
class PastTrial:
    """How long it took, what part of its steps it came to, and how many epochs all of them are."""

    seconds: float
    part: float
    epochs: float


def from_history(plan: Plan, logs: Path) -> Estimate | None:
    """What earlier sweeps tell; None when none was like this one, or this one has no end."""
    epochs = _epochs(plan)
    past = [found for found, _ in zip(_past(plan, logs), range(MOST_EXPERIMENTS), strict=False)]
    trials = [trial for found in past for trial in found.trials]
    if plan.total is None or not epochs or len(trials) < LEAST_TRIALS:
        return None
    paces = [trial.seconds / (trial.part * trial.epochs) for trial in trials]
    low, _, high = quantiles(paces, n=4, method="inclusive")
    share = mean(trial.part for trial in trials) if plan.search.scheduler != "none" else 1.0
    waves, fewest, most = _waves(plan), *_further_waves(plan)
    start = median(found.start for found in past)
    names = ", ".join(found.experiment for found in past)
    return Estimate(
        seconds=start + epochs * mean(paces) * (waves * share + fewest),
        low=start + epochs * min(low, mean(paces)) * (waves * share + fewest),
        high=start + epochs * max(high, mean(paces)) * (waves + most),
        source=f"as long per epoch as in {names}",
    )


def from_pace(plan: Plan, pace: Pace) -> Estimate | None:
    """What the first steps of one trial tell; None when the sweep has no end.

    `low` is where the scheduler prunes as it does on average, `high` where it prunes nothing.
    """
    if plan.total is None:
        return None
    whole, (fewest, more) = pace.start + pace.seconds, _further_waves(plan)
    most = pace.start + (_waves(plan) + more) * whole
    stopped = pace.start + pace.seconds * _share_left(plan, pace.evaluations)
    least = pace.start + _waves(plan) * stopped + fewest * whole
    return Estimate((least + most) / 2, least, most, pace.source)


def _past(plan: Plan, logs: Path) -> Iterator[Past]:
    """Sweeps of this machine like the plan, newest first."""
    for run in reversed(experiments(logs)):
        try:
            with Index(run) as index:
                sweep = index.sweep()
                found = _usable(plan, sweep, index.trials(best_metrics=False)) if _is_like(plan, sweep) else None
        except FolderError:
            continue
        if found is not None:
            yield found


def _is_like(plan: Plan, sweep: SweepRow) -> bool:
    here = sweep.host == socket.gethostname()
    return here and sweep.trainer == plan.work.name and sweep.data == str(plan.shared.get("data", ""))


def _usable(plan: Plan, sweep: SweepRow, trials: Sequence[TrialRow]) -> Past | None:
    took = [found for trial in trials if (found := _past_trial(plan, trial)) is not None]
    begun = [trial.started for trial in trials if trial.started is not None]
    if not took or not begun or sweep.started is None:
        return None
    return Past(sweep.experiment, max(0.0, min(begun) - sweep.started), took)


def _past_trial(plan: Plan, trial: TrialRow) -> PastTrial | None:
    elsewhere = is_another(plan.device, trial.device)
    if trial.status not in COUNTED or trial.seconds is None or not trial.steps or elsewhere:
        return None
    part = min(1.0, trial.steps / trial.total_steps) if trial.total_steps else 1.0
    epochs = trial.config.get("epochs", _epochs_of(plan, {}))
    return PastTrial(trial.seconds, part, float(epochs)) if _is_number(epochs) else None


def _share_left(plan: Plan, evaluations: int) -> float:
    """The part of its steps that a trial runs on average where ASHA keeps the best 1/eta at every rung."""
    rule = plan.search.early_terminate
    if not isinstance(rule, Asha) or not evaluations:
        return 1.0
    done, rung, left = 0.0, float(min(rule.min_iter, evaluations)), 1.0
    before = 0.0
    while before < evaluations:
        done += left * (min(rung, evaluations) - before)
        before, rung, left = rung, rung * rule.eta, left / rule.eta
    return done / evaluations


def _waves(plan: Plan) -> float:
    """How many trials come one after the other where as many as fit run side by side."""
    total = plan.total or 0
    return total / min(plan.share.concurrent, total) if total else 0.0


def _further_waves(plan: Plan) -> tuple[float, float]:
    """The same for runs after the first, which all come to their end: the least that is likely, and the most.

    What a scheduler stops is not repeated; it keeps at least one in `eta`, or a third where that is not said.
    """
    search, total = plan.search, plan.total or 0
    repeats = total * (search.seeds - 1)
    kept = 1.0 if search.scheduler == "none" else 1 / getattr(search.early_terminate, "eta", 3.0)
    confirmations = 2 * search.confirm
    fewest, most = repeats * kept + confirmations, repeats + confirmations
    return fewest / plan.share.concurrent, most / plan.share.concurrent


def _epochs(plan: Plan) -> float:
    """The epochs of a trial, on average over the first configurations."""
    found = [_epochs_of(plan, config) for config in plan.first_configs(5)]
    return mean(float(epochs) for epochs in found if _is_number(epochs)) if any(map(_is_number, found)) else 0.0


def _epochs_of(plan: Plan, config: Mapping[str, Any]) -> Any:
    """Those of a trainer that has none count as one, so that its trials are compared as they are."""
    found = plan.work.setting(plan.trial_config(config), "epochs")
    return 1.0 if found is None else found


def _is_number(epochs: Any) -> bool:
    return isinstance(epochs, int | float) and math.isfinite(epochs) and epochs > 0
