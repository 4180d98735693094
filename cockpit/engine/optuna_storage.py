"""An experiment as a study of Optuna in a journal file, for `optuna-dashboard` and for whoever goes on with it there.

Parameters have the values that trials really had. A distribution that Optuna does not know is given as the range, or
the choices, that were tried; each is as wide as the values of all trials need.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from cockpit.engine.importance import around, searched_space
from cockpit.engine.optuna_space import SCALARS, to_optuna
from cockpit.engine.past import state_of
from cockpit.search.errors import SearchError
from cockpit.search.reader import load
from cockpit.search.space import Categorical, Distribution, IntUniform, LogUniformValues, Uniform
from cockpit.search.space.base import is_number
from cockpit.search.values import identity
from cockpit.store.folder import RunFolder
from cockpit.store.rows import NOT_OVER, SweepRow, TrialRow

_STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}


def write_journal(path: Path, run: RunFolder, sweep: SweepRow, trials: Sequence[TrialRow]) -> None:
    """Write all trials to the new file `path`, as the study called like the experiment. Raises `OSError`."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    lock = JournalFileOpenLock(str(path))
    storage = JournalStorage(JournalFileBackend(str(path), lock_obj=lock))
    objectives = _objectives(run, sweep)
    directions = [StudyDirection[goal.upper()] for goal in objectives.values()]
    study = optuna.create_study(study_name=run.name, storage=storage, directions=directions)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # older ones of Optuna lack the names
        study.set_metric_names(list(objectives))
    study.set_user_attr("question", sweep.question)
    space = _space(run, sweep, trials)
    for trial in trials:
        study.add_trial(_frozen(trial, space, objectives))


def _objectives(run: RunFolder, sweep: SweepRow) -> dict[str, str]:
    """The metrics of the search with their directions."""
    try:
        several: dict[str, str] = {metric.name: metric.goal for metric in load(run.search).metrics}
    except (SearchError, OSError):
        several = {}
    return several or {sweep.metric or "value": sweep.goal}


def _space(run: RunFolder, sweep: SweepRow, trials: Sequence[TrialRow]) -> dict[str, BaseDistribution]:
    space = searched_space(run, sweep, trials)
    tried = {name: [trial.config[name] for trial in trials if name in trial.config] for name in space}
    return {name: _as_wide(found, tried[name]) for name, found in space.items() if tried[name]}


def _as_wide(distribution: Distribution, values: list[Any]) -> BaseDistribution:
    """The distribution with room for all that was tried; Optuna takes no value from outside."""
    if not isinstance(distribution, Categorical | IntUniform | Uniform | LogUniformValues):
        distribution = around(values)
    if not isinstance(distribution, IntUniform | Uniform | LogUniformValues) or not all(map(is_number, values)):
        choices = [*distribution.values, *values] if isinstance(distribution, Categorical) else values
        return CategoricalDistribution(list({identity(value): _choice(value) for value in choices}.values()))
    found = to_optuna(distribution)
    low, high = min([distribution.min, *values]), max([distribution.max, *values])
    if isinstance(found, IntDistribution) and all(isinstance(value, int) for value in values):
        return IntDistribution(low, high)
    log = isinstance(found, FloatDistribution) and found.log and low > 0
    return FloatDistribution(float(low), float(high), log=log)


def _choice(value: Any) -> Any:
    """A choice as Optuna takes it: lists and mappings are written as text."""
    return value if isinstance(value, SCALARS) else json.dumps(value, ensure_ascii=False)


def _frozen(
    trial: TrialRow, space: Mapping[str, BaseDistribution], objectives: Mapping[str, str]
) -> optuna.trial.FrozenTrial:
    known = {name: found for name, found in space.items() if name in trial.config}
    state, values = _result(trial, objectives)
    frozen = create_trial(
        state=state,
        values=values,
        params={name: _param(found, trial.config[name]) for name, found in known.items()},
        distributions=known,
        user_attrs={"trial": trial.id, "status": trial.status, "reason": trial.ending, "seed": trial.seed}
        | {"baseline": trial.baseline, "config": json.dumps(dict(trial.config), ensure_ascii=False)},
        intermediate_values=_reported(trial) if len(objectives) == 1 else {},
    )
    frozen.datetime_start = _time(trial.started) or datetime.now()
    frozen.datetime_complete = (_time(trial.ended) or frozen.datetime_start) if state.is_finished() else None
    return frozen


def _param(distribution: BaseDistribution, value: Any) -> Any:
    return float(value) if isinstance(distribution, FloatDistribution) else _choice(value)


def _result(trial: TrialRow, objectives: Mapping[str, str]) -> tuple[TrialState, list[float] | None]:
    """A trial without a finite value of each objective has failed; one that may go on runs."""
    if trial.status in NOT_OVER:
        return TrialState.RUNNING, None
    state = _STATES[state_of(trial.best, finished=trial.status == "finished")]
    if state == TrialState.FAIL or (state == TrialState.PRUNED and len(objectives) > 1):
        return state, None
    found = [trial.best] if len(objectives) == 1 else [trial.best_metrics.get(name) for name in objectives]
    values = [value for value in found if value is not None and math.isfinite(value)]
    return (state, values) if len(values) == len(objectives) else (TrialState.FAIL, None)


def _reported(trial: TrialRow) -> dict[int, float]:
    """The values of evaluations by their number from 1; Optuna has no infinity there, and what is no number says no."""
    numbered = enumerate(trial.evaluations, start=1)
    return {number: math.nan if value is None else value for number, value in numbered}


def _time(at: float | None) -> datetime | None:
    try:
        return None if at is None else datetime.fromtimestamp(at)
    except (ValueError, OverflowError, OSError):
        return None
