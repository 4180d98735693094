"""Optuna's samplers behind the `Proposer` contract. The study lives in memory; the ledger is what is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.samplers import BaseSampler, GPSampler, NSGAIISampler, TPESampler
from optuna.trial import TrialState

from cockpit.search import sampling
from cockpit.search.space import Categorical, Distribution, IntUniform, LogUniformValues, Uniform, Weighted
from cockpit.search.spec import Search
from cockpit.search.values import identity

SCALARS = (str, int, float, bool, type(None))  # what Optuna takes as a choice


class OptunaProposer:
    """Asks and tells an Optuna study. What Optuna cannot express is drawn as a number u in (0, 1) and mapped by the
    distribution's inverse cumulative function, so every parameter of a search file can be tuned.
    """

    def __init__(self, search: Search) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._whole_space = search.space
        self._fixed = search.fixed
        self._space = search.varied
        self._baseline = sampling.baseline_point(search) if search.baseline else None
        self._distributions = {name: to_optuna(d) for name, d in self._space.items()}
        goal = search.metric.goal if search.metric else "maximize"
        self._study = optuna.create_study(direction=goal, sampler=_sampler(search))
        self._open: dict[str, optuna.Trial] = {}

    def propose(self, trial: str) -> Mapping[str, Any] | None:
        baseline, self._baseline = self._baseline, None
        if baseline is not None:
            self.adopt(trial, baseline)
            return baseline
        asked = self._open[trial] = self._study.ask(self._distributions)
        return {**self._fixed, **{name: self._value(name, asked.params[name]) for name in self._space}}

    def adopt(self, trial: str, config: Mapping[str, Any]) -> None:
        """Make this the study's next trial. The sampler is not told of what lies outside the space."""
        space = self._whole_space
        if config.keys() == space.keys() and all(space[name].contains(config[name]) for name in space):
            self._study.enqueue_trial({name: as_drawn(d, config[name]) for name, d in self._space.items()})
            self._open[trial] = self._study.ask(self._distributions)

    def report(self, trial: str, evaluation: int, value: float) -> None:
        if trial in self._open and math.isfinite(value):
            self._open[trial].report(value, evaluation)

    def tell(self, trial: str, value: float | None, *, finished: bool) -> None:
        asked = self._open.pop(trial, None)
        if asked is None:
            return
        if value is None or not math.isfinite(value):
            self._study.tell(asked, state=TrialState.FAIL)
        elif finished:
            self._study.tell(asked, value)
        else:
            self._study.tell(asked, state=TrialState.PRUNED)

    def _value(self, name: str, drawn: Any) -> Any:
        distribution = self._space[name]
        if isinstance(distribution, Categorical) and not _has_scalars(distribution):
            return distribution.values[drawn]
        if isinstance(distribution, Categorical | IntUniform | Uniform | LogUniformValues):
            return drawn
        return distribution.sample(min(max(drawn, 1e-9), 1 - 1e-9))


def to_optuna(distribution: Distribution) -> BaseDistribution:
    """The distribution as Optuna has it, or that of a number in (0, 1)."""
    if isinstance(distribution, Categorical):
        scalars = _has_scalars(distribution)
        return CategoricalDistribution(distribution.values if scalars else range(len(distribution.values)))
    if isinstance(distribution, IntUniform):
        return IntDistribution(distribution.min, distribution.max)
    if isinstance(distribution, Uniform | LogUniformValues):
        return FloatDistribution(distribution.min, distribution.max, log=isinstance(distribution, LogUniformValues))
    return FloatDistribution(0.0, 1.0)


def _has_scalars(distribution: Categorical) -> bool:
    return all(isinstance(value, SCALARS) for value in distribution.values)


def as_drawn(distribution: Distribution, value: Any) -> Any:
    """What Optuna would have drawn to give `value`: the inverse of `OptunaProposer._value`."""
    if isinstance(distribution, Categorical):
        return value if _has_scalars(distribution) else distribution.values.index(value)
    if isinstance(distribution, IntUniform | Uniform | LogUniformValues):
        return value
    return _u_of(distribution, value)


def _u_of(distribution: Distribution, value: Any) -> float:
    """Some u whose sample is `value`, or next to it."""
    if isinstance(distribution, Weighted):
        return _middle_of_choice(distribution, value)
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if distribution.sample(middle) < value:
            low = middle
        else:
            high = middle
    return min(max(high, 0.0), 1.0)


def _middle_of_choice(distribution: Weighted, value: Any) -> float:
    """The middle of the part of (0, 1) that belongs to one of the choices."""
    begin = 0.0
    for choice, probability in zip(distribution.values, distribution.probabilities, strict=True):
        if probability and identity(choice) == identity(value):
            return (begin + probability / 2) / sum(distribution.probabilities)
        begin += probability
    raise ValueError(value)  # callers ask for what the distribution contains


def _tpe(seed: int, trials: int) -> BaseSampler:
    # The default of ten random trials would be half of a short search.
    startup = max(4, min(10, trials // 3))
    return TPESampler(seed=seed, n_startup_trials=startup, constant_liar=True)


_SAMPLERS: dict[str, Callable[[int, int], BaseSampler]] = {
    "tpe": _tpe,
    "gp": lambda seed, _: GPSampler(seed=seed),
    "nsga2": lambda seed, _: NSGAIISampler(seed=seed),
}


def _sampler(search: Search) -> BaseSampler:
    return _SAMPLERS[search.sampler](search.seed, search.run_cap or 100)
