"""How much each parameter matters for the score, and where the best trials have it.

The measure is PED-ANOVA, as in Optuna's dashboard: how differently a parameter is distributed among the best trials
and among all.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import create_trial

from cockpit.engine.optuna_space import as_drawn, to_optuna
from cockpit.search.errors import SearchError
from cockpit.search.reader import load
from cockpit.search.space import Categorical, Distribution, IntUniform, LogUniformValues, Uniform, Weighted
from cockpit.search.space.base import is_number
from cockpit.search.values import identity
from cockpit.store.folder import RunFolder
from cockpit.store.importance import JUDGED, LEAST_TRIALS, Importance, keep_importance
from cockpit.store.numbers import counted
from cockpit.store.ranking import ranked
from cockpit.store.rows import SweepRow, TrialRow
from cockpit.store.runs import configurations

TARGET_TRIALS, LEAST_QUANTILE, MOST_QUANTILE = 5, 0.1, 0.5  # the authors advise five trials among the best
BEST_PART, LEAST_BEST = 0.2, 3
WIDE = 100.0  # values from 1e-4 to 1e-2 or further are compared by their logarithm


def weigh_and_keep(run: RunFolder, sweep: SweepRow, trials: Sequence[TrialRow]) -> Importance:
    """`weigh`, kept in the run folder for whoever asks next, if that can be written."""
    found = weigh(run, sweep, trials)
    with suppress(OSError):
        keep_importance(run, trials, found)
    return found


def weigh(run: RunFolder, sweep: SweepRow, trials: Sequence[TrialRow]) -> Importance:
    """Weigh the varied parameters by the trials that were judged.

    A pruned trial counts with the best value that it reached, because it is known not to be among the best; a diverged
    one that reached none counts with the worst value of all.
    """
    trials = configurations(trials)
    space = searched_space(run, sweep, trials)
    judged = [trial for trial in trials if trial.status in JUDGED]
    fitting = [trial for trial in judged if _fits(trial, space)]
    values = _values(fitting)
    weighed = [trial for trial in fitting if trial.id in values]
    why = _why_not(space, weighed, values, sweep.metric)
    shares = {} if why else _shares(space, weighed, values, sweep.goal)
    if not why and not shares:
        why = "the best trials have the same values as all the others"
    kept = {trial.id for trial in fitting}
    return Importance(
        metric=sweep.metric,
        trials=len(weighed),
        shares=shares or dict.fromkeys(space, 1 / max(1, len(space))),
        ranges=_ranges(weighed, space, sweep.goal),
        choices=tuple(name for name, distribution in space.items() if not _is_range(distribution)),
        left_out=tuple(trial.id for trial in judged if trial.id not in kept),
        why=why,
    )


def searched_space(run: RunFolder, sweep: SweepRow, trials: Sequence[TrialRow]) -> dict[str, Distribution]:
    """The space that was searched, or one around the values that were tried where no search file tells."""
    try:
        return load(run.search).varied
    except (SearchError, OSError):
        tried = {name: [trial.config[name] for trial in trials if name in trial.config] for name in sweep.varied}
        return {name: around(values) for name, values in tried.items() if values}


def around(values: list[Any]) -> Distribution:
    if not all(map(is_number, values)) or min(values) == max(values):
        return Categorical(tuple({identity(value): value for value in values}.values()))
    low, high = min(values), max(values)
    if low > 0 and high / low >= WIDE:
        return LogUniformValues(float(low), float(high))
    return (
        IntUniform(low, high) if all(isinstance(value, int) for value in values) else Uniform(float(low), float(high))
    )


def _fits(trial: TrialRow, space: Mapping[str, Distribution]) -> bool:
    return all(name in trial.config and found.contains(trial.config[name]) for name, found in space.items())


def _values(trials: Sequence[TrialRow]) -> dict[str, float]:
    """The value of each trial that has one, and the worst for those that diverged without."""
    values = {trial.id: trial.best for trial in trials if trial.best is not None and math.isfinite(trial.best)}
    lost = [trial.id for trial in trials if trial.status == "diverged" and trial.id not in values]
    return values | dict.fromkeys(lost if values else [], math.nan)


def _why_not(
    space: Mapping[str, Distribution], trials: Sequence[TrialRow], values: Mapping[str, float], metric: str
) -> str:
    """Why nothing can be said; empty where something can."""
    if not space:
        return "nothing was varied"
    if len(trials) < LEAST_TRIALS:
        have = f"{counted(len(trials), 'trial')} with a value of {metric or 'the metric'}"
        return f"{have}; it takes {LEAST_TRIALS} to tell"
    if len(set(values.values())) == 1:
        return f"all trials have the same {metric}"
    return ""


def _shares(
    space: Mapping[str, Distribution], trials: Sequence[TrialRow], values: Mapping[str, float], goal: str
) -> dict[str, float]:
    """Shares by parameter, largest first; empty where the measure sees no difference at all."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    finite = [value for value in values.values() if math.isfinite(value)]
    worst = min(finite) if goal == "maximize" else max(finite)
    distributions = {name: to_optuna(distribution) for name, distribution in space.items()}
    study = optuna.create_study(direction="maximize" if goal == "maximize" else "minimize")
    for trial in trials:
        params = {name: as_drawn(distribution, trial.config[name]) for name, distribution in space.items()}
        value = values[trial.id]
        study.add_trial(
            create_trial(params=params, distributions=distributions, value=value if math.isfinite(value) else worst)
        )
    quantile = min(MOST_QUANTILE, max(LEAST_QUANTILE, TARGET_TRIALS / len(trials)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of too few trials, which is said in words of our own
        raw = get_param_importances(
            study, evaluator=PedAnovaImportanceEvaluator(target_quantile=quantile), normalize=False
        )
    total = sum(raw.values())
    if not total > 0 or not math.isfinite(total):
        return {}
    return {name: raw[name] / total for name in sorted(raw, key=lambda name: (-raw[name], name))}


def _ranges(trials: Sequence[TrialRow], space: Mapping[str, Distribution], goal: str) -> dict[str, list[Any]]:
    """Where the best trials have each parameter."""
    scored = [trial for trial in ranked(trials, goal) if trial.best is not None and math.isfinite(trial.best)]
    best = scored[: max(LEAST_BEST, math.ceil(BEST_PART * len(scored)))]
    if not best:
        return {}
    return {name: _range([trial.config[name] for trial in best], found) for name, found in space.items()}


def _range(values: list[Any], distribution: Distribution) -> list[Any]:
    if _is_range(distribution):
        return [min(values), max(values)]
    distinct = list({identity(value): value for value in values}.values())
    return sorted(distinct) if all(map(is_number, distinct)) else distinct


def _is_range(distribution: Distribution) -> bool:
    return not isinstance(distribution, Categorical | Weighted)
