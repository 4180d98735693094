"""Optuna's samplers behind the `Proposer` contract. The study lives in memory; the ledger is what is kept."""

from __future__ import annotations

import copy
import math
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from cockpit.engine.optuna_samplers import join_generation, make_sampler, recalled_attributes
from cockpit.engine.optuna_space import as_drawn, as_value, to_optuna
from cockpit.engine.past import Past, State, state_of
from cockpit.search import sampling
from cockpit.search.spec import Search

_STATES: dict[State, TrialState] = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


class OptunaProposer:
    """Asks and tells an Optuna study. It has one objective for each metric of the search.

    A trial that ended early is told as pruned. With several metrics Optuna does not look at how far such a trial came:
    TPE counts it among those that are not good, the other samplers pass it over.
    """

    def __init__(self, search: Search) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._search = search
        self._space = search.varied
        self._distributions = {name: to_optuna(d) for name, d in self._space.items()}
        self._metrics = search.metrics or ((search.metric,) if search.metric else ())
        goals = [metric.goal for metric in self._metrics] or ["maximize"]
        self._study = optuna.create_study(directions=goals, sampler=make_sampler(search))
        self._coming = deque(sampling.first_points(search))
        self._open: dict[str, optuna.Trial] = {}
        self._reported: dict[str, int] = {}  # the newest evaluation of open trials
        self._adopted: set[str] = set()
        self._known = 0  # results that are not the sampler's own
        self._is_behind = False  # whether the sampler has not heard of some of them

    def recall(self, past: Past) -> None:
        if past.origin == "proposed" and self._coming:
            self._coming.popleft()
        self._heard_of()
        if past.state == "running":
            self.adopt(past.trial, past.config)
            for evaluation, value in enumerate(past.evaluations, start=1):
                self.report(past.trial, evaluation, value)
        elif sampling.is_inside(self._search.space, past.config):
            self._study.add_trial(self._frozen(past))

    def propose(self, trial: str) -> Mapping[str, Any] | None:
        if self._coming:
            point = self._coming.popleft()
            self.adopt(trial, point)
            return point
        params = self._ask(trial).params
        return {**self._search.fixed, **{name: as_value(d, params[name]) for name, d in self._space.items()}}

    def adopt(self, trial: str, config: Mapping[str, Any]) -> None:
        """Make this the study's next trial. The sampler is not told of what lies outside the space."""
        if sampling.is_inside(self._search.space, config):
            self._study.enqueue_trial(self._drawn(config))
            self._ask(trial)
            self._adopted.add(trial)
            join_generation(self._study, self._study.get_trials(deepcopy=False)[-1])

    def report(self, trial: str, evaluation: int, value: float) -> None:
        """A trial that goes on from a checkpoint may repeat evaluations; Optuna keeps the first of each."""
        is_new = trial in self._open and evaluation > self._reported.get(trial, 0)
        if is_new and math.isfinite(value) and len(self._metrics) < 2:
            self._open[trial].report(value, evaluation)
            self._reported[trial] = evaluation

    def tell(
        self, trial: str, value: float | None, *, finished: bool, values: Mapping[str, float] | None = None
    ) -> None:
        asked = self._open.pop(trial, None)
        self._reported.pop(trial, None)
        if asked is None:
            return
        state, numbers = self._result(state_of(value, finished=finished), value, values or {})
        self._study.tell(asked, numbers, state=_STATES[state])
        if trial in self._adopted and self._search.sampler == "cmaes":
            self._heard_of()

    def _ask(self, trial: str) -> optuna.Trial:
        if self._is_behind:
            self._is_behind = False
            sources = self._study.get_trials(deepcopy=False) if self._search.sampler == "cmaes" else ()
            self._study.sampler = make_sampler(self._search, self._known, sources)
        asked = self._open[trial] = self._study.ask(self._distributions)
        return asked

    def _heard_of(self) -> None:
        self._known += 1
        self._is_behind = True

    def _result(
        self, state: State, value: float | None, values: Mapping[str, float]
    ) -> tuple[State, list[float] | None]:
        """The values of a complete trial, one for each objective; a trial that lacks one has failed.

        A failed one may count as complete, with what the search says that it shall count as.
        """
        if state == "failed" and (imputed := self._imputed()):
            return "complete", imputed
        if state != "complete":
            return state, None
        several = len(self._metrics) > 1
        numbers = [values.get(metric.name) for metric in self._metrics] if several else [value]
        known = [number for number in numbers if number is not None and math.isfinite(number)]
        return (state, known) if len(known) == len(numbers) else ("failed", None)

    def _imputed(self) -> list[float]:
        """For each objective the worst or best value so far; empty where none is known, or none is wanted."""
        complete = self._study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        if not complete or any(metric.impute not in ("worst", "best") for metric in self._metrics):
            return []
        columns = zip(*(trial.values for trial in complete), strict=True)
        return [
            (max if (metric.impute == "best") == (metric.goal == "maximize") else min)(column)
            for metric, column in zip(self._metrics, columns, strict=True)
        ]

    def _drawn(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {name: as_drawn(d, config[name]) for name, d in self._space.items()}

    def _frozen(self, past: Past) -> FrozenTrial:
        state, values = self._result(past.state, past.value, past.values)
        reported = _finite(past.evaluations) if len(self._metrics) < 2 else {}
        if state == "pruned" and reported:
            values = [reported[max(reported)]]  # as Optuna does it
        return _Recalled(
            number=-1,
            trial_id=-1,
            state=_STATES[state],
            value=None,
            values=values,
            params=self._drawn(past.config),
            distributions=self._distributions,
            intermediate_values=reported,
            system_attrs=recalled_attributes(self._search),
            user_attrs={},
            datetime_start=datetime.now(),
            datetime_complete=datetime.now(),
        )


class _Recalled(FrozenTrial):
    """A trial that is over. Nothing in it changes any more, so there is no need for deep copies, slow for thousands."""

    def __deepcopy__(self, memo: dict[int, Any]) -> _Recalled:
        return copy.copy(self)


def _finite(values: Iterable[float]) -> dict[int, float]:
    """The values that are numbers, by the evaluation that gave them."""
    return {number: value for number, value in enumerate(values, start=1) if math.isfinite(value)}
